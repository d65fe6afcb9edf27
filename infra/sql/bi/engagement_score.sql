-- The engagement score and stage of an account as of today, by the score profile (docs/score.md).
-- grain: account that stands.
CREATE VIEW engagement_score
(
    account_id   String COMMENT 'account',
    account_name String COMMENT 'name of the account (アカウント名)',
    as_of        Date COMMENT 'business day at the end of which it has this score (基準日)',
    score        Nullable(Float64) COMMENT 'engagement score in points (エンゲージメントスコア); NULL where the store has no touches yet',
    change       Nullable(Float64) COMMENT 'by how many points it has risen or fallen in 28 days (増減); NULL where the score before is not known',
    stage        Nullable(String) COMMENT 'stage (ステージ); NULL as the score',
    people       Nullable(UInt32) COMMENT 'people who engaged lately (人数)',
    managers     Nullable(UInt32) COMMENT 'executives and management among them (マネジメント層)',
    profile      String COMMENT 'version of the score profile: its name and a digest of its content'
)
AS SELECT
    told.account_id AS account_id, named.name AS account_name, told.as_of AS as_of, told.score AS score,
    told.change AS change, CAST(told.stage AS Nullable(String)) AS stage, told.people AS people,
    told.managers AS managers, toString(told.profile) AS profile
FROM rollup_engagement_score AS told
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = told.account_id
WHERE told.signature = ''
COMMENT 'Engagement score and stage of accounts as of today'

-- grain: account x day, where the stage is another than on the day before, by the score profile that was used last.
CREATE VIEW stage_transitions
(
    account_id   String COMMENT 'account',
    account_name String COMMENT 'name of the account (アカウント名)',
    day          Date COMMENT 'first business day in the new stage',
    from_stage   String COMMENT 'stage on the day before (変更前のステージ); unaware (未認知) for none',
    to_stage     String COMMENT 'stage from this day on (変更後のステージ)',
    qualified    UInt8 COMMENT '1 where the new stage is the one of MQLs or one above it',
    score        Float64 COMMENT 'engagement score at the end of the day, in points (スコア)',
    people       UInt32 COMMENT 'people who engaged lately (人数)',
    managers     UInt32 COMMENT 'executives and management among them (管理職以上)',
    why_en       String COMMENT 'the numbers that decided, in English',
    why_ja       String COMMENT 'the numbers that decided, in Japanese (理由)',
    profile      String COMMENT 'version of the score profile'
)
AS SELECT
    t.account_id AS account_id, named.name AS account_name, t.day AS day, toString(t.from_stage) AS from_stage,
    toString(t.to_stage) AS to_stage, t.qualified AS qualified, t.score AS score, t.people AS people,
    t.managers AS managers, t.why_en AS why_en, t.why_ja AS why_ja, toString(t.profile) AS profile
FROM
(
    SELECT * FROM stage_transitions FINAL
    WHERE profile = (SELECT max(value) FROM store_facts FINAL WHERE name = 'score_profile')
) AS t
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = t.account_id
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Changes of the stage of accounts'

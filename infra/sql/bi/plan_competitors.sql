-- grain: account x competitor of its plan x priority of the customer; one row of a competitor that is not judged on any.
CREATE VIEW plan_competitors
(
    account_id   String COMMENT 'account whose plan names it',
    account_name String COMMENT 'name of the account (アカウント名)',
    competitor   String COMMENT 'name of the competitor (競合)',
    products     String COMMENT 'what it sells there, as written (採用されている製品)',
    priority     Nullable(String) COMMENT 'what matters to the customer (顧客の優先事項); NULL where the competitor is not judged on any',
    importance   Nullable(UInt8) COMMENT 'to the customer, 0 to 10 (重要度); NULL: not judged yet',
    theirs       Nullable(UInt8) COMMENT 'how well the competitor does, 0 to 10 (競合の評価)',
    ours         Nullable(UInt8) COMMENT 'how well we do, 0 to 10 (当社の評価); NULL: not judged yet',
    recorded_at  DateTime64(6, 'UTC') COMMENT 'when this was stated of the competitor'
)
AS SELECT
    c.account_id AS account_id, named.name AS account_name, c.competitor AS competitor, c.products AS products,
    c.priority AS priority, c.importance AS importance, c.theirs AS theirs, c.ours AS ours, c.recorded_at AS recorded_at
FROM rollup_plan_competitors AS c
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = c.account_id
WHERE c.signature = ''
COMMENT 'Competitors on what matters to the customer: the value quadrant of account plans'

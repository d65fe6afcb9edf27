-- The phases are those of `setten score phases` and `setten kpi funnel` (docs/score.md), as of today.
-- grain: account that stands.
CREATE VIEW funnel
(
    account_id   String COMMENT 'account',
    account_name String COMMENT 'name of the account (アカウント名)',
    as_of        Date COMMENT 'business day by whose end the phases were entered (基準日)',
    segment      String COMMENT 'tier and kind (セグメント)',
    group_id     String COMMENT 'account at the top of its group (企業グループ), itself where it has no parent',
    prospect_on  Nullable(Date) COMMENT 'Prospect: first touch by a person, or the day on which the account was first declared',
    mql_on       Nullable(Date) COMMENT 'MQL: first day in the stage that counts as MQL by the score profile that was used last; NULL where it never was',
    sql_on       Nullable(Date) COMMENT 'SQL: first opportunity opened (案件化)',
    win_on       Nullable(Date) COMMENT 'Win: first opportunity won (受注)',
    live_on      Nullable(Date) COMMENT 'Live: first day of the first month with revenue (利用開始)',
    mrr_on       Nullable(Date) COMMENT 'MRR: first day of the third month in a row with revenue (継続)'
)
AS SELECT
    entered.account_id AS account_id, named.name AS account_name, entered.as_of AS as_of, named.segment AS segment,
    if(named.group_id = '', entered.account_id, named.group_id) AS group_id,
    entered.prospect_on AS prospect_on, entered.mql_on AS mql_on, entered.sql_on AS sql_on, entered.win_on AS win_on,
    entered.live_on AS live_on, entered.mrr_on AS mrr_on
FROM rollup_funnel AS entered
LEFT JOIN
(
    SELECT account_id, name, concat(tier, ' ', kind) AS segment, group_id FROM accounts FINAL
) AS named ON named.account_id = entered.account_id
WHERE entered.signature = ''
COMMENT 'Phases of the funnel that accounts have entered, each with its day'

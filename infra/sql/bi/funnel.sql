-- grain: account that stands.
CREATE VIEW funnel
(
    account_id   String COMMENT 'account',
    account_name String COMMENT 'name of the account (アカウント名)',
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
    f.account_id AS account_id, named.name AS account_name, f.segment AS segment, f.group_id AS group_id,
    if(f.prospect_on <= f.today, f.prospect_on, NULL) AS prospect_on, if(f.mql_on <= f.today, f.mql_on, NULL) AS mql_on,
    if(f.sql_on <= f.today, f.sql_on, NULL) AS sql_on, if(f.win_on <= f.today, f.win_on, NULL) AS win_on,
    if(f.live_on <= f.today, f.live_on, NULL) AS live_on, if(f.mrr_on <= f.today, f.mrr_on, NULL) AS mrr_on
FROM
(
    SELECT *, toDate(now(), {business_timezone:String}) AS today
    FROM funnel_phases(
        known_before = '2100-01-01 00:00:00',
        profile = (SELECT max(value) FROM store_facts FINAL WHERE name = 'score_profile'),
        zone = {business_timezone:String}
    )
) AS f
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = f.account_id
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Phases of the funnel that accounts have entered, each with its day'

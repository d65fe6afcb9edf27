-- The phases are those of the view funnel_phases, which takes parameters: one with parameters is not found from another
-- database.
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
    f.account_id AS account_id, f.account_name AS account_name, f.segment AS segment, f.group_id AS group_id,
    if(f.prospect <= f.today, f.prospect, NULL) AS prospect_on, if(f.mql <= f.today, f.mql, NULL) AS mql_on,
    if(f.sql <= f.today, f.sql, NULL) AS sql_on, if(f.win <= f.today, f.win, NULL) AS win_on,
    if(f.live <= f.today, f.live, NULL) AS live_on, if(f.mrr <= f.today, f.mrr, NULL) AS mrr_on
FROM
(
    SELECT
        account.account_id AS account_id, account.name AS account_name, account.segment AS segment,
        account.top AS group_id, toDate(now(), {business_timezone:String}) AS today,
        least(ifNull(touch.first_day, declared.first_day), ifNull(declared.first_day, touch.first_day)) AS prospect,
        stage.first_day AS mql, sold.opened AS sql, sold.won AS win,
        arrayFirstOrNull(one -> 1, paid.months) AS live,
        arrayFirstOrNull(
            third -> has(paid.months, addMonths(third, -1)) AND has(paid.months, addMonths(third, -2)), paid.months
        ) AS mrr
    FROM
    (
        SELECT
            account_id, name, concat(tier, ' ', kind) AS segment,
            if(told.group_id = '', told.account_id, told.group_id) AS top
        FROM accounts AS told FINAL
        WHERE merged_into = ''
    ) AS account
    LEFT JOIN
    (
        SELECT account_id, toNullable(min(day)) AS first_day
        FROM contact_day FINAL
        WHERE account_id != '' AND touches > 0 AND direction != 'internal'
        GROUP BY account_id
    ) AS touch ON touch.account_id = account.account_id
    LEFT JOIN
    (
        SELECT
            if(part.merged_into != '', part.merged_into, stated.told) AS counts_for, toNullable(min(stated.day)) AS first_day
        FROM
        (
            SELECT
                JSONExtractString(body, 'account_id') AS told,
                toDate(min(recorded_at), {business_timezone:String}) AS day
            FROM facts
            WHERE type = 'account_declared'
            GROUP BY told
        ) AS stated
        LEFT JOIN (SELECT account_id, merged_into FROM accounts FINAL) AS part ON part.account_id = stated.told
        GROUP BY counts_for
    ) AS declared ON declared.counts_for = account.account_id
    LEFT JOIN
    (
        SELECT account_id, toNullable(min(day)) AS first_day
        FROM stage_transitions FINAL
        WHERE profile = (SELECT max(value) FROM store_facts FINAL WHERE name = 'score_profile') AND qualified
        GROUP BY account_id
    ) AS stage ON stage.account_id = account.account_id
    LEFT JOIN
    (
        SELECT counts_for, min(opened_on) AS opened, minIf(closed_on, outcome = 'won') AS won
        FROM opportunities
        WHERE counts_for != ''
        GROUP BY counts_for
    ) AS sold ON sold.counts_for = account.account_id
    LEFT JOIN
    (
        SELECT counts_for, arraySort(groupUniqArray(month)) AS months
        FROM revenue FINAL
        WHERE amount > 0
        GROUP BY counts_for
    ) AS paid ON paid.counts_for = account.account_id
) AS f
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1
COMMENT 'Phases of the funnel that accounts have entered, each with its day'

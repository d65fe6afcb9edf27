-- Stages of accounts by their engagement score, and the phases of the funnel: docs/score.md.

-- grain: account x day x version of the score profile, where the stage is another than on the day before.
CREATE TABLE stage_transitions
(
    profile    LowCardinality(String) COMMENT 'version of the score profile: its name and a digest of its content',
    account_id String COMMENT 'account',
    day        Date COMMENT 'first business day in the new stage',
    from_stage LowCardinality(String) COMMENT 'stage on the day before; unaware (未認知) for none',
    to_stage   LowCardinality(String) COMMENT 'stage from this day on',
    qualified  UInt8 COMMENT '1 where the new stage is the one of MQLs or one above it',
    score      Float64 COMMENT 'engagement score at the end of the day, in points',
    people     UInt32 COMMENT 'people who engaged lately',
    managers   UInt32 COMMENT 'executives and management among them',
    why_en     String COMMENT 'the numbers that decided, in English; nobody is named',
    why_ja     String COMMENT 'the numbers that decided, in Japanese',
    version    UInt64 COMMENT 'epoch (facts bound and corrections), then the touches read for the days that decide',
    is_deleted UInt8 COMMENT '1 where the stage did not change on that day after all'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYear(day)
ORDER BY (profile, account_id, day)
COMMENT 'Changes of the stage of accounts, computed from contact_day and the score profile';

-- Each phase counts for the account that was meant on its day, an open opportunity for the one in the end; so what an account
-- had entered before it became part of another stays where it was counted.
-- grain: one account that stands for itself, or did until a day. parameters: known_before, the first moment of which statements
-- of opportunities and revenue do not count; profile, the version of the score profile; zone, whose days are days.
CREATE VIEW funnel_phases
(
    account_id   String COMMENT 'account',
    segment      String COMMENT 'tier and kind',
    group_id     String COMMENT 'account at the top of its group, itself where it has no parent',
    merged_since Nullable(Date) COMMENT 'first business day on which it counts for another account, NULL where never; it enters no phase from then on',
    prospect_on  Nullable(Date) COMMENT 'first touch by a person, or the day on which the account was first declared',
    mql_on       Nullable(Date) COMMENT 'first day in the stage that counts as MQL; NULL where it never was',
    sql_on       Nullable(Date) COMMENT 'first opportunity opened',
    win_on       Nullable(Date) COMMENT 'first opportunity won',
    live_on      Nullable(Date) COMMENT 'first day of the first month with revenue',
    mrr_on       Nullable(Date) COMMENT 'first day of the third month in a row with revenue',
    profit_on    Nullable(Date) COMMENT 'always NULL: no costs are recorded, so nobody knows'
)
AS SELECT
    account.account_id AS account_id,
    account.segment AS segment,
    account.group_id AS group_id,
    account.merged_since AS merged_since,
    least(ifNull(touch.touched_on, declared.declared_on), ifNull(declared.declared_on, touch.touched_on)) AS prospect_on,
    if(stage.mql_on >= account.merged_since, NULL, stage.mql_on) AS mql_on,
    sold.sql_on AS sql_on,
    sold.win_on AS win_on,
    arrayFirstOrNull(one -> 1, paid.months) AS live_on,
    arrayFirstOrNull(
        third -> has(paid.months, addMonths(third, -1)) AND has(paid.months, addMonths(third, -2)), paid.months
    ) AS mrr_on,
    CAST(NULL AS Nullable(Date)) AS profit_on
FROM
(
    SELECT
        account_id, concat(tier, ' ', kind) AS segment, if(told.group_id = '', told.account_id, told.group_id) AS group_id,
        merged_since
    FROM accounts AS told FINAL
    WHERE merged_into = '' OR merged_since IS NOT NULL
) AS account
LEFT JOIN
(
    SELECT account_id, toNullable(min(day)) AS touched_on
    FROM contact_day FINAL
    WHERE account_id != '' AND touches > 0 AND direction != 'internal'
    GROUP BY account_id
) AS touch ON touch.account_id = account.account_id
LEFT JOIN
(
    SELECT
        coalesce(nullIf(arrayLast(one -> one.1 <= first_on, part.merges).2, ''), stated.told) AS counts_for,
        toNullable(min(first_on)) AS declared_on
    FROM
    (
        SELECT JSONExtractString(body, 'account_id') AS told, toDate(min(recorded_at), {zone:String}) AS first_on
        FROM facts
        WHERE type = 'account_declared'
        GROUP BY told
    ) AS stated
    LEFT JOIN (SELECT account_id, merges FROM accounts FINAL) AS part ON part.account_id = stated.told
    GROUP BY counts_for
) AS declared ON declared.counts_for = account.account_id
LEFT JOIN
(
    SELECT account_id, toNullable(min(day)) AS mql_on
    FROM stage_transitions FINAL
    WHERE profile = {profile:String} AND qualified
    GROUP BY account_id
) AS stage ON stage.account_id = account.account_id
LEFT JOIN
(
    SELECT counts_for, min(opened_on) AS sql_on, minIf(closed_on, outcome = 'won') AS win_on
    FROM opportunities_known(known_before = {known_before:DateTime64(6, 'UTC')})
    WHERE counts_for != ''
    GROUP BY counts_for
) AS sold ON sold.counts_for = account.account_id
LEFT JOIN
(
    SELECT
        coalesce(nullIf(arrayLast(one -> one.1 <= stated.month, part.merges).2, ''), stated.told) AS counts_for,
        arraySort(groupUniqArray(stated.month)) AS months
    FROM
    (
        SELECT
            JSONExtractString(body, 'account_id') AS told,
            toDate(JSONExtractString(body, 'month')) AS month,
            argMax(JSONExtractFloat(body, 'amount'), (recorded_at, toString(fact_id))) AS amount
        FROM facts
        WHERE type = 'revenue_recorded' AND recorded_at < {known_before:DateTime64(6, 'UTC')}
        GROUP BY told, month, JSONExtractString(body, 'currency')
        HAVING amount > 0
    ) AS stated
    LEFT JOIN (SELECT account_id, merges FROM accounts FINAL WHERE notEmpty(merges)) AS part ON part.account_id = stated.told
    GROUP BY counts_for
) AS paid ON paid.counts_for = account.account_id
COMMENT 'Phases of the funnel that accounts have entered, each with its day';

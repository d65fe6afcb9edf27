-- grain: KPI x days x currency x group that a target is set for; without a group: for all together.
CREATE VIEW kpi_targets
(
    kpi         String COMMENT 'name of the KPI, as in setten kpi (KPI)',
    first       Date COMMENT 'first business day of the period (期間の初日)',
    last        Date COMMENT 'last business day of the period (期間の最終日)',
    value       Float64 COMMENT 'what the first measure of the KPI is to come to, in its unit (目標値); a rate of 40 % is 0.4',
    currency    String COMMENT 'ISO 4217 of an amount of money, else empty',
    account_id  String COMMENT 'account that it is set for; empty, as in the columns below: it is not split so',
    channel     String COMMENT 'channel that it is set for (チャネル)',
    segment     String COMMENT 'segment that it is set for (セグメント)',
    campaign    String COMMENT 'campaign that it is set for (キャンペーン)',
    product     String COMMENT 'product that it is set for (製品)',
    seniority   String COMMENT 'seniority that it is set for (役職階層)',
    group_id    String COMMENT 'group of companies that it is set for (企業グループ)',
    recorded_at DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    kpi, first, last, assumeNotNull(wanted) AS value, currency, of['account'] AS account_id, of['channel'] AS channel,
    of['segment'] AS segment, of['campaign'] AS campaign, of['product'] AS product, of['seniority'] AS seniority,
    of['group'] AS group_id, recorded_at
FROM
(
    SELECT
        JSONExtractString(told, 'kpi') AS kpi, toDate(JSONExtractString(told, 'first')) AS first,
        toDate(JSONExtractString(told, 'last')) AS last, JSONExtract(told, 'value', 'Nullable(Float64)') AS wanted,
        JSONExtractString(told, 'currency') AS currency, JSONExtract(told, 'of', 'Map(String, String)') AS of,
        latest AS recorded_at
    FROM
    (
        SELECT argMax(body, (facts.recorded_at, toString(fact_id))) AS told, max(facts.recorded_at) AS latest
        FROM facts
        WHERE type = 'kpi_target_set'
        GROUP BY
            JSONExtractString(body, 'kpi'), JSONExtractString(body, 'first'), JSONExtractString(body, 'last'),
            JSONExtractString(body, 'currency'), JSONExtractRaw(body, 'of')
    )
)
WHERE wanted IS NOT NULL
COMMENT 'Targets of KPIs as last stated'

-- grain: opportunity.
CREATE VIEW pipeline
(
    opportunity_id String COMMENT 'key of the opportunity in the CRM',
    account_id     Nullable(String) COMMENT 'account that it counts for, mergers followed; NULL where nobody knows whose it is',
    account_name   Nullable(String) COMMENT 'name of that account (アカウント名)',
    name           String COMMENT 'name of the opportunity (案件名)',
    product        String COMMENT 'product (製品), empty if none',
    stage          String COMMENT 'stage in the words of the CRM (フェーズ)',
    outcome        String COMMENT 'open, won (受注) or lost (失注)',
    amount         Nullable(Float64) COMMENT 'amount in currency (金額), NULL where it is not known',
    currency       Nullable(String) COMMENT 'ISO 4217',
    opened_on      Nullable(Date) COMMENT 'business day on which work on it began, NULL where it is not known',
    expected_on    Nullable(Date) COMMENT 'business day on which an open one is to be closed (完了予定日)',
    closed_on      Nullable(Date) COMMENT 'business day on which it was won or lost (完了日)',
    days_open      Nullable(Int64) COMMENT 'days from opened_on to closed_on, of open ones to today; NULL where one is not known',
    recorded_at    DateTime64(6, 'UTC') COMMENT 'when the CRM last stated it'
)
AS SELECT
    o.opportunity_id AS opportunity_id, o.account_id AS account_id, named.name AS account_name, o.name AS name,
    o.product AS product, o.stage AS stage, toString(o.outcome) AS outcome, o.amount AS amount, o.currency AS currency,
    o.opened_on AS opened_on, o.expected_on AS expected_on, o.closed_on AS closed_on,
    dateDiff('day', o.opened_on, if(o.outcome = 'open', toDate(now(), {business_timezone:String}), o.closed_on)) AS days_open,
    o.recorded_at AS recorded_at
FROM rollup_pipeline AS o
LEFT JOIN
(
    SELECT toNullable(account_id) AS account_id, toNullable(name) AS name FROM accounts FINAL
) AS named ON named.account_id = o.account_id
WHERE o.signature = ''
COMMENT 'Opportunities as the CRM last told them'

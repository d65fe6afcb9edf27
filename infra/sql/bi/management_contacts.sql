-- Distinct people engaged in a fiscal quarter by seniority, beside what the account paid (docs/metrics.md). Quarters do not
-- add up to a year: the same manager may be in all four.
-- grain: account x fiscal quarter with an engaged contact or with revenue.
CREATE VIEW management_contacts
(
    account_id     String COMMENT 'account',
    account_name   String COMMENT 'name of the account (アカウント名)',
    quarter        Date COMMENT 'first day of the fiscal quarter (四半期の初日)',
    fiscal_quarter String COMMENT 'its name, such as FY2026 Q1: the fiscal year is called after the year it begins in',
    executives     UInt64 COMMENT 'executives engaged (役員)',
    managers       UInt64 COMMENT 'managers engaged (管理職)',
    staff          UInt64 COMMENT 'others of known seniority engaged (一般)',
    unknown        UInt64 COMMENT 'people engaged of whom nobody knows the seniority (役職不明)',
    revenue        Nullable(Float64) COMMENT 'what the account paid (売上), in currency; NULL where one of the three months is not recorded',
    currency       String COMMENT 'ISO 4217: the one in which most months of the account are recorded; empty where none of the quarter is'
)
AS SELECT
    counted.account_id AS account_id, named.name AS account_name, counted.quarter AS quarter,
    concat(
        'FY', toString(toYear(counted.quarter - toIntervalMonth({fiscal_year_start_month:UInt8} - 1))),
        ' Q', toString(toQuarter(counted.quarter - toIntervalMonth({fiscal_year_start_month:UInt8} - 1)))
    ) AS fiscal_quarter,
    counted.executives AS executives, counted.managers AS managers, counted.staff AS staff, counted.unknown AS unknown,
    counted.revenue AS revenue, counted.currency AS currency
FROM
(
    SELECT
        account_id, quarter, sum(one_executives) AS executives, sum(one_managers) AS managers, sum(one_staff) AS staff,
        sum(one_unknown) AS unknown, sum(one_revenue) AS revenue, max(told_in) AS currency
    FROM
    (
        SELECT
            account_id, quarter, executives AS one_executives, managers AS one_managers, staff AS one_staff,
            unknown AS one_unknown, CAST(NULL AS Nullable(Float64)) AS one_revenue, '' AS told_in
        FROM rollup_management_contacts WHERE signature = ''
        UNION ALL
        SELECT account_id, quarter, 0, 0, 0, 0, revenue, toString(currency)
        FROM rollup_revenue_quarter WHERE signature = ''
    )
    GROUP BY account_id, quarter
) AS counted
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = counted.account_id
COMMENT 'Management contacts of an account and its revenue, by fiscal quarter'

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
        account_id,
        toStartOfQuarter(month - toIntervalMonth(({fiscal_year_start_month:UInt8} - 1) % 3)) + toIntervalMonth(({fiscal_year_start_month:UInt8} - 1) % 3) AS quarter,
        uniqExactIf(contact_key, seniority = 'executive') AS executives,
        uniqExactIf(contact_key, seniority = 'management') AS managers,
        uniqExactIf(contact_key, seniority = 'staff') AS staff,
        uniqExactIf(contact_key, contact_key != '' AND seniority NOT IN ('executive', 'management', 'staff')) AS unknown,
        if(uniqExactIf(month, contact_key = '') = 3, sum(amount), NULL) AS revenue,
        max(told_in) AS currency
    FROM
    (
        SELECT engaged.account_id AS account_id, engaged.month AS month, engaged.contact_key AS contact_key,
            known.seniority AS seniority, 0. AS amount, '' AS told_in
        FROM
        (
            SELECT account_id, toStartOfMonth(day) AS month, contact_key
            FROM contact_day FINAL
            WHERE account_id != ''
              AND touches > 0
              AND direction IN ('inbound', 'mutual')
              AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
            GROUP BY account_id, month, contact_key
        ) AS engaged
        LEFT JOIN
        (
            SELECT contact_key, toString(seniority) AS seniority FROM contacts FINAL
        ) AS known ON known.contact_key = engaged.contact_key
        UNION ALL
        SELECT counts_for, month, '', '', sum(amount), toString(currency)
        FROM revenue FINAL
        WHERE (counts_for, currency) IN
        (
            SELECT counts_for, argMax(currency, (months, currency))
            FROM (SELECT counts_for, currency, uniqExact(month) AS months FROM revenue FINAL GROUP BY counts_for, currency)
            GROUP BY counts_for
        )
        GROUP BY counts_for, month, currency
    )
    GROUP BY account_id, quarter
) AS counted
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = counted.account_id
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1
COMMENT 'Management contacts of an account and its revenue, by fiscal quarter'

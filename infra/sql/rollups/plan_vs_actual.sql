-- Into a table like rollup_plan_vs_actual: what account plans want of a product in a fiscal year, beside what was won of it,
-- and what the account paid in all. A product of the CRM is that of the plan if the names are alike in any width and case.
-- grain: account x product of its plan x fiscal year with a target. parameters: staging, the table; start_month UInt8, the
-- first month of the fiscal year.
INSERT INTO {staging:Identifier}
    (account_id, product, fiscal_year, currency, target, current_amount, won_in_year, won_without_amount, open_pipeline,
     open_without_amount, revenue, revenue_months, recorded_at)
SELECT
    account_id, product, fiscal_year, nullIf(told_in, ''), target, current_amount,
    if(is_unknown OR (empty(won_amounts) AND won_without_amount > 0), NULL, arraySum(won_amounts)),
    won_without_amount,
    if(is_unknown OR (empty(open_amounts) AND open_without_amount > 0), NULL, arraySum(open_amounts)),
    open_without_amount,
    if(paid.months = 12, paid.amount, NULL), paid.months, recorded_at
FROM
(
    SELECT
        wanted.account_id AS account_id, wanted.product AS product, wanted.fiscal_year AS fiscal_year,
        wanted.told_in AS told_in, wanted.target_amount AS target, wanted.current_amount AS current_amount,
        wanted.recorded_at AS recorded_at,
        empty(deals.told) AS is_unknown,
        arrayFilter(one -> one.4 = 'won' AND one.1 = plain AND one.5 = fiscal_year, deals.told) AS won_ones,
        arrayFilter(one -> one.4 = 'open' AND one.1 = plain, deals.told) AS open_ones,
        arrayMap(one -> one.3, arrayFilter(one -> one.6 AND one.2 = told_in, won_ones)) AS won_amounts,
        arrayMap(one -> one.3, arrayFilter(one -> one.6 AND one.2 = told_in, open_ones)) AS open_amounts,
        arrayCount(one -> NOT one.6, won_ones) AS won_without_amount,
        arrayCount(one -> NOT one.6, open_ones) AS open_without_amount
    FROM
    (
        SELECT
            account_id, product, lowerUTF8(normalizeUTF8NFKC(product)) AS plain, ifNull(currency, '') AS told_in,
            assumeNotNull(planned.fiscal_year) AS fiscal_year, current_amount, target_amount, recorded_at
        FROM plan_products AS planned
        WHERE planned.fiscal_year IS NOT NULL
    ) AS wanted
    LEFT JOIN
    (
        -- Of each account its opportunities: product, currency, amount, outcome, fiscal year closed in, amount known.
        SELECT
            assumeNotNull(counts_for) AS of_account,
            groupArray((
                lowerUTF8(normalizeUTF8NFKC(product)), ifNull(currency, ''), ifNull(amount, 0), outcome,
                toUInt16(ifNull(toYear(closed_on - toIntervalMonth({start_month:UInt8} - 1)), 0)),
                isNotNull(amount)
            )) AS told
        FROM opportunities
        WHERE counts_for IS NOT NULL
        GROUP BY of_account
    ) AS deals ON deals.of_account = wanted.account_id
) AS held
LEFT JOIN
(
    SELECT
        counts_for, toString(revenue.currency) AS paid_in,
        toUInt16(toYear(month - toIntervalMonth({start_month:UInt8} - 1))) AS paid_year,
        sum(revenue.amount) AS amount, toUInt8(uniqExact(month)) AS months
    FROM revenue FINAL
    GROUP BY counts_for, paid_in, paid_year
) AS paid ON paid.counts_for = held.account_id AND paid.paid_in = held.told_in AND paid.paid_year = held.fiscal_year

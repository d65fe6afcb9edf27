-- What account plans want of a product in a fiscal year, beside what was won of it, and what the account paid in all. A
-- product of the CRM is that of the plan if the names are alike in any width and case.
-- grain: account that stands x product of its plan x fiscal year with a target.
CREATE VIEW plan_vs_actual
(
    account_id          String COMMENT 'account whose plan it is; plans of accounts that have become part of others are left out',
    account_name        String COMMENT 'name of the account (アカウント名)',
    product             String COMMENT 'product (製品), as the plan names it',
    fiscal_year         UInt16 COMMENT 'fiscal year (年度), named by the calendar year in which it begins',
    currency            Nullable(String) COMMENT 'ISO 4217, of all amounts of the row; nothing is converted',
    target              Nullable(Float64) COMMENT 'what the product is to bring in the fiscal year (目標額)',
    current_amount      Nullable(Float64) COMMENT 'what it brought in the last full fiscal year, as the plan has it (現在の金額); NULL where nobody knows',
    won                 Nullable(Float64) COMMENT 'amounts of the opportunities of this product won with closed_on in the fiscal year (受注額); NULL where no opportunity of the account is recorded, the year has not begun, or those won have no known amount',
    won_without_amount  UInt64 COMMENT 'opportunities won of which nobody knows the amount',
    attained            Nullable(Float64) COMMENT 'won / target (達成率), 1 is all of it; NULL where won is unknown or not whole, or the target is 0',
    open_pipeline       Nullable(Float64) COMMENT 'amounts of the opportunities of this product that are open now (進行中の商談), not weighted, whenever they are expected: the same in all fiscal years; NULL where no opportunity of the account is recorded or those open have no known amount',
    open_without_amount UInt64 COMMENT 'open opportunities of which nobody knows the amount',
    revenue             Nullable(Float64) COMMENT 'what the account paid in the fiscal year for all products (売上); NULL where a month of it is not recorded',
    revenue_months      UInt8 COMMENT 'months of the fiscal year that are recorded, of 12',
    recorded_at         DateTime64(6, 'UTC') COMMENT 'when the plan stated the target'
)
AS SELECT
    account_id, named.name AS account_name, product, fiscal_year, nullIf(told_in, '') AS currency, target, current_amount,
    if(is_unknown OR begins > toDate(now(), {business_timezone:String}) OR (empty(won_amounts) AND won_without_amount > 0),
        NULL, arraySum(won_amounts)) AS won,
    won_without_amount,
    if(won_without_amount > 0, NULL, won / nullIf(target, 0)) AS attained,
    if(is_unknown OR (empty(open_amounts) AND open_without_amount > 0), NULL, arraySum(open_amounts)) AS open_pipeline,
    open_without_amount,
    if(paid.months = 12, paid.amount, NULL) AS revenue, paid.months AS revenue_months, recorded_at
FROM
(
    SELECT
        wanted.account_id AS account_id, wanted.product AS product, wanted.fiscal_year AS fiscal_year,
        wanted.told_in AS told_in, wanted.target_amount AS target, wanted.current_amount AS current_amount,
        wanted.recorded_at AS recorded_at, makeDate(fiscal_year, {fiscal_year_start_month:UInt8}, 1) AS begins,
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
        WHERE planned.fiscal_year IS NOT NULL AND account_id NOT IN
        (
            SELECT account_id FROM accounts FINAL
            WHERE merged_into != '' AND ifNull(merged_since, toDate(0)) <= toDate(now(), {business_timezone:String})
        )
    ) AS wanted
    LEFT JOIN
    (
        -- Of each account its opportunities: product, currency, amount, outcome, fiscal year closed in, amount known.
        SELECT
            assumeNotNull(counts_for) AS of_account,
            groupArray((
                lowerUTF8(normalizeUTF8NFKC(product)), ifNull(currency, ''), ifNull(amount, 0), outcome,
                toUInt16(ifNull(toYear(closed_on - toIntervalMonth({fiscal_year_start_month:UInt8} - 1)), 0)),
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
        toUInt16(toYear(month - toIntervalMonth({fiscal_year_start_month:UInt8} - 1))) AS paid_year,
        sum(revenue.amount) AS amount, toUInt8(uniqExact(month)) AS months
    FROM revenue FINAL
    GROUP BY counts_for, paid_in, paid_year
) AS paid ON paid.counts_for = held.account_id AND paid.paid_in = held.told_in AND paid.paid_year = held.fiscal_year
LEFT JOIN (SELECT account_id AS name_of, name FROM accounts FINAL) AS named ON named.name_of = held.account_id
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'Targets of account plans by product and fiscal year, beside what was won and paid'

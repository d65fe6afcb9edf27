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
    p.account_id AS account_id, named.name AS account_name, p.product AS product, p.fiscal_year AS fiscal_year,
    p.currency AS currency, p.target AS target, p.current_amount AS current_amount,
    if(makeDate(p.fiscal_year, {fiscal_year_start_month:UInt8}, 1) > toDate(now(), {business_timezone:String}), NULL,
        p.won_in_year) AS won,
    p.won_without_amount AS won_without_amount,
    if(p.won_without_amount > 0, NULL, won / nullIf(p.target, 0)) AS attained, p.open_pipeline AS open_pipeline,
    p.open_without_amount AS open_without_amount, p.revenue AS revenue, p.revenue_months AS revenue_months,
    p.recorded_at AS recorded_at
FROM rollup_plan_vs_actual AS p
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = p.account_id
WHERE p.signature = '' AND p.account_id NOT IN
(
    SELECT account_id FROM accounts FINAL
    WHERE merged_into != '' AND ifNull(merged_since, toDate(0)) <= toDate(now(), {business_timezone:String})
)
COMMENT 'Targets of account plans by product and fiscal year, beside what was won and paid'

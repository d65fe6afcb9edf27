-- grain: account that stands; those that have become part of others by today are left out.
CREATE VIEW accounts
(
    account_id        String COMMENT 'account',
    account_name      String COMMENT 'name as declared (アカウント名)',
    tier              String COMMENT 'strategic (戦略), target (ターゲット) ...',
    kind              String COMMENT 'customer (顧客), partner (パートナー) ...',
    segment           String COMMENT 'tier and kind in one, as KPIs are split (セグメント)',
    parent_account_id String COMMENT 'account of the parent company (親会社), empty if none',
    parent_name       String COMMENT 'its name, empty if none',
    domains           String COMMENT 'mail and web domains, comma-separated',
    corporate_number  String COMMENT 'corporate number (法人番号), empty if none is declared',
    industry          String COMMENT 'industry (業種), empty where nobody knows',
    country           String COMMENT 'ISO 3166-1, two letters, empty where nobody knows',
    region            String COMMENT 'region within the country (地域), empty where nobody knows',
    employees         Nullable(UInt64) COMMENT 'employees (従業員数), NULL where nobody knows',
    annual_revenue    Nullable(Float64) COMMENT 'revenue of the company a year (年商), not what it pays us; NULL where nobody knows',
    revenue_currency  Nullable(String) COMMENT 'ISO 4217, of annual_revenue',
    labels            String COMMENT 'anything else that accounts are told by, comma-separated'
)
AS SELECT
    a.account_id AS account_id, a.name AS account_name, a.tier AS tier, a.kind AS kind, concat(a.tier, ' ', a.kind) AS segment,
    a.parent_account_id AS parent_account_id, parent.name AS parent_name, arrayStringConcat(a.domains, ', ') AS domains,
    a.corporate_number AS corporate_number, profile.industry AS industry, profile.country AS country,
    profile.region AS region, profile.employees AS employees, profile.annual_revenue AS annual_revenue,
    profile.currency AS revenue_currency, arrayStringConcat(profile.labels, ', ') AS labels
FROM (SELECT * FROM accounts FINAL WHERE merged_into = '' OR merged_since > toDate(now(), {business_timezone:String})) AS a
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS parent ON parent.account_id = a.parent_account_id
LEFT JOIN account_profiles AS profile ON profile.account_id = a.account_id
COMMENT 'Accounts with their segment and profile'

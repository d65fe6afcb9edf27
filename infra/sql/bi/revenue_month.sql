-- grain: account x month x currency that is recorded; a month without a row is unknown, not zero.
CREATE VIEW revenue_month
(
    account_id   String COMMENT 'account that it counts for, mergers followed',
    account_name String COMMENT 'name of the account (アカウント名)',
    month        Date COMMENT 'first day of the month (月)',
    currency     String COMMENT 'ISO 4217; nothing is converted',
    amount       Float64 COMMENT 'what the account paid (売上)'
)
AS SELECT
    summed.account_id AS account_id, named.name AS account_name, summed.month AS month, summed.currency AS currency,
    summed.amount AS amount
FROM
(
    SELECT counts_for AS account_id, month, toString(currency) AS currency, sum(amount) AS amount
    FROM revenue FINAL
    GROUP BY account_id, month, currency
) AS summed
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = summed.account_id
COMMENT 'Revenue by account and month as last recorded'

-- Revenue by month, that of merged accounts under the one they are part of. A month without a row is unknown, not zero.
-- grain: account x currency. external table: asked (account_id). Months are year * 12 + month - 1.
SELECT account_id, toString(currency) AS currency, groupArray(month) AS months, groupArray(amount) AS amounts
FROM
(
    SELECT counts_for AS account_id, currency, toInt32(toYear(r.month) * 12 + toMonth(r.month) - 1) AS month, sum(amount) AS amount
    FROM revenue AS r FINAL
    WHERE counts_for IN (SELECT account_id FROM asked)
    GROUP BY account_id, currency, month
)
GROUP BY account_id, currency
ORDER BY account_id, currency

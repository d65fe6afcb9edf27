-- Revenue by month, that of merged accounts under the one they are part of. A month without a row is unknown, not zero.
-- grain: account x currency. parameters: accounts Array(String), empty for all; first and last Date (first days of months).
SELECT account_id, toString(currency) AS currency, groupArray(month) AS months, groupArray(amount) AS amounts
FROM
(
    SELECT counts_for AS account_id, currency, month, sum(amount) AS amount
    FROM revenue FINAL
    WHERE month BETWEEN {first:Date} AND {last:Date}
      AND (empty({accounts:Array(String)}) OR counts_for IN {accounts:Array(String)})
    GROUP BY account_id, currency, month
)
GROUP BY account_id, currency

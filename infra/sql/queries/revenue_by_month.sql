-- Revenue by month. A month without a row is unknown, not zero.
-- grain: account x currency. parameters: accounts Array(String), empty for all; first and last Date (first days of months).
SELECT account_id, toString(currency) AS currency, groupArray(month) AS months, groupArray(amount) AS amounts
FROM revenue FINAL
WHERE month BETWEEN {first:Date} AND {last:Date}
  AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
GROUP BY account_id, currency

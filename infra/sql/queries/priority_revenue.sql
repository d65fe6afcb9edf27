-- Revenue by month as known before a moment, that of merged accounts under the one that they were part of on the first day
-- of the month, as in revenue. A month without a row is unknown, not zero.
-- grain: account x month x currency. parameters: last Date, the latest month that counts (its first day); known_before
-- DateTime64, the first moment of which statements do not count.
SELECT
    coalesce(nullIf(arrayLast(one -> one.1 <= month, part.merges).2, ''), stated.account) AS account_id, month, currency, sum(amount) AS amount
FROM
(
    SELECT
        JSONExtractString(body, 'account_id') AS account,
        toDate32(JSONExtractString(body, 'month')) AS month,
        JSONExtractString(body, 'currency') AS currency,
        argMax(JSONExtractFloat(body, 'amount'), (recorded_at, toString(fact_id))) AS amount
    FROM facts
    WHERE type = 'revenue_recorded' AND recorded_at < {known_before:DateTime64(6, 'UTC')}
    GROUP BY account, month, currency
) AS stated
LEFT JOIN (SELECT account_id AS merged_id, merges FROM accounts FINAL) AS part ON part.merged_id = stated.account
WHERE month <= {last:Date}
GROUP BY account_id, month, currency
ORDER BY account_id, currency, month

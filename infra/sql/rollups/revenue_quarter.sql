-- Into a table like rollup_revenue_quarter: what accounts paid by fiscal quarter, in the currency that most of their
-- months are recorded in.
-- grain: account x fiscal quarter. parameters: staging, the table; shift UInt8, as in engagement_rate_quarter.
INSERT INTO {staging:Identifier} (account_id, quarter, revenue, currency)
SELECT
    counts_for,
    toStartOfQuarter(month - toIntervalMonth({shift:UInt8})) + toIntervalMonth({shift:UInt8}) AS quarter,
    if(uniqExact(month) = 3, sum(amount), NULL) AS paid,
    any(currency) AS told_in
FROM revenue FINAL
WHERE (counts_for, currency) IN
(
    SELECT counts_for, argMax(currency, (months, currency))
    FROM (SELECT counts_for, currency, uniqExact(month) AS months FROM revenue FINAL GROUP BY counts_for, currency)
    GROUP BY counts_for
)
GROUP BY counts_for, quarter

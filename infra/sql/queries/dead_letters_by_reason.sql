-- How many events were refused, and why.
-- grain: reason.
SELECT toString(reason) AS reason, count() AS events
FROM dead_letters FINAL
GROUP BY reason
ORDER BY reason

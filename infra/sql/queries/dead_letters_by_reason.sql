-- How many refused events are open, and why they were refused.
-- grain: reason.
SELECT toString(reason) AS reason, count() AS events
FROM open_dead_letters
GROUP BY reason
ORDER BY reason

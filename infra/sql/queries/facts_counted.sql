-- How many facts there are.
-- grain: one row.
SELECT uniqExact(fact_id) AS facts FROM facts

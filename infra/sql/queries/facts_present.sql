-- Which of some facts are stored.
-- grain: fact. external table `batch(fact_id String)`.
SELECT lower(hex(fact_id)) AS fact_id FROM facts
WHERE fact_id IN (SELECT toUUID(fact_id) FROM batch)
GROUP BY fact_id

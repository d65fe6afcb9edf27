-- Some facts.
-- grain: fact, or several times one. external table `batch(fact_id String)`.
-- keys: the sort key, qualified, as the answer's column of the same name would be filtered without it.
SELECT lower(hex(f.fact_id)) AS fact_id, f.body AS body
FROM facts AS f
WHERE f.fact_id IN (SELECT toUUID(fact_id) FROM batch)

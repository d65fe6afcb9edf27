-- Some facts.
-- grain: fact, or several times one. external table `batch(fact_id String)`.
-- keys: the sort key.
SELECT lower(hex(fact_id)) AS fact_id, body FROM facts WHERE fact_id IN (SELECT toUUID(fact_id) FROM batch)

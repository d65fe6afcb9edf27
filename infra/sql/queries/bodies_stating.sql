-- Which bodies state some facts.
-- grain: statement. external table `batch(fact_id String)`.
-- keys: none; fact_sources is sorted by body.
SELECT lower(hex(s.fact_id)) AS fact_id, lower(hex(s.record_id)) AS record_id, s.position AS position
FROM fact_sources AS s FINAL
WHERE s.fact_id IN (SELECT toUUID(fact_id) FROM batch)
ORDER BY fact_id, record_id, position

-- What some bodies stated when they were first read.
-- grain: statement. external table `batch(record_id String)`.
-- keys: prefix of the sort key, qualified, as the answer's column of the same name would be filtered without it.
SELECT lower(hex(s.record_id)) AS record_id, s.position AS position, lower(hex(s.fact_id)) AS fact_id
FROM fact_sources AS s FINAL
WHERE s.record_id IN (SELECT toUUID(record_id) FROM batch)

-- The refused events of some bodies.
-- grain: refused event. external table `batch(record_id String)`.
SELECT toString(record_id) AS record_id, position, toString(reason) AS reason
FROM dead_letters FINAL
WHERE record_id IN (SELECT toUUID(record_id) FROM batch)

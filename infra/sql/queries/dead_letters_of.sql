-- The refused events of some bodies.
-- grain: refused event. external table `batch(record_id String)`.
SELECT lower(hex(d.record_id)) AS record_id, position, toString(reason) AS reason
FROM dead_letters AS d FINAL
WHERE d.record_id IN (SELECT toUUID(record_id) FROM batch)

-- Some bodies as received.
-- grain: body. external table `batch(record_id String)`.
SELECT lower(hex(a.record_id)) AS record_id, body
FROM archive AS a FINAL
WHERE a.record_id IN (SELECT toUUID(record_id) FROM batch)

-- The bytes of some dead letters.
-- grain: refused event. external table `batch(record_id String, position UInt32)`.
SELECT lower(hex(d.record_id)) AS record_id, position, raw
FROM dead_letters AS d FINAL
WHERE (d.record_id, position) IN (SELECT toUUID(record_id), position FROM batch)

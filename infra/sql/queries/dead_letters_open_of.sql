-- The open dead letters of some bodies, without their bytes.
-- grain: refused event. external table `batch(record_id String)`.
SELECT lower(hex(d.record_id)) AS record_id, position, toString(reason) AS reason, detail,
    toString(source) AS source, toString(adapter) AS adapter, received_at, toString(topic) AS topic, partition, offset,
    length(raw) AS size
FROM open_dead_letters AS d
WHERE d.record_id IN (SELECT toUUID(record_id) FROM batch)

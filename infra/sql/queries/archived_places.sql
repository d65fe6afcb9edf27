-- Under what some bodies were received, and where Kafka had them.
-- grain: body. external table `batch(record_id String)`.
SELECT lower(hex(a.record_id)) AS record_id, toString(source) AS source, toString(adapter) AS adapter, received_at,
    toString(topic) AS topic, partition, offset
FROM archive AS a FINAL
WHERE a.record_id IN (SELECT toUUID(record_id) FROM batch)

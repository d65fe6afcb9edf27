-- Under what some bodies were received, and how large they are.
-- grain: body. external table `batch(record_id String)`.
SELECT lower(hex(a.record_id)) AS record_id, toString(source) AS source, toString(adapter) AS adapter,
    toString(content_type) AS content_type, toString(own_domains) AS own_domains, received_at,
    toString(topic) AS topic, length(body) AS size
FROM archive AS a FINAL
WHERE a.record_id IN (SELECT toUUID(record_id) FROM batch)

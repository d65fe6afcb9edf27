-- Some rows of the archive; bodies in base64: Arrow's strings are UTF-8, and bodies need not be.
-- grain: body. external table `batch(record_id String)`.
SELECT
    lower(hex(a.record_id)) AS record_id,
    toString(source) AS source,
    toString(adapter) AS adapter,
    toString(content_type) AS content_type,
    toString(own_domains) AS own_domains,
    toUnixTimestamp64Micro(received_at) AS received_us,
    toString(topic) AS topic,
    partition,
    offset,
    base64Encode(body) AS body
FROM archive AS a FINAL
WHERE a.record_id IN (SELECT toUUID(record_id) FROM batch)

-- The contact-days to which some bodies gave touches.
-- grain: contact x day. external table `batch(record_id String)`.
SELECT DISTINCT contact_key, toDate32(day) AS day
FROM touches
WHERE record_id IN (SELECT toUUID(record_id) FROM batch)

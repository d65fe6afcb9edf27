-- What dead letters were sent again as, where the letter or what was sent is in these bodies.
-- grain: dead letter x event. external table `batch(record_id String)`.
SELECT lower(hex(s.record_id)) AS record_id, position, lower(hex(event_id)) AS event_id,
    lower(hex(content)) AS content, lower(hex(sent_as)) AS sent_as
FROM dead_letter_successors AS s
WHERE s.record_id IN (SELECT toUUID(record_id) FROM batch) OR s.sent_as IN (SELECT toUUID(record_id) FROM batch)

-- Arrivals of the events of a batch that say something else than the batch, or the same with a higher precedence.
-- grain: event in a body. external table `batch(event_id String, content String, precedence UInt64)`, a row an event.
-- keys: prefix of the sort key of events. At most 1,000 an event: a source may use one id for everything.
SELECT
    lower(hex(e.event_id)) AS event_id,
    lower(hex(e.content)) AS content,
    lower(hex(e.record_id)) AS record_id,
    e.position AS position,
    max(e.precedence) AS precedence
FROM events AS e
INNER JOIN (SELECT toUUID(event_id) AS event_id, toUUID(content) AS content, precedence FROM batch) AS b
    ON e.event_id = b.event_id
WHERE e.event_id IN (SELECT toUUID(event_id) FROM batch)
  AND (e.content != b.content OR e.precedence > b.precedence)
GROUP BY e.event_id, e.content, e.record_id, e.position
ORDER BY precedence DESC
LIMIT 1000 BY event_id

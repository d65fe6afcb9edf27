-- All arrivals of some events.
-- grain: event in a body. external table `batch(event_id String)`.
-- keys: prefix of the sort key of events. At most 1,000 an event: a source may use one id for everything.
SELECT
    lower(hex(e.event_id)) AS event_id,
    lower(hex(e.content)) AS content,
    lower(hex(e.record_id)) AS record_id,
    e.position AS position,
    max(e.precedence) AS precedence
FROM events AS e
WHERE e.event_id IN (SELECT toUUID(event_id) FROM batch)
GROUP BY e.event_id, e.content, e.record_id, e.position
ORDER BY precedence DESC
LIMIT 1000 BY event_id

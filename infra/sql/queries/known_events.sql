-- Which events of a batch went all the way through before.
-- grain: event. external table `batch(event_id String)`.
SELECT DISTINCT lower(hex(e.event_id)) AS event_id, lower(hex(e.content)) AS content
FROM events AS e
WHERE e.event_id IN (SELECT toUUID(event_id) FROM batch)

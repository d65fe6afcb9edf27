-- Which events of a batch went all the way through before.
-- grain: event. external table `batch(event_id String)`.
SELECT DISTINCT toString(event_id) AS event_id, toString(content) AS content
FROM events
WHERE event_id IN (SELECT toUUID(event_id) FROM batch)

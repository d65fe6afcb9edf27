-- Which events of a batch have arrived, and the content that stands.
-- grain: event. external table `batch(event_id String)`.
SELECT lower(hex(e.event_id)) AS event_id, lower(hex(argMax(e.content, (e.precedence, e.content)))) AS content
FROM events AS e
WHERE e.event_id IN (SELECT toUUID(event_id) FROM batch)
GROUP BY e.event_id

-- Which events of a batch have arrived, and the content that stands.
-- Of equal precedence the content whose hex digits are greater stands: UUIDs compare in an order of their own.
-- grain: event. external table `batch(event_id String)`.
SELECT lower(hex(e.event_id)) AS event_id, lower(hex(argMax(e.content, (e.precedence, hex(e.content))))) AS content
FROM events AS e
WHERE e.event_id IN (SELECT toUUID(event_id) FROM batch)
GROUP BY e.event_id

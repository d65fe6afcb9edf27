-- Which events of some batches arrived more than once, in these batches or at any time. Reads one column.
-- grain: event. external table `batch(event_id String)`.
-- keys: prefix of the sort key of events. Ids are hashes: a large batch reads most granules, and as many as a small one
-- if the table is small, so ask for many at a time.
SELECT lower(hex(event_id)) AS event_id
FROM events
WHERE event_id IN (SELECT toUUID(event_id) FROM batch)
GROUP BY event_id
HAVING count() > 1

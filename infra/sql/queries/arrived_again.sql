-- Which events of some batches arrived more than once, in these batches or at any time. Reads two columns.
-- grain: event. external table `batch(event_id String)`.
-- keys: prefix of the sort key of events, qualified, as the answer's column of the same name would be filtered without
-- it, and every row read. Ids are hashes: a large batch reads most granules, so ask for many at a time. Of these
-- granules the four bytes of each id are read first, and the id itself only where they match.
SELECT lower(hex(e.event_id)) AS event_id
FROM events AS e
PREWHERE e.event_prefix IN (SELECT toUInt32(bitShiftRight(reinterpretAsUInt128(toUUID(event_id)), 96)) FROM batch)
WHERE e.event_id IN (SELECT toUUID(event_id) FROM batch)
GROUP BY e.event_id
HAVING count() > 1

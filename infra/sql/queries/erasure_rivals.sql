-- Bodies of the events that come with several contents, of which one is in these bodies.
-- grain: body. external table `batch(record_id String)`.
SELECT DISTINCT lower(hex(e.record_id)) AS record_id
FROM events AS e
WHERE e.event_id IN
    (
        SELECT event_id
        FROM events
        WHERE event_id IN (SELECT event_id FROM events WHERE record_id IN (SELECT toUUID(record_id) FROM batch))
        GROUP BY event_id
        HAVING uniqExact(content) > 1
    )

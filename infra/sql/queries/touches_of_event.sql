-- The touches of an event as they stand, those that were taken back among them.
-- grain: touch. parameters: event_id UUID.
-- keys: none; it reads the column event_id of all touches. Without FINAL, which leaves out what was taken back.
SELECT
    t.contact_key AS contact_key,
    toDate32(t.day) AS day,
    occurred_at,
    toString(kind) AS kind,
    toString(action) AS action,
    toString(direction) AS direction,
    affiliation,
    toString(machine) AS machine,
    subject,
    toString(source) AS source,
    lower(hex(t.record_id)) AS record_id,
    is_deleted
FROM touches AS t
WHERE t.event_id = {event_id:UUID}
ORDER BY precedence DESC
LIMIT 1 BY day, contact_key

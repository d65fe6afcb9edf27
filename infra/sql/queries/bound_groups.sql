-- Contact-day groups as they are bound now, to find those that a new binding leaves behind.
-- grain: that of contact_day. external table `dirty(contact_key String, day Date32)`.
SELECT
    account_id,
    toDate32(day) AS day,
    contact_key,
    toString(kind) AS kind,
    toString(action) AS action,
    toString(direction) AS direction
FROM contact_day FINAL
WHERE (contact_key, day) IN (SELECT contact_key, toDate(day) FROM dirty)

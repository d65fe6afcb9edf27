-- The contact-days that are stored under some contact keys.
-- grain: contact x day. external table `people(contact_key String)`.
SELECT DISTINCT contact_key, toDate32(day) AS day
FROM contact_day
WHERE contact_key IN (SELECT contact_key FROM people)

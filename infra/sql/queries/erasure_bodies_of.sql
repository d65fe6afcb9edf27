-- Bodies that gave touches to some contacts.
-- grain: body. external table `named(contact_key String)`.
-- keys: prefix of the sort key of touches.
SELECT DISTINCT lower(hex(record_id)) AS record_id
FROM touches
WHERE contact_key IN (SELECT contact_key FROM named)

-- The contact-days of some contacts between two days each, both included.
-- grain: contact x day. external table `changed(contact_key String, first Date32, last Date32)`: a contact may have several.
-- keys: prefix of the sort key of touches, so only the granules of these contacts are read.
SELECT DISTINCT t.contact_key AS contact_key, toDate32(t.day) AS day
FROM touches AS t
INNER JOIN changed AS c ON t.contact_key = c.contact_key
WHERE t.contact_key IN (SELECT contact_key FROM changed) AND t.day BETWEEN c.first AND c.last

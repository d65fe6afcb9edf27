-- The contact-days whose touches carry some evidence for a company.
-- grain: contact x day. external table `changed(affiliation String)`.
-- keys: none; it reads the column affiliation of all touches, and the rest of those found.
SELECT DISTINCT contact_key, toDate32(day) AS day
FROM touches
WHERE affiliation IN (SELECT affiliation FROM changed)

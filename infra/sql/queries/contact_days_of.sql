-- The contact-days that a change of the directory may bind anew.
-- grain: contact x day. external table `changed(affiliation String, contact_key String)`: a row names one or the other.
SELECT DISTINCT contact_key, toDate32(day) AS day
FROM touches
WHERE affiliation IN (SELECT affiliation FROM changed WHERE affiliation != '')
   OR contact_key IN (SELECT contact_key FROM changed WHERE contact_key != '')

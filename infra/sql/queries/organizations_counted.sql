-- How many touches name some organizations, by people who are not declared for an account, machines left out: touches
-- that carry the name, and those of contacts of whom a source told it.
-- grain: organization. external tables `named(affiliation String, organization String)` and
-- `told(contact_key String, organization String)`, an organization by its key.
-- keys: none; it reads the columns affiliation and contact_key of all touches, and the rest of those found.
SELECT
    organization,
    count() AS touches,
    uniqExact(contact_key) AS contacts,
    toDate32(min(day)) AS first_day,
    toDate32(max(day)) AS last_day
FROM
(
    SELECT named.organization AS organization, t.event_id AS event_id, t.contact_key AS contact_key, t.day AS day
    FROM (SELECT * FROM touches FINAL WHERE machine = '' AND affiliation IN (SELECT affiliation FROM named)) AS t
    INNER JOIN named ON named.affiliation = t.affiliation
    UNION DISTINCT
    SELECT told.organization AS organization, t.event_id AS event_id, t.contact_key AS contact_key, t.day AS day
    FROM (SELECT * FROM touches FINAL WHERE machine = '' AND contact_key IN (SELECT contact_key FROM told)) AS t
    INNER JOIN told ON told.contact_key = t.contact_key
)
WHERE contact_key NOT IN (SELECT contact_key FROM contacts FINAL WHERE account_id != '')
GROUP BY organization
ORDER BY touches DESC, organization

-- Who the people are who were touched for accounts, or are declared for them.
-- grain: contact. external table: asked (account_id). parameters: first and last Date of the touches, both included.
SELECT
    contact_key,
    account_id,
    name,
    title,
    if(seniority IN ('executive', 'management', 'staff'), toString(seniority), 'unknown') AS seniority,
    if(job_function = '', 'unknown', toString(job_function)) AS job_function
FROM contacts FINAL
WHERE identified_as = ''
  AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
  AND contact_key IN
    (
        SELECT contact_key FROM contacts FINAL WHERE account_id IN (SELECT account_id FROM asked)
        UNION ALL
        SELECT contact_key FROM contact_day
        WHERE account_id IN (SELECT account_id FROM asked) AND day BETWEEN {first:Date} AND {last:Date}
    )

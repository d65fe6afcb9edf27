-- Who of our own side was in signals together with people of an account, by the signals that they share.
-- grain: contact of our own side. parameters: account_id String; first and last Date, both included; recent Date, from
-- which on `signals_recent` counts.
-- keys: of contact_day the account and, on its days, the contacts of no account; of touches the contact-days of both.
WITH
    theirs AS
    (
        SELECT DISTINCT contact_key, day
        FROM contact_day FINAL
        WHERE account_id = {account_id:String} AND day BETWEEN {first:Date} AND {last:Date} AND touches > 0 AND direction != 'internal'
    ),
    ours AS
    (
        SELECT DISTINCT contact_key, day
        FROM contact_day FINAL
        WHERE account_id = '' AND bound_by = 'own' AND touches > 0 AND direction != 'internal'
          AND day IN (SELECT day FROM theirs)
    ),
    visitors AS
    (
        SELECT contact_key AS visitor_key, identified_as FROM contacts FINAL WHERE identified_as != ''
    )
SELECT
    shared.contact_key AS contact_key,
    known.name AS name,
    known.department AS department,
    if(known.job_function = '', 'unknown', toString(known.job_function)) AS job_function,
    uniqExact(shared.event_id) AS signals,
    uniqExactIf(shared.event_id, shared.day >= {recent:Date}) AS signals_recent,
    max(shared.day) AS last_on
FROM
(
    SELECT if(visitor.identified_as = '', t.contact_key, visitor.identified_as) AS contact_key, t.day AS day, t.event_id AS event_id
    FROM
    (
        SELECT contact_key, day, event_id
        FROM touches FINAL
        PREWHERE (day, contact_key) IN (
            SELECT day, contact_key FROM ours
            UNION ALL
            SELECT ours.day, visitors.visitor_key FROM ours INNER JOIN visitors ON visitors.identified_as = ours.contact_key
        )
        WHERE machine = ''
    ) AS t
    LEFT JOIN visitors AS visitor ON visitor.visitor_key = t.contact_key
    WHERE (t.day, t.event_id) IN
        (
            SELECT day, event_id
            FROM touches FINAL
            PREWHERE (day, contact_key) IN (
                SELECT day, contact_key FROM theirs
                UNION ALL
                SELECT theirs.day, visitors.visitor_key
                FROM theirs INNER JOIN visitors ON visitors.identified_as = theirs.contact_key
            )
            WHERE machine = ''
        )
) AS shared
LEFT JOIN
(
    SELECT contact_key, name, department, job_function FROM contacts FINAL WHERE contact_key IN (SELECT contact_key FROM ours)
) AS known ON known.contact_key = shared.contact_key
GROUP BY contact_key, name, department, job_function
ORDER BY signals DESC, contact_key

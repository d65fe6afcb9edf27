-- The contact-days of an account that can have points, with what is known of the contact today.
-- grain: contact_day row. parameters: account String; first and last Date, both included.
-- keys: prefix of the sort key of contact_day; of contacts those of these rows.
SELECT
    day,
    engaged.contact_key AS contact_key,
    kind,
    action,
    direction,
    touches,
    known.name AS name,
    if(known.seniority = '', 'unknown', known.seniority) AS seniority
FROM
(
    SELECT day, contact_key, toString(kind) AS kind, toString(action) AS action, toString(direction) AS direction, touches
    FROM contact_day FINAL
    WHERE account_id = {account:String}
      AND day BETWEEN {first:Date} AND {last:Date}
      AND touches > 0
      AND direction IN ('inbound', 'mutual')
      AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
) AS engaged
LEFT JOIN
(
    SELECT contact_key, name, toString(seniority) AS seniority FROM contacts FINAL
    WHERE contact_key IN
    (
        SELECT contact_key FROM contact_day
        WHERE account_id = {account:String} AND day BETWEEN {first:Date} AND {last:Date} AND direction IN ('inbound', 'mutual')
    )
) AS known ON known.contact_key = engaged.contact_key

-- People of accounts who came to us or met us lately, with their last day and their seniority as last declared. Only
-- people known by address or id; machines are out.
-- grain: account x contact. parameters: first and last Date, both included.
SELECT
    day.account_id AS account_id, day.contact_key AS contact_key, known.name AS name, known.title AS title,
    if(known.seniority IN ('executive', 'management', 'staff'), known.seniority, 'unknown') AS seniority, last_on
FROM
(
    SELECT account_id, contact_key, toDate32(max(day)) AS last_on
    FROM contact_day FINAL
    WHERE account_id != ''
      AND day BETWEEN {first:Date} AND {last:Date}
      AND touches > 0
      AND direction IN ('inbound', 'mutual')
      AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
    GROUP BY account_id, contact_key
) AS day
LEFT JOIN
(
    SELECT contact_key, name, title, toString(seniority) AS seniority FROM contacts FINAL
) AS known ON known.contact_key = day.contact_key
ORDER BY account_id, contact_key

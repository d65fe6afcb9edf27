-- Distinct people with an engaged touch by stretch of days, by seniority as last declared; for the account of that day.
-- grain: account x w (number of the stretch, from 1). parameters: accounts Array(String), not empty; firsts and lasts
-- Array(Date), the stretches, both ends included; first and last Date, their earliest and latest day.
-- keys: prefix of the sort key of contact_day; of contacts those of these rows.
SELECT
    account_id,
    w,
    uniqExactIf(contact_key, seniority = 'executive') AS executives,
    uniqExactIf(contact_key, seniority = 'management') AS managers,
    uniqExactIf(contact_key, seniority = 'staff') AS staff,
    uniqExactIf(contact_key, seniority NOT IN ('executive', 'management', 'staff')) AS unknown
FROM
(
    SELECT
        account_id,
        contact_key,
        arrayJoin(arrayFilter(
            n -> day BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w
    FROM contact_day FINAL
    WHERE account_id IN {accounts:Array(String)}
      AND day BETWEEN {first:Date} AND {last:Date}
      AND touches > 0
      AND direction IN ('inbound', 'mutual')
      AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
) AS engaged
LEFT JOIN
(
    SELECT contact_key, toString(seniority) AS seniority FROM contacts FINAL
    WHERE contact_key IN
    (
        SELECT contact_key FROM contact_day
        WHERE account_id IN {accounts:Array(String)} AND day BETWEEN {first:Date} AND {last:Date} AND direction IN ('inbound', 'mutual')
    )
) AS known ON known.contact_key = engaged.contact_key
GROUP BY account_id, w
ORDER BY account_id, w

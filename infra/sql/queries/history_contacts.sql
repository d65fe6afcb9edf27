-- The days on which people of accounts came to us, met us, were written to, or could not be reached for good.
-- grain: account x contact; people who are known by a cookie or address of a machine only are together in contact ''.
-- external table: asked (account_id). parameters: first and last Date, both included. Days are ordinals: 1 is 0001-01-01.
-- keys: prefix of the sort key of contact_day, so that only these accounts are read.
SELECT
    account_id,
    if(startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'), contact_key, '') AS contact,
    arraySort(groupUniqArrayIf(toInt32(day) + 719163, direction = 'inbound')) AS inbound,
    arraySort(groupUniqArrayIf(toInt32(day) + 719163, direction = 'mutual')) AS mutual,
    arraySort(groupUniqArrayIf(toInt32(day) + 719163, direction IN ('inbound', 'mutual'))) AS engaged,
    arraySort(groupUniqArrayIf(toInt32(day) + 719163, direction = 'outbound' AND action NOT IN ('bounced', 'deferred', 'dropped')))
        AS outbound,
    arraySort(groupUniqArrayIf(toInt32(day) + 719163, direction = 'outbound' AND action = 'bounced')) AS bounced
FROM contact_day FINAL
WHERE account_id IN (SELECT account_id FROM asked)
  AND day BETWEEN {first:Date} AND {last:Date}
  AND touches > 0
  AND direction != 'internal'
GROUP BY account_id, contact
ORDER BY account_id, contact

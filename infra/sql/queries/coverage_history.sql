-- On which days an account's contacts were touched by people, and how; mail that was turned back did not reach anybody.
-- grain: contact x kind x direction. parameters: account_id String; day Date, the last that counts.
-- keys: prefix of the sort key of contact_day, so that only the account is read.
SELECT contact_key, toString(kind) AS kind, toString(direction) AS direction, groupUniqArray(day) AS days
FROM contact_day FINAL
WHERE account_id = {account_id:String}
  AND day <= {day:Date}
  AND touches > 0
  AND (direction IN ('inbound', 'mutual') OR (direction = 'outbound' AND action NOT IN ('bounced', 'deferred', 'dropped')))
  AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
GROUP BY contact_key, kind, direction

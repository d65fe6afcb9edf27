-- Distinct business days on which people of the account came to us or met us.
-- grain: account. parameters: accounts Array(String), empty for all; first and last Date, both included.
-- keys: prefix of the sort key of contact_day.
SELECT account_id, groupUniqArray(day) AS days
FROM contact_day FINAL
WHERE account_id != ''
  AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
  AND day BETWEEN {first:Date} AND {last:Date}
  AND touches > 0
  AND direction IN ('inbound', 'mutual')
GROUP BY account_id

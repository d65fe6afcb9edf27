-- Visitors known by their IP address only, whose days count for nobody; machines left out.
-- grain: contact_key, in its order. keys: prefix of the sort key of contact_day (account_id, day).
-- parameters: since Date, the first day; after String, the last key of the page before, '' of the first; most UInt32.
SELECT DISTINCT contact_key
FROM contact_day FINAL
WHERE account_id = '' AND day >= {since:Date} AND startsWith(contact_key, 'ip:') AND contact_key > {after:String}
  AND bound_by = 'unbound' AND touches > 0
ORDER BY contact_key
LIMIT {most:UInt32}

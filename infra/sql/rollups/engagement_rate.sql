-- Into a table like rollup_engagement_rate: the contacts reached and engaged of the months from first to last.
-- grain: account x month x channel, and channel `all`. parameters: staging, the table; first, last Date.
INSERT INTO {staging:Identifier} (account_id, month, channel, reached, engaged)
SELECT
    account_id,
    toStartOfMonth(day) AS month,
    if(grouping(kind) = 1, 'all', toString(kind)) AS channel,
    uniqExact(contact_key) AS reached,
    uniqExactIf(contact_key, direction != 'outbound') AS engaged
FROM contact_day FINAL
WHERE account_id != ''
  AND day BETWEEN {first:Date} AND {last:Date}
  AND touches > 0
  AND (direction IN ('inbound', 'mutual') OR (direction = 'outbound' AND action NOT IN ('bounced', 'deferred', 'dropped')))
  AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
GROUP BY GROUPING SETS ((account_id, month, kind), (account_id, month))

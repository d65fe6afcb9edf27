-- Into a table like rollup_engagement_rate_quarter: as engagement_rate; who is engaged in two months of a quarter is one here.
-- grain: account x fiscal quarter x channel, and channel `all`. parameters: staging, the table; first, last Date;
-- shift UInt8, by how many months fiscal quarters begin after those of the calendar.
INSERT INTO {staging:Identifier} (account_id, quarter, channel, reached, engaged)
SELECT
    account_id,
    toStartOfQuarter(day - toIntervalMonth({shift:UInt8})) + toIntervalMonth({shift:UInt8}) AS quarter,
    if(grouping(kind) = 1, 'all', toString(kind)) AS channel,
    uniqExact(contact_key) AS reached,
    uniqExactIf(contact_key, direction != 'outbound') AS engaged
FROM contact_day FINAL
WHERE account_id != ''
  AND day BETWEEN {first:Date} AND {last:Date}
  AND touches > 0
  AND (direction IN ('inbound', 'mutual') OR (direction = 'outbound' AND action NOT IN ('bounced', 'deferred', 'dropped')))
  AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
GROUP BY GROUPING SETS ((account_id, quarter, kind), (account_id, quarter))

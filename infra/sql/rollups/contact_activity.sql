-- Into a table like rollup_contact_activity: what people did in the months from first to last.
-- grain: account x contact x month. parameters: staging, the table; first, last Date.
INSERT INTO {staging:Identifier}
    (account_id, contact_key, month, days_in_touch, engaged_touches, outbound_touches, last_engaged_on)
SELECT
    account_id,
    contact_key,
    toStartOfMonth(day) AS month,
    uniqExactIf(day, direction != 'outbound') AS days_in_touch,
    sumIf(touches, direction != 'outbound') AS engaged_touches,
    sumIf(touches, direction = 'outbound') AS outbound_touches,
    maxOrNullIf(day, direction != 'outbound') AS last_engaged_on
FROM contact_day FINAL
WHERE account_id != ''
  AND day BETWEEN {first:Date} AND {last:Date}
  AND touches > 0
  AND direction IN ('inbound', 'mutual', 'outbound')
GROUP BY account_id, contact_key, month

-- Into a table like rollup_account_week: what happened in the weeks from first to last. Seniority as it is known now.
-- grain: account x week. parameters: staging, the table; first, last Date.
INSERT INTO {staging:Identifier}
    (account_id, week, days_in_touch, engaged_contacts, managers_engaged, web_touches, email_touches, event_touches,
     meeting_touches, outbound_touches)
SELECT
    account_id,
    toMonday(day) AS week,
    uniqExactIf(day, direction != 'outbound') AS days_in_touch,
    uniqExactIf(contact_key, direction != 'outbound'
        AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))) AS engaged_contacts,
    uniqExactIf(contact_key, direction != 'outbound'
        AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
        AND contact_key IN
        (
            SELECT contact_key FROM contacts FINAL WHERE seniority IN ('executive', 'management')
        )) AS managers_engaged,
    sumIf(touches, direction != 'outbound' AND kind = 'web') AS web_touches,
    sumIf(touches, direction != 'outbound' AND kind = 'email') AS email_touches,
    sumIf(touches, direction != 'outbound' AND kind = 'event') AS event_touches,
    sumIf(touches, direction != 'outbound' AND kind = 'meeting') AS meeting_touches,
    sumIf(touches, direction = 'outbound') AS outbound_touches
FROM contact_day FINAL
WHERE account_id != ''
  AND day BETWEEN {first:Date} AND {last:Date}
  AND touches > 0
  AND direction IN ('inbound', 'mutual', 'outbound')
GROUP BY account_id, week

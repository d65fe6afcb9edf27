-- The days on which accounts came to us or met us, by kind of signal.
-- grain: account x kind. external table: asked (account_id). parameters: first and last Date, both included. Days as in
-- history_contacts; met: of them those on which we met.
SELECT
    account_id,
    toString(kind) AS channel,
    arraySort(groupUniqArray(toInt32(day) + 719163)) AS days,
    arraySort(groupUniqArrayIf(toInt32(day) + 719163, direction = 'mutual')) AS met
FROM contact_day FINAL
WHERE account_id IN (SELECT account_id FROM asked)
  AND day BETWEEN {first:Date} AND {last:Date}
  AND touches > 0
  AND direction IN ('inbound', 'mutual')
GROUP BY account_id, channel
ORDER BY account_id, channel

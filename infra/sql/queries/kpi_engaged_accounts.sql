-- Accounts of which somebody came to us or met us, machines out.
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together. parameters: firsts and lasts Array(Date), the windows, both ends included; first and last Date, their earliest
-- and latest day; accounts Array(String), empty for all; by Array(String) of channel, segment and group.
SELECT grp, w, grouping(grp) AS is_total, uniqExact(account_id) AS accounts, uniqExact(contact_key) AS contacts
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', day.account_id, one = 'group', if(declared.group_id = '', day.account_id, declared.group_id), one = 'channel', toString(kind), declared.segment), {by:Array(String)}) AS grp,
        arrayJoin(arrayFilter(
            n -> day BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w,
        day.account_id AS account_id,
        contact_key,
        direction != 'outbound' AS engaged
    FROM
    (
        SELECT DISTINCT account_id, day, contact_key, kind, direction
        FROM contact_day FINAL
        WHERE account_id != ''
          AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
          AND day BETWEEN {first:Date} AND {last:Date}
          AND touches > 0
          AND direction IN ('inbound', 'mutual')
          AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
    ) AS day
    LEFT JOIN
    (
        SELECT account_id, concat(tier, ' ', kind) AS segment, group_id FROM accounts FINAL
    ) AS declared ON declared.account_id = day.account_id
)
GROUP BY GROUPING SETS ((w, grp), (w))

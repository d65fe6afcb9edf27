-- Response time: hours from a mail of the account to our first reply, of the replies in the window. Questions are looked for in
-- the 60 days before; a reply that took longer is in none. By the clocks of the senders: a reply before its question is left out.
-- keys: prefix of the sort key of touches (day).
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together; within_sla: the part answered in time. parameters: sla_hours Float64; firsts and lasts Array(Date), the windows, both ends included; first and last Date, their earliest
-- and latest day; accounts Array(String), empty for all; by Array(String) of account, group and segment.
SELECT grp, w, grouping(grp) AS is_total, quantileExactInclusive(0.5)(hours) AS median_hours, count() AS replies,
    countIf(hours <= {sla_hours:Float64}) / replies AS within_sla
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', counted.account_id, one = 'group', if(declared.group_id = '', counted.account_id, declared.group_id), declared.segment), {by:Array(String)}) AS grp,
        arrayJoin(arrayFilter(
            n -> replied.replied_on BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w,
        dateDiff('millisecond', asked.occurred_at, replied.replied_at) / 3600000 AS hours
    FROM
    (
        SELECT contact_key, answers, min(occurred_at) AS replied_at, argMin(day, occurred_at) AS replied_on
        FROM touches FINAL
        WHERE day BETWEEN {first:Date} - 60 AND {last:Date}
          AND kind = 'email' AND direction = 'outbound' AND machine = '' AND answers != toUUID('00000000-0000-0000-0000-000000000000')
        GROUP BY contact_key, answers
    ) AS replied
    INNER JOIN
    (
        SELECT contact_key, event_id, occurred_at
        FROM touches FINAL
        WHERE day BETWEEN {first:Date} - 60 AND {last:Date}
          AND kind = 'email' AND direction = 'inbound' AND machine = ''
    ) AS asked ON asked.contact_key = replied.contact_key AND asked.event_id = replied.answers
    INNER JOIN
    (
        SELECT DISTINCT account_id, day, contact_key
        FROM contact_day FINAL
        WHERE account_id != ''
          AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
          AND day BETWEEN {first:Date} AND {last:Date}
          AND kind = 'email' AND direction = 'outbound'
    ) AS counted ON counted.contact_key = replied.contact_key AND counted.day = replied.replied_on
    LEFT JOIN
    (
        SELECT account_id, concat(tier, ' ', kind) AS segment, group_id FROM accounts FINAL
    ) AS declared ON declared.account_id = counted.account_id
    WHERE replied.replied_at >= asked.occurred_at
)
GROUP BY GROUPING SETS ((w, grp), (w))

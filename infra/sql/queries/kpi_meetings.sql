-- Meetings held: different subjects on a day with an account. Sources tell a meeting once for each who was there, so that
-- events cannot be counted. The touches of these days are read for their subjects; whose they are the contact-days say.
-- keys: prefix of the sort key of touches (day).
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together. parameters: firsts and lasts Array(Date), the windows, both ends included; first and last Date, their earliest
-- and latest day; accounts Array(String), empty for all; by Array(String) of account, group and segment.
SELECT grp, w, grouping(grp) AS is_total,
    if(is_total = 1, uniqExact(account_id, day, subject), uniqExact(unit, day, subject)) AS meetings
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', counted.account_id, one = 'group', if(declared.group_id = '', counted.account_id, declared.group_id), declared.segment), {by:Array(String)}) AS grp,
        arrayJoin(arrayFilter(
            n -> counted.day BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w,
        counted.account_id AS account_id,
        if(has({by:Array(String)}, 'group') AND NOT has({by:Array(String)}, 'account') AND declared.group_id != '', declared.group_id, counted.account_id) AS unit,
        counted.day AS day, told.subject AS subject
    FROM
    (
        SELECT
            if(identified.known_key = '', t.contact_key, identified.known_key) AS contact_key,
            t.day AS day, t.subject AS subject
        FROM
        (
            SELECT contact_key, day, subject
            FROM touches FINAL
            WHERE day BETWEEN {first:Date} AND {last:Date}
              AND kind = 'meeting' AND action IN ('held', 'attended') AND direction = 'mutual' AND machine = ''
        ) AS t
        LEFT JOIN
        (
            SELECT contact_key, identified_as AS known_key FROM contacts FINAL WHERE identified_as != ''
        ) AS identified ON identified.contact_key = t.contact_key
    ) AS told
    INNER JOIN
    (
        SELECT DISTINCT account_id, day, contact_key
        FROM contact_day FINAL
        WHERE account_id != ''
          AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
          AND day BETWEEN {first:Date} AND {last:Date}
          AND kind = 'meeting' AND action IN ('held', 'attended') AND direction = 'mutual' AND touches > 0
    ) AS counted ON counted.contact_key = told.contact_key AND counted.day = told.day
    LEFT JOIN
    (
        SELECT account_id, concat(tier, ' ', kind) AS segment, group_id FROM accounts FINAL
    ) AS declared ON declared.account_id = counted.account_id
)
GROUP BY GROUPING SETS ((w, grp), (w))

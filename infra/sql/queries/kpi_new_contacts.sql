-- New contacts made: people whose first engaged touch with the account, of all time, is in the window; by group, with any
-- account of the group. Who changed company is new to the other account; in a total a person counts once.
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together. parameters: firsts and lasts Array(Date), the windows, both ends included; first and last Date, their earliest
-- and latest day; accounts Array(String), empty for all; by Array(String) of account, group, segment and seniority.
SELECT grp, w, grouping(grp) AS is_total,
    if(is_total = 1, uniqExact(contact_key), uniqExactIf(contact_key, is_new)) AS contacts
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', account_id, one = 'group', group_id, one = 'seniority', seniority, segment), {by:Array(String)}) AS grp,
        arrayJoin(arrayFilter(
            n -> first_on BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w,
        contact_key,
        is_new
    FROM
    (
        SELECT
            made.account_id AS account_id, made.contact_key AS contact_key, made.first_on AS first_on,
            declared.segment AS segment,
            if(declared.group_id = '', made.account_id, declared.group_id) AS group_id,
            if(known.seniority IN ('executive', 'management', 'staff'), known.seniority, 'unknown') AS seniority,
            NOT has({by:Array(String)}, 'group') OR has({by:Array(String)}, 'account')
                OR first_on = min(made.first_on) OVER (PARTITION BY group_id, contact_key) AS is_new
        FROM
        (
            SELECT account_id, contact_key, min(day) AS first_on
            FROM contact_day FINAL
            WHERE account_id != ''
              AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
              AND day <= {last:Date}
              AND touches > 0
              AND direction IN ('inbound', 'mutual')
              AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
            GROUP BY account_id, contact_key
        ) AS made
        LEFT JOIN
        (
            SELECT contact_key, toString(seniority) AS seniority FROM contacts FINAL
        ) AS known ON known.contact_key = made.contact_key
        LEFT JOIN
        (
            SELECT account_id, concat(tier, ' ', kind) AS segment, group_id FROM accounts FINAL
        ) AS declared ON declared.account_id = made.account_id
    )
)
GROUP BY GROUPING SETS ((w, grp), (w))

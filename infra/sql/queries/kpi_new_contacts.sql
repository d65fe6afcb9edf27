-- New contacts made: people whose first engaged touch with the account, of all time, is in the window. Who changed company is
-- new to the other account; in a total a person counts once.
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together. parameters: firsts and lasts Array(Date), the windows, both ends included; first and last Date, their earliest
-- and latest day; accounts Array(String), empty for all; by Array(String) of account, segment and seniority.
SELECT grp, w, grouping(grp) AS is_total, uniqExact(contact_key) AS contacts
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', made.account_id, one = 'seniority', if(known.seniority IN ('executive', 'management', 'staff'), known.seniority, 'unknown'), declared.segment), {by:Array(String)}) AS grp,
        arrayJoin(arrayFilter(
            n -> first_on BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w,
        made.contact_key AS contact_key
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
        HAVING first_on >= {first:Date}
    ) AS made
    LEFT JOIN
    (
        SELECT contact_key, toString(seniority) AS seniority FROM contacts FINAL
    ) AS known ON known.contact_key = made.contact_key
    LEFT JOIN
    (
        SELECT account_id, concat(tier, ' ', kind) AS segment FROM accounts FINAL
    ) AS declared ON declared.account_id = made.account_id
)
GROUP BY GROUPING SETS ((w, grp), (w))

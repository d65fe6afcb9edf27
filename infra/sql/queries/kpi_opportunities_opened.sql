-- Opportunities opened in the window. One whose first day nobody knows is in none.
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together. parameters: firsts and lasts Array(Date), the windows, both ends included; first and last Date, their earliest
-- and latest day; accounts Array(String), empty for all; by Array(String) of account, group, product and segment; known_before DateTime64,
-- the first moment of which statements do not count.
SELECT grp, w, grouping(grp) AS is_total, count() AS opportunities
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', ifNull(o.counts_for, ''), one = 'group', if(declared.group_id = '', ifNull(o.counts_for, ''), declared.group_id), one = 'product', o.product, declared.segment), {by:Array(String)}) AS grp,
        arrayJoin(arrayFilter(
            n -> assumeNotNull(o.opened_on) BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w,
        o.opportunity_id AS opportunity_id
    FROM opportunities_known(known_before = {known_before:DateTime64(6, 'UTC')}) AS o
    LEFT JOIN
    (
        SELECT account_id, concat(tier, ' ', kind) AS segment, group_id FROM accounts FINAL
    ) AS declared ON declared.account_id = o.counts_for
    WHERE o.opened_on BETWEEN {first:Date} AND {last:Date}
      AND (empty({accounts:Array(String)}) OR ifNull(o.counts_for, '') IN {accounts:Array(String)})
)
GROUP BY GROUPING SETS ((w, grp), (w))

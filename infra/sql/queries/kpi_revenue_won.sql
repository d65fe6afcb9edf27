-- Revenue won: amounts of the opportunities won in the window, each currency for itself. Opportunities whose amount nobody
-- knows are counted in without_amount; where no amount is known, neither is the sum.
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together. parameters: firsts and lasts Array(Date), the windows, both ends included; first and last Date, their earliest
-- and latest day; accounts Array(String), empty for all; by Array(String) of account, group, product and segment; known_before DateTime64,
-- the first moment of which statements do not count.
SELECT grp, w, grouping(grp) AS is_total, currency, sum(amount_known) AS amount, count() AS won,
    countIf(amount_known IS NULL) AS without_amount
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', ifNull(o.counts_for, ''), one = 'group', if(declared.group_id = '', ifNull(o.counts_for, ''), declared.group_id), one = 'product', o.product, declared.segment), {by:Array(String)}) AS grp,
        arrayJoin(arrayFilter(
            n -> assumeNotNull(o.closed_on) BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w,
        ifNull(o.currency, '') AS currency, o.amount AS amount_known
    FROM opportunities_known(known_before = {known_before:DateTime64(6, 'UTC')}) AS o
    LEFT JOIN
    (
        SELECT account_id, concat(tier, ' ', kind) AS segment, group_id FROM accounts FINAL
    ) AS declared ON declared.account_id = o.counts_for
    WHERE o.outcome = 'won' AND o.closed_on BETWEEN {first:Date} AND {last:Date}
      AND (empty({accounts:Array(String)}) OR ifNull(o.counts_for, '') IN {accounts:Array(String)})
)
GROUP BY GROUPING SETS ((w, currency, grp), (w, currency))

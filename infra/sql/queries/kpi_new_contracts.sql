-- New contracts: accounts whose first opportunity ever won was closed in the window.
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together. parameters: firsts and lasts Array(Date), the windows, both ends included; first and last Date, their earliest
-- and latest day; accounts Array(String), empty for all; by Array(String) of account, group and segment; known_before DateTime64,
-- the first moment of which statements do not count.
SELECT grp, w, grouping(grp) AS is_total, count() AS contracts
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', first_won.account_id, one = 'group', if(declared.group_id = '', first_won.account_id, declared.group_id), declared.segment), {by:Array(String)}) AS grp,
        arrayJoin(arrayFilter(
            n -> won_on BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w
    FROM
    (
        SELECT assumeNotNull(counts_for) AS account_id, assumeNotNull(min(closed_on)) AS won_on
        FROM opportunities_known(known_before = {known_before:DateTime64(6, 'UTC')})
        WHERE outcome = 'won' AND closed_on <= {last:Date} AND counts_for != ''
          AND (empty({accounts:Array(String)}) OR counts_for IN {accounts:Array(String)})
        GROUP BY counts_for
    ) AS first_won
    LEFT JOIN
    (
        SELECT account_id, concat(tier, ' ', kind) AS segment, group_id FROM accounts FINAL
    ) AS declared ON declared.account_id = first_won.account_id
)
GROUP BY GROUPING SETS ((w, grp), (w))

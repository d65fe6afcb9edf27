-- NPS: of the answers in the window, the part of promoters less the part of detractors, in percent points.
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together. parameters: firsts and lasts Array(Date), the windows, both ends included; first and last Date, their earliest
-- and latest day; accounts Array(String), empty for all; by Array(String) of account, group and segment; known_before DateTime64,
-- the first moment of which statements do not count.
SELECT
    grp, w, grouping(grp) AS is_total, 100 * (promoters - detractors) / answers AS nps,
    countIf(category = 'promoter') AS promoters, countIf(category = 'detractor') AS detractors, count() AS answers
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', ifNull(a.counts_for, ''), one = 'group', if(declared.group_id = '', ifNull(a.counts_for, ''), declared.group_id), declared.segment), {by:Array(String)}) AS grp,
        arrayJoin(arrayFilter(
            n -> a.answered_on BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w,
        a.category AS category
    FROM nps_answers_known(known_before = {known_before:DateTime64(6, 'UTC')}) AS a
    LEFT JOIN
    (
        SELECT account_id, concat(tier, ' ', kind) AS segment, group_id FROM accounts FINAL
    ) AS declared ON declared.account_id = a.counts_for
    WHERE a.answered_on BETWEEN {first:Date} AND {last:Date}
      AND (empty({accounts:Array(String)}) OR ifNull(a.counts_for, '') IN {accounts:Array(String)})
)
GROUP BY GROUPING SETS ((w, grp), (w))

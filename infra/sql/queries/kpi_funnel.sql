-- Funnel: accounts that entered each phase in the window; and of those that entered a phase in it, the part that had entered
-- the next one by its last day.
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together. parameters: firsts and lasts Array(Date), the windows, both ends included; accounts Array(String), empty for all;
-- by Array(String) of account, group and segment; known_before DateTime64, the first moment of which statements do not count;
-- profile String, version of the score profile; zone String.
SELECT
    grp,
    w,
    grouping(grp) AS is_total,
    countIf(entered[1]) AS prospects,
    countIf(entered[2]) AS mqls,
    countIf(entered[3]) AS sqls,
    countIf(entered[4]) AS wins,
    countIf(entered[5]) AS live,
    countIf(entered[6]) AS mrr,
    NULL AS profit,
    if(prospects = 0, NULL, countIf(entered[1] AND reached[2]) / prospects) AS to_mql,
    if(mqls = 0, NULL, countIf(entered[2] AND reached[3]) / mqls) AS to_sql,
    if(sqls = 0, NULL, countIf(entered[3] AND reached[4]) / sqls) AS to_win,
    if(wins = 0, NULL, countIf(entered[4] AND reached[5]) / wins) AS to_live,
    if(live = 0, NULL, countIf(entered[5] AND reached[6]) / live) AS to_mrr
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', account_id, one = 'group', group_id, segment), {by:Array(String)}) AS grp,
        [prospect_on, mql_on, sql_on, win_on, live_on, mrr_on] AS days,
        arrayJoin(arrayFilter(
            n -> arrayExists(
                day -> ifNull(day BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], 0), days
            ),
            arrayEnumerate({firsts:Array(Date)})
        )) AS w,
        arrayMap(day -> ifNull(day BETWEEN {firsts:Array(Date)}[w] AND {lasts:Array(Date)}[w], 0), days) AS entered,
        arrayMap(day -> ifNull(day <= {lasts:Array(Date)}[w], 0), days) AS reached
    FROM funnel_phases(
        known_before = {known_before:DateTime64(6, 'UTC')}, profile = {profile:String}, zone = {zone:String}
    )
    WHERE empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)}
)
GROUP BY GROUPING SETS ((w, grp), (w))

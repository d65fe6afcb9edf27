-- Cross- and up-sell: what an account that was a customer on an earlier day bought. Of a product that it did not have on an
-- earlier day the whole amount is cross-sell; of one that it had, what the day's amount is above the highest of one earlier day,
-- in the same currency, is up-sell. Without known amount: in neither, counted in without_amount; where no amount at all is known they are NULL.
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together. parameters: firsts and lasts Array(Date), the windows, both ends included; first and last Date, their earliest
-- and latest day; accounts Array(String), empty for all; by Array(String) of account, group, product and segment; known_before DateTime64,
-- the first moment of which statements do not count.
SELECT
    grp, w, grouping(grp) AS is_total, currency, cross_sell + up_sell AS amount,
    if(max(known) OR without_amount = 0, sum(crossed), NULL) AS cross_sell,
    if(max(known) OR without_amount = 0, sum(upped), NULL) AS up_sell, sum(missing) AS without_amount
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', sold.account_id, one = 'group', if(declared.group_id = '', sold.account_id, declared.group_id), one = 'product', sold.product, declared.segment), {by:Array(String)}) AS grp,
        arrayJoin(arrayFilter(
            n -> day BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w,
        currency,
        if(day > customer_since, unknown, 0) AS missing,
        day > customer_since AND told IS NOT NULL AS known,
        if(day > customer_since AND day = has_since, ifNull(told, 0), 0) AS crossed,
        if(day > has_since, greatest(ifNull(told - highest, 0), 0), 0) AS upped
    FROM
    (
        SELECT
            account_id, product, currency, day, told, unknown,
            min(day) OVER (PARTITION BY account_id) AS customer_since,
            min(day) OVER (PARTITION BY account_id, product) AS has_since,
            max(told) OVER (
                PARTITION BY account_id, product, currency ORDER BY day
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS highest
        FROM
        (
            SELECT
                assumeNotNull(counts_for) AS account_id, product, ifNull(currency, '') AS currency,
                assumeNotNull(closed_on) AS day, sum(amount) AS told, countIf(amount IS NULL) AS unknown
            FROM opportunities_known(known_before = {known_before:DateTime64(6, 'UTC')})
            WHERE outcome = 'won' AND closed_on <= {last:Date} AND counts_for != ''
              AND (empty({accounts:Array(String)}) OR counts_for IN {accounts:Array(String)})
            GROUP BY account_id, product, currency, day
        )
    ) AS sold
    LEFT JOIN
    (
        SELECT account_id, concat(tier, ' ', kind) AS segment, group_id FROM accounts FINAL
    ) AS declared ON declared.account_id = sold.account_id
    WHERE product != ''
)
GROUP BY GROUPING SETS ((w, currency, grp), (w, currency))

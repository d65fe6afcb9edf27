-- Opportunities as of the end of a business day: what was closed later was open still, what was opened later is not there.
-- One that nobody knows a day of is there from the business day of its last statement on; of its stages only the last is
-- known. It counts for what its account was part of on the day it was closed, while it was open on the day asked as of.
-- grain: opportunity. parameters: as_of Date; zone String, whose days are business days; accounts Array(String), empty for all.
SELECT
    o.opportunity_id AS opportunity_id,
    coalesce(nullIf(arrayLast(one -> one.1 <= least({as_of:Date}, ifNull(o.closed_on, {as_of:Date})), part.merges).2, ''), o.account_id)
        AS account_id,
    o.name AS name, o.product AS product,
    o.stage AS stage, o.amount AS amount, o.currency AS currency, o.opened_on AS opened_on,
    if(o.outcome != 'open' AND o.closed_on > {as_of:Date}, 'open', o.outcome) AS outcome,
    if(o.closed_on > {as_of:Date}, NULL, o.closed_on) AS closed_on
FROM opportunities AS o
LEFT JOIN
(
    SELECT account_id AS merged_id, merges FROM accounts FINAL WHERE notEmpty(merges)
) AS part ON part.merged_id = o.account_id
WHERE coalesce(o.opened_on, o.closed_on, toDate(o.recorded_at, {zone:String})) <= {as_of:Date}
  AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
ORDER BY opportunity_id

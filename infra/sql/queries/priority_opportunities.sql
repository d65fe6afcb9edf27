-- Opportunities as they stood at the end of a business day, as far as they were known by then: what was closed later was
-- open still, what was opened later is not there; what has no day is there from its first statement on. account_id: that it
-- counted for on the day it was closed, while it was open on the day asked as of; empty where nobody knows.
-- grain: opportunity. parameters: as_of Date; known_before DateTime64, the first moment of which statements do not count.
SELECT
    opportunity_id,
    coalesce(nullIf(arrayLast(one -> one.1 <= least({as_of:Date}, ifNull(o.closed_on, {as_of:Date})), part.merges).2, ''), o.account_id, '')
        AS account_id,
    o.name AS name, o.product AS product, o.stage AS stage,
    if(o.outcome != 'open' AND o.closed_on > {as_of:Date}, 'open', o.outcome) AS outcome,
    o.amount AS amount, o.currency AS currency, toDate32(o.opened_on) AS opened_on,
    toDate32(if(o.closed_on > {as_of:Date}, NULL, o.closed_on)) AS closed_on,
    toDate32(if(o.outcome != 'open' AND o.closed_on > {as_of:Date}, o.closed_on, o.expected_on)) AS expected_on
FROM opportunities_known(known_before = {known_before:DateTime64(6, 'UTC')}) AS o
LEFT JOIN (SELECT account_id AS merged_id, merges FROM accounts FINAL WHERE notEmpty(merges)) AS part ON part.merged_id = o.account_id
WHERE coalesce(o.opened_on, o.closed_on) IS NULL OR coalesce(o.opened_on, o.closed_on) <= {as_of:Date}
ORDER BY opportunity_id

-- Opportunities as of the end of a business day: what was closed later was open still, what was opened later is not there.
-- One that nobody knows the first day of is there from its first statement on; of its stages only the last is known.
-- grain: opportunity. parameters: as_of Date, accounts Array(String), empty for all.
SELECT
    o.opportunity_id AS opportunity_id, o.counts_for AS account_id, o.name AS name, o.product AS product,
    o.stage AS stage, o.amount AS amount, o.currency AS currency, o.opened_on AS opened_on,
    if(o.outcome != 'open' AND o.closed_on > {as_of:Date}, 'open', o.outcome) AS outcome,
    if(o.closed_on > {as_of:Date}, NULL, o.closed_on) AS closed_on
FROM opportunities AS o
WHERE coalesce(o.opened_on, o.closed_on, toDate(o.recorded_at)) <= {as_of:Date}
  AND (empty({accounts:Array(String)}) OR o.counts_for IN {accounts:Array(String)})
ORDER BY opportunity_id

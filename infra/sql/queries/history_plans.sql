-- All that was ever stated of the plans of accounts, to fold as of any day.
-- grain: row of facts; a fact that was stored twice may be there twice. external table: asked (account_id).
SELECT account_id, body
FROM facts
WHERE type IN ('plan_item_stated', 'plan_item_dropped') AND account_id IN (SELECT account_id FROM asked)
ORDER BY account_id

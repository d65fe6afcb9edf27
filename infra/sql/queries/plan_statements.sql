-- What was stated of the plan of an account before a moment, to fold: what stood then, and how it came to be.
-- grain: row of facts; a fact that was stored twice may be there twice. parameters: account String,
-- known_before DateTime64, the first moment that does not count.
SELECT f.body AS body
FROM facts AS f
WHERE f.type IN ('plan_item_stated', 'plan_item_dropped')
  AND JSONExtractString(f.body, 'account_id') = {account:String}
  AND f.recorded_at < {known_before:DateTime64(6, 'UTC')}

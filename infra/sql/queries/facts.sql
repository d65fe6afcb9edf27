-- The next facts that the directory is the fold of, in the order of their ids; those beside it (models/side_facts.py) are
-- not among them. A fact that was stored twice may be there twice.
-- grain: row of facts. parameters: after String (a fact_id; zeros for the beginning), most UInt64.
-- keys: prefix of the sort key of facts, read from `after` on and, being without FINAL, not to its end.
SELECT lower(hex(f.fact_id)) AS fact_id, body
FROM facts AS f
WHERE f.fact_id > toUUID({after:String})
  AND type NOT IN ('account_profiled', 'case_recorded', 'kpi_target_set', 'nps_answered', 'opportunity_recorded',
    'plan_item_dropped', 'plan_item_stated', 'product_declared')
ORDER BY f.fact_id
LIMIT {most:UInt64}

-- Into the shadow the statements beside the directory that it does not have: nothing is derived from them, so no cycle need see them.
-- grain: fact. parameters: live, shadow Identifier (databases).
INSERT INTO {shadow:Identifier}.facts
SELECT * FROM {live:Identifier}.facts FINAL
WHERE type IN ('account_profiled', 'case_recorded', 'kpi_target_set', 'nps_answered', 'opportunity_recorded',
    'plan_item_dropped', 'plan_item_stated', 'product_declared')
  AND fact_id NOT IN (SELECT fact_id FROM {shadow:Identifier}.facts)

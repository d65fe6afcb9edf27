-- How many facts the directory is the fold of; those beside it (models/side_facts.py) are not among them.
-- grain: one row.
SELECT uniqExact(fact_id) AS facts FROM facts
WHERE type NOT IN ('account_profiled', 'case_recorded', 'kpi_target_set', 'nps_answered', 'opportunity_recorded',
    'plan_item_dropped', 'plan_item_stated', 'product_declared')

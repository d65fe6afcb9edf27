-- Which facts of the directory were stored since a moment, those stored again since then among them.
-- grain: fact, or several times one. parameters: since Int64, Unix microseconds of ClickHouse's clock.
-- keys: none; the index over stored_at leaves out the parts that were written before.
SELECT lower(hex(fact_id)) AS fact_id, toUnixTimestamp64Micro(stored_at) AS stored_us
FROM facts
WHERE stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  AND type NOT IN ('account_profiled', 'case_recorded', 'kpi_target_set', 'nps_answered', 'opportunity_recorded',
    'plan_item_dropped', 'plan_item_stated', 'product_declared')

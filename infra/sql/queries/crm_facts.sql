-- Statements from a CRM, for an import to see what it says anew.
-- grain: fact. parameters: bucket and buckets UInt64: a share of them, so that an answer is bounded.
SELECT body FROM facts FINAL
WHERE type IN ('case_recorded', 'nps_answered', 'opportunity_recorded', 'product_declared')
  AND cityHash64(fact_id) % {buckets:UInt64} = {bucket:UInt64}

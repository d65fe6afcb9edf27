-- A share of the facts that the directory is the fold of: all of them may be more than one answer can hold. Those of a CRM
-- (models/crm_facts.py) are not among them.
-- grain: fact. parameters: bucket and buckets UInt64.
SELECT lower(hex(fact_id)) AS fact_id, body FROM facts FINAL
WHERE type NOT IN ('case_recorded', 'nps_answered', 'opportunity_recorded', 'product_declared')
  AND cityHash64(fact_id) % {buckets:UInt64} = {bucket:UInt64}

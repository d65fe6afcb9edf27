-- How many facts the directory is the fold of; those of a CRM (models/crm_facts.py) are not among them.
-- grain: one row.
SELECT uniqExact(fact_id) AS facts FROM facts
WHERE type NOT IN ('case_recorded', 'nps_answered', 'opportunity_recorded', 'product_declared')

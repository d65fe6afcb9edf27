-- All facts that the directory is the fold of; those of a CRM (models/crm_facts.py) are not among them.
-- grain: fact.
SELECT body FROM facts FINAL
WHERE type NOT IN ('case_recorded', 'nps_answered', 'opportunity_recorded', 'product_declared')

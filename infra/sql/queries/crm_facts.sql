-- All statements from a CRM, for an import to see what it says anew.
-- grain: fact.
SELECT body FROM facts FINAL
WHERE type IN ('case_recorded', 'nps_answered', 'opportunity_recorded', 'product_declared')

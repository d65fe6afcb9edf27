-- How many facts of the directory and corrections there are, and to how many of the facts the contact-days have been bound.
-- Those of a CRM change no binding: they are not counted, as infra/sql/queries/facts.sql leaves them out.
-- grain: one row.
SELECT
    (
        SELECT uniqExact(fact_id) FROM facts
        WHERE type NOT IN ('case_recorded', 'nps_answered', 'opportunity_recorded', 'product_declared')
    ) AS facts,
    (SELECT uniqExact(correction_id) FROM corrections) AS corrections,
    (SELECT max(epoch) FROM bound_epochs) AS bound_facts

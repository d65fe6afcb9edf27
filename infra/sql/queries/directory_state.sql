-- How many facts and corrections there are, and to how many of the facts the contact-days have been bound.
-- grain: one row.
SELECT
    (SELECT uniqExact(fact_id) FROM facts) AS facts,
    (SELECT uniqExact(correction_id) FROM corrections) AS corrections,
    (SELECT max(epoch) FROM bound_epochs) AS bound_facts

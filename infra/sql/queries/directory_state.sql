-- How many facts there are, and to how many of them the contact-days have been bound.
-- grain: one row.
SELECT
    (SELECT uniqExact(fact_id) FROM facts) AS epoch,
    (SELECT max(epoch) FROM bound_epochs) AS bound_epoch

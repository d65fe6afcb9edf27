-- The epoch to which contact-days are bound for sure: facts and corrections, as in directory_state, of the bound directory.
-- grain: one row.
SELECT
    (SELECT max(epoch) FROM bound_epochs) + (SELECT uniqExact(correction_id) FROM corrections) AS epoch

-- What a ranking is made of, counted: none of it falls. Asked before the ranking's own questions, so that it claims too
-- little at worst.
-- grain: one row. parameters: first and last Date, of touches that count, both included. epoch: facts stored, which
-- opportunities, revenue and plans are read from, facts bound, which accounts and contact-days follow, and corrections.
SELECT
    (SELECT uniqExact(fact_id) FROM facts)
        + (SELECT max(epoch) FROM bound_epochs)
        + (SELECT uniqExact(correction_id) FROM corrections) AS epoch,
    (
        SELECT sum(touches)
        FROM contact_day FINAL
        WHERE account_id != '' AND day BETWEEN {first:Date} AND {last:Date}
    ) AS touches

-- What tells whether the facts have changed, how many corrections there are, to how many of the facts the
-- contact-days have been bound, and by which version of the table the titles of contacts were last read then.
-- grain: one row. written: of the rows that there are, a sum: as long as it is the same, the facts are. To count the
-- facts needs all their ids in memory.
SELECT
    (SELECT sum(cityHash64(fact_id, stored_at)) FROM facts) AS written,
    (SELECT uniqExact(correction_id) FROM corrections) AS corrections,
    (SELECT max(epoch) FROM bound_epochs) AS bound_facts,
    (SELECT argMax(titles, (bound_at, epoch)) FROM bound_epochs) AS titles

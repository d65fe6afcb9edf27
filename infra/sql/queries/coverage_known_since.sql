-- The first day of which the store has a contact-day: before, nobody in touch is unknown and not none. NULL without any.
-- grain: one row. Answered from the partitions' bounds.
SELECT minOrNull(day) AS known_since FROM contact_day

-- Into a table like rollup_unbound_touches: touches of the days from first to last that count for no account.
-- grain: day x channel x why. parameters: staging, the table; first, last Date. keys: prefix of the sort key of contact_day.
INSERT INTO {staging:Identifier} (day, channel, why, contacts, touches)
SELECT day, kind, bound_by, uniqExact(contact_key), sum(by_people)
FROM
(
    SELECT day, kind, bound_by, contact_key, touches AS by_people
    FROM contact_day FINAL
    WHERE account_id = '' AND day BETWEEN {first:Date} AND {last:Date} AND by_people > 0
)
GROUP BY day, kind, bound_by

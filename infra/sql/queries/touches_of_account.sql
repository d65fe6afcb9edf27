-- The touches behind an account's numbers; those of visitors who turned out to be its contacts are among them.
-- grain: touch. parameters: account_id String; from and to Date, both included.
WITH counted AS
(
    SELECT DISTINCT contact_key, day FROM contact_day FINAL
    WHERE account_id = {account_id:String} AND day BETWEEN {from:Date} AND {to:Date}
)
SELECT t.event_id, t.occurred_at, t.day, t.kind, t.action, t.direction, t.contact_key, t.subject, t.machine
FROM touches AS t FINAL
WHERE (t.contact_key, t.day) IN
    (
        SELECT contact_key, day FROM counted
        UNION ALL
        SELECT visitor.contact_key, counted.day
        FROM counted
        INNER JOIN (SELECT contact_key, identified_as FROM contacts FINAL WHERE identified_as != '') AS visitor
            ON visitor.identified_as = counted.contact_key
    )
ORDER BY t.occurred_at DESC, t.event_id, t.contact_key

-- The touches behind an account's numbers.
-- grain: touch. parameters: account_id String; from and to Date, both included.
SELECT t.event_id, t.occurred_at, t.day, t.kind, t.action, t.direction, t.contact_key, t.subject, t.machine
FROM touches AS t FINAL
WHERE (t.contact_key, t.day) IN
    (
        SELECT contact_key, day FROM contact_day FINAL
        WHERE account_id = {account_id:String} AND day BETWEEN {from:Date} AND {to:Date}
    )
ORDER BY t.occurred_at DESC, t.event_id, t.contact_key

-- Support cases as last told. grain: case. external table: asked (account_id). Days as in history_contacts.
SELECT account_id, case_id, severity, toInt32(opened_on) + 719163 AS opened_on, toInt32(closed_on) + 719163 AS closed_on
FROM cases
WHERE account_id IN (SELECT account_id FROM asked)
ORDER BY case_id

-- Since when the store knows of touches that count for accounts; NULL where it knows of none.
-- grain: one row. Machines alone are no touch.
SELECT minOrNull(day) AS day FROM contact_day FINAL WHERE account_id != '' AND touches > 0

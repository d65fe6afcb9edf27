-- Since when the store knows of touches that count for accounts; NULL where it knows of none.
-- grain: one row. No FINAL: a row that was superseded says no other day than the one that stands.
SELECT minOrNull(day) AS day FROM contact_day WHERE account_id != '' AND is_deleted = 0

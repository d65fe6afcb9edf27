-- The contacts who are at some accounts on a day, by facts or by touches: see the view.
-- grain: account x contact. parameters: accounts Array(String), empty for all; day Date, the last that counts.
SELECT account_id, contact_key, name, title, department, seniority, job_function
FROM contacts_at(accounts = {accounts:Array(String)}, day = {day:Date})
ORDER BY account_id, contact_key

-- Answers to the NPS question. grain: answer. external table: asked (account_id). Days as in history_contacts.
SELECT account_id, score, toInt32(answered_on) + 719163 AS answered_on, ifNull(contact_key, '') AS contact_key
FROM nps_answers
WHERE account_id IN (SELECT account_id FROM asked)
ORDER BY answered_on, contact_key, score

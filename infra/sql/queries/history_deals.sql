-- Opportunities as last told, with their days.
-- grain: opportunity. external table: asked (account_id). parameter: zone String, whose days are business days. Days as in
-- history_contacts.
SELECT
    counts_for AS account_id, opportunity_id, name, product, stage, outcome, amount, currency,
    toInt32(opened_on) + 719163 AS opened_on, toInt32(expected_on) + 719163 AS expected_on, toInt32(closed_on) + 719163 AS closed_on,
    toInt32(toDate(recorded_at, {zone:String})) + 719163 AS told_on
FROM opportunities
WHERE counts_for IN (SELECT account_id FROM asked)
ORDER BY opportunity_id

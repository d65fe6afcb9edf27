-- When facts first told of people, and where they say that they are, from a day on.
-- grain: contact x first day of a membership. external table: named (contact_key). Days as in history_contacts; since 1: always.
-- Of two statements about the same day the later recorded holds; for an account that has become part of another stands that
-- one, whenever it did. parameter: zone String, whose days are business days.
SELECT
    contact_key,
    since,
    argMax(if(end.merged_into = '', account, end.merged_into), (recorded_at, id)) AS account_id,
    min(toInt32(toDate(recorded_at, {zone:String})) + 719163) AS named_on
FROM
(
    SELECT
        contact_key,
        ifNull(toInt32(toDateOrNull(JSONExtractString(body, 'since'))) + 719163, 1) AS since,
        account_id AS account,
        recorded_at,
        toString(fact_id) AS id
    FROM facts
    WHERE type = 'contact_declared' AND contact_key IN (SELECT contact_key FROM named)
) AS told
LEFT JOIN (SELECT account_id AS merged_id, merged_into FROM accounts FINAL WHERE merged_into != '') AS end ON end.merged_id = told.account
GROUP BY contact_key, since
ORDER BY contact_key, since

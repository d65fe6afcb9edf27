-- Whom account plans name as deciding or approving, as known before a moment. Of an identified visitor the contact that she
-- turned out to be. One that was dropped has no item, and so no role. account_id: that the plan's account was part of on the
-- day asked as of.
-- grain: stakeholder of the plan of an account. parameters: as_of Date; known_before DateTime64, the first moment of which
-- statements do not count.
SELECT
    coalesce(nullIf(arrayLast(one -> one.1 <= {as_of:Date}, part.merges).2, ''), stated.account) AS account_id,
    concat(stated.account, ':', stated.item_key) AS key,
    JSONExtractString(item, 'name') AS name,
    JSONExtractString(item, 'title') AS title,
    if(known.identified_as = '', named, known.identified_as) AS contact_key,
    JSONExtractString(item, 'relationship') AS relationship,
    JSONExtractString(item, 'decision_role') AS decision_role,
    latest AS recorded_at
FROM
(
    SELECT
        argMax(body, (recorded_at, toString(fact_id))) AS told,
        max(recorded_at) AS latest,
        JSONExtractString(body, 'account_id') AS account,
        JSONExtractString(body, 'key') AS item_key,
        JSONExtractRaw(told, 'item') AS item,
        JSONExtractString(item, 'contact_key') AS named
    FROM facts
    WHERE type IN ('plan_item_stated', 'plan_item_dropped') AND recorded_at < {known_before:DateTime64(6, 'UTC')}
      AND if(type = 'plan_item_dropped', JSONExtractString(body, 'part'), JSONExtractString(body, 'item', 'part')) = 'stakeholder'
    GROUP BY account, item_key
) AS stated
LEFT JOIN (SELECT account_id AS merged_id, merges FROM accounts FINAL) AS part ON part.merged_id = stated.account
LEFT JOIN (SELECT contact_key AS visitor, identified_as FROM contacts FINAL) AS known ON known.visitor = stated.named
WHERE decision_role IN ('decides', 'approves')
ORDER BY account_id, key

-- Whom an account's plan named, as recorded before a moment; under the key that the contact is known by today.
-- grain: stakeholder. parameters: account_id String; known_before DateTime64, the first moment that does not count.
SELECT
    stakeholder,
    if(visitor.identified_as = '', told_key, visitor.identified_as) AS contact_key,
    JSONExtractString(item, 'name') AS name,
    JSONExtractString(item, 'title') AS title,
    JSONExtractString(item, 'department') AS department,
    JSONExtractString(item, 'relationship') AS relationship,
    JSONExtractString(item, 'decision_role') AS decision_role,
    JSONExtract(item, 'approval_step', 'Nullable(UInt8)') AS approval_step,
    JSONExtractString(item, 'owner') AS owner
FROM
(
    SELECT JSONExtractString(told, 'key') AS stakeholder, JSONExtractRaw(told, 'item') AS item,
        JSONExtractString(told, 'item', 'contact_key') AS told_key
    FROM
    (
        SELECT argMax(body, (recorded_at, toString(fact_id))) AS told
        FROM facts
        WHERE type IN ('plan_item_stated', 'plan_item_dropped')
          AND recorded_at < {known_before:DateTime64(6, 'UTC')}
          AND JSONExtractString(body, 'account_id') = {account_id:String}
          AND if(type = 'plan_item_dropped', JSONExtractString(body, 'part'), JSONExtractString(body, 'item', 'part')) = 'stakeholder'
        GROUP BY JSONExtractString(body, 'key')
    )
    WHERE JSONExtractString(told, 'type') = 'plan_item_stated'
) AS named
LEFT JOIN
(
    SELECT contact_key AS visitor_key, identified_as FROM contacts FINAL WHERE identified_as != ''
) AS visitor ON visitor.visitor_key = named.told_key
ORDER BY stakeholder

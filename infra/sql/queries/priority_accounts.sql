-- Accounts with their profiles, as known before a moment; those that have become part of others by a day are left out.
-- grain: account. parameters: as_of Date, of mergers; known_before DateTime64, the first moment of which profiles do not count.
SELECT
    a.account_id AS account_id, a.name AS name, toString(a.tier) AS tier, toString(a.kind) AS kind,
    ifNull(p.told, '') AS profile
FROM accounts AS a FINAL
LEFT JOIN
(
    SELECT JSONExtractString(body, 'account_id') AS profiled, argMax(body, (recorded_at, toString(fact_id))) AS told
    FROM facts
    WHERE type = 'account_profiled' AND recorded_at < {known_before:DateTime64(6, 'UTC')}
    GROUP BY profiled
) AS p ON p.profiled = a.account_id
WHERE a.merged_into = '' OR a.merged_since > {as_of:Date}
ORDER BY account_id

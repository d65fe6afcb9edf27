-- Accounts as last declared, without those that have become part of others.
-- grain: account. parameters: accounts Array(String), empty for all.
SELECT account_id, name, toString(tier) AS tier, toString(kind) AS kind, domains, parent_account_id
FROM accounts FINAL
WHERE merged_into = '' AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
ORDER BY account_id

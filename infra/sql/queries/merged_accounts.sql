-- Accounts that have become part of others.
-- grain: account. parameters: accounts Array(String), empty for all.
SELECT account_id
FROM accounts FINAL
WHERE merged_into != '' AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})

-- Accounts as last declared, without those that have become part of others by a day.
-- grain: account. parameters: accounts Array(String), empty for all; as_of Date: of mergers with a date those that have begun
-- by then count.
SELECT account_id, name, toString(tier) AS tier, toString(kind) AS kind, domains, parent_account_id
FROM accounts FINAL
WHERE (merged_into = '' OR merged_since > {as_of:Date})
  AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
ORDER BY account_id

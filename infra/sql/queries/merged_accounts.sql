-- Accounts that have become part of others by a day.
-- grain: account. parameters: accounts Array(String), empty for all; as_of Date.
SELECT account_id
FROM accounts FINAL
WHERE merged_into != '' AND ifNull(merged_since <= {as_of:Date}, 1)
  AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})

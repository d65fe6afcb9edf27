-- One account as last declared, also one that has become part of another.
-- grain: account. parameters: account_id String; day Date. merged_into: the account that it counts for on the day, '' where
-- itself; merged_since: from when on it counts for others, NULL where always or never.
SELECT
    account_id, name, toString(tier) AS tier,
    arrayLast(one -> one.1 <= {day:Date}, merges).2 AS merged_into,
    toDate32(merged_since) AS merged_since
FROM accounts FINAL
WHERE account_id = {account_id:String}

-- One account, merged or not, as a plan needs it.
-- grain: account. parameters: account String; day Date. merged_into: the account that it counts for on the day, '' where itself.
SELECT name, toString(kind) AS kind, arrayLast(one -> one.1 <= {day:Date}, merges).2 AS merged_into
FROM accounts FINAL
WHERE account_id = {account:String}

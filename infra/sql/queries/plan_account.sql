-- One account, merged or not, as a plan needs it.
-- grain: account. parameter: account String.
SELECT name, toString(kind) AS kind, merged_into FROM accounts FINAL WHERE account_id = {account:String}

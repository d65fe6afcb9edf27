-- One account as last declared, also one that has become part of another.
-- grain: account. parameters: account_id String.
SELECT account_id, name, toString(tier) AS tier, merged_into FROM accounts FINAL WHERE account_id = {account_id:String}

-- Groups of companies, by the parents that accounts declare.

ALTER TABLE accounts ADD COLUMN IF NOT EXISTS group_id String
    COMMENT 'account at the top of its group (企業グループ), itself where it has no known parent; empty until the next statement about an account' AFTER parent_account_id;

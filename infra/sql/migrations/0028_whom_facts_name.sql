-- Which account and which contact a fact names stands beside its body: whoever asks for those of an account does not read
-- the bodies of all. By default, so that what is inserted without it has it too.

ALTER TABLE facts ADD COLUMN IF NOT EXISTS account_id String DEFAULT JSONExtractString(body, 'account_id')
    COMMENT 'account that it names, empty where it names none' AFTER body;

ALTER TABLE facts ADD COLUMN IF NOT EXISTS contact_key String DEFAULT JSONExtractString(body, 'contact_key')
    COMMENT 'contact that it names, empty where it names none' AFTER account_id;

ALTER TABLE facts MATERIALIZE COLUMN account_id;

ALTER TABLE facts MATERIALIZE COLUMN contact_key;

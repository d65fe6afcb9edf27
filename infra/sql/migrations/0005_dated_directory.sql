-- What the directory knows since facts tell of merged accounts, of memberships with a first day, and of identified visitors.

ALTER TABLE accounts ADD COLUMN IF NOT EXISTS merged_into String
    COMMENT 'account that this one has become part of in the end, empty if none' AFTER parent_account_id;

ALTER TABLE contacts ADD COLUMN IF NOT EXISTS since Nullable(Date)
    COMMENT 'first day of the last declared membership, NULL where it has none' AFTER seniority;

ALTER TABLE contacts ADD COLUMN IF NOT EXISTS identified_as String
    COMMENT 'contact that this visitor turned out to be, empty if none' AFTER since;

ALTER TABLE revenue ADD COLUMN IF NOT EXISTS counts_for String DEFAULT account_id
    COMMENT 'account that the revenue counts for: the one that account_id has become part of, else itself' AFTER amount;

ALTER TABLE facts COMMENT COLUMN type
    'account_declared, account_merged, contact_declared, own_domain_declared, revenue_recorded, visitor_identified';

ALTER TABLE contacts COMMENT COLUMN account_id
    'account of the last declared membership, empty where the domain decides';

ALTER TABLE contact_day COMMENT COLUMN contact_key
    'identity of the contact; touches of identified visitors count under the key of the known contact';

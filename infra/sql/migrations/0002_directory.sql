-- Facts, and the directory they fold to. `epoch` is the number of facts folded: the higher is the newer.

-- grain: one statement, by its content.
CREATE TABLE facts
(
    fact_id     UUID COMMENT 'identity: the content of the statement',
    type        LowCardinality(String) COMMENT 'account_declared, contact_declared, own_domain_declared, revenue_recorded',
    recorded_at DateTime64(6, 'UTC') COMMENT 'when it was stated; the later statement holds',
    body        String COMMENT 'the statement as JSON' CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
ORDER BY fact_id
COMMENT 'Dated statements about accounts, contacts and revenue';

-- grain: one directory epoch to which every contact-day has been bound.
CREATE TABLE bound_epochs
(
    epoch    UInt64 COMMENT 'number of facts folded',
    bound_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the binding was done'
)
ENGINE = ReplacingMergeTree(bound_at)
ORDER BY epoch
COMMENT 'Which states of the directory the contact-days have been bound to';

-- grain: one account.
CREATE TABLE accounts
(
    account_id        String COMMENT 'key of the account',
    name              String COMMENT 'name as declared',
    domains           Array(String) COMMENT 'mail and web domains; subdomains belong to them',
    tier              LowCardinality(String) COMMENT 'strategic, target ...',
    kind              LowCardinality(String) COMMENT 'customer, partner ...',
    parent_account_id String COMMENT 'account of the parent company, empty if none',
    epoch             UInt64 COMMENT 'version: directory epoch'
)
ENGINE = ReplacingMergeTree(epoch)
ORDER BY account_id
COMMENT 'Accounts as last declared';

-- grain: one contact that facts speak of.
CREATE TABLE contacts
(
    contact_key String COMMENT 'identity of the contact',
    account_id  String COMMENT 'account declared for the contact, empty where its domain decides',
    name        String COMMENT 'name of the person',
    title       String COMMENT 'title as written',
    department  String COMMENT 'department as written',
    seniority   LowCardinality(String) COMMENT 'executive, management, staff or unknown',
    epoch       UInt64 COMMENT 'version: directory epoch'
)
ENGINE = ReplacingMergeTree(epoch)
ORDER BY contact_key
COMMENT 'Contacts as last declared';

-- grain: account x month x currency.
CREATE TABLE revenue
(
    account_id String COMMENT 'account',
    month      Date COMMENT 'first day of the month',
    currency   LowCardinality(String) COMMENT 'ISO 4217',
    amount     Float64 COMMENT 'revenue of the month in that currency',
    epoch      UInt64 COMMENT 'version: directory epoch'
)
ENGINE = ReplacingMergeTree(epoch)
ORDER BY (account_id, month, currency)
COMMENT 'Revenue by month as last recorded; a month without a row is unknown, not zero';

-- Roll-ups for BI tools: docs/bi.md, docs/adr/0021-rollups-by-changed-partitions.md. They hold no person but the owners of
-- opportunities. A partition is put in place as a whole: read them without FINAL. Of each partition one row has a signature,
-- which says what the partition was computed from, and nothing else; readers take the rows without one. A period is in the
-- partition of the year in which it ends, so that what is new in a year changes no partition of the year before.

-- grain: account x month x channel, and channel `all`; and a row a partition with its signature.
CREATE TABLE rollup_engagement_rate
(
    account_id String COMMENT 'account',
    month      Date COMMENT 'first day of the calendar month',
    channel    LowCardinality(String) COMMENT 'web, email, event or meeting; all: all of them together, each contact once',
    reached    UInt64 COMMENT 'contacts that we reached or that came by themselves',
    engaged    UInt64 COMMENT 'contacts of those that came to us or met us',
    signature  String COMMENT 'of what the partition was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
PARTITION BY toYear(month)
ORDER BY (account_id, month, channel)
COMMENT 'Roll-up of the view engagement_rate';

-- grain: account x fiscal quarter x channel, and channel `all`; and a row a partition with its signature.
CREATE TABLE rollup_engagement_rate_quarter
(
    account_id String COMMENT 'account',
    quarter    Date COMMENT 'first day of the fiscal quarter',
    channel    LowCardinality(String) COMMENT 'web, email, event or meeting; all: all of them together, each contact once',
    reached    UInt64 COMMENT 'contacts that we reached or that came by themselves',
    engaged    UInt64 COMMENT 'contacts of those that came to us or met us',
    signature  String COMMENT 'of what the partition was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
PARTITION BY toYear(quarter + toIntervalMonth(2))
ORDER BY (account_id, quarter, channel)
COMMENT 'Roll-up of the view engagement_rate_quarter';

-- grain: account x week in which anybody touched us or was written to; and a row a partition with its signature.
CREATE TABLE rollup_account_week
(
    account_id       String COMMENT 'account',
    week             Date COMMENT 'Monday of the ISO week',
    days_in_touch    UInt64 COMMENT 'days on which people of the account came to us or met us',
    engaged_contacts UInt64 COMMENT 'different people who did, known by address or id',
    managers_engaged UInt64 COMMENT 'of those, executives and managers',
    web_touches      UInt64 COMMENT 'engaged touches: web visits',
    email_touches    UInt64 COMMENT 'engaged touches: mails from them, and opened or clicked ones of ours',
    event_touches    UInt64 COMMENT 'engaged touches: events and webinars',
    meeting_touches  UInt64 COMMENT 'engaged touches: meetings, one for each attendee',
    outbound_touches UInt64 COMMENT 'what we sent them, what came back included',
    signature        String COMMENT 'of what the partition was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
PARTITION BY toYear(week + 6)
ORDER BY (account_id, week)
COMMENT 'Roll-up of the view account_week';

-- grain: account x fiscal quarter with an engaged contact; and a row a partition with its signature.
CREATE TABLE rollup_management_contacts
(
    account_id String COMMENT 'account',
    quarter    Date COMMENT 'first day of the fiscal quarter',
    executives UInt64 COMMENT 'executives engaged',
    managers   UInt64 COMMENT 'managers engaged',
    staff      UInt64 COMMENT 'others of known seniority engaged',
    unknown    UInt64 COMMENT 'people engaged of whom nobody knows the seniority',
    signature  String COMMENT 'of what the partition was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
PARTITION BY toYear(quarter + toIntervalMonth(2))
ORDER BY (account_id, quarter)
COMMENT 'Roll-up of the view management_contacts, without the revenue';

-- grain: day x channel x why, of touches that count for no account; and a row a partition with its signature.
CREATE TABLE rollup_unbound_touches
(
    day       Date COMMENT 'business day',
    channel   LowCardinality(String) COMMENT 'web, email, event or meeting',
    why       LowCardinality(String) COMMENT 'unbound, free_mail or own',
    contacts  UInt64 COMMENT 'contacts, visitors known by a cookie or address only included',
    touches   UInt64 COMMENT 'touches by people',
    signature String COMMENT 'of what the partition was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
PARTITION BY toYear(day)
ORDER BY (day, channel, why)
COMMENT 'Roll-up of the view unbound_touches';

-- grain: account x fiscal quarter with revenue; and one row with the signature.
CREATE TABLE rollup_revenue_quarter
(
    account_id String COMMENT 'account that it counts for, mergers followed',
    quarter    Date COMMENT 'first day of the fiscal quarter',
    revenue    Nullable(Float64) COMMENT 'what the account paid, in currency; NULL where one of the three months is not recorded',
    currency   LowCardinality(String) COMMENT 'ISO 4217: the one in which most months of the account are recorded',
    signature  String COMMENT 'of what the table was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
ORDER BY (account_id, quarter)
COMMENT 'Roll-up of revenue by fiscal quarter, for the view management_contacts';

-- grain: opportunity; and one row with the signature.
CREATE TABLE rollup_pipeline
(
    opportunity_id String COMMENT 'key of the opportunity in the CRM',
    account_id     Nullable(String) COMMENT 'account that it counts for, mergers followed; NULL where nobody knows whose it is',
    name           String COMMENT 'name of the opportunity',
    product        String COMMENT 'product, empty if none',
    stage          String COMMENT 'stage in the words of the CRM',
    outcome        LowCardinality(String) COMMENT 'open, won or lost',
    amount         Nullable(Float64) COMMENT 'amount in currency, NULL where it is not known',
    currency       Nullable(String) COMMENT 'ISO 4217',
    opened_on      Nullable(Date) COMMENT 'business day on which work on it began, NULL where it is not known',
    expected_on    Nullable(Date) COMMENT 'business day on which an open one is to be closed',
    closed_on      Nullable(Date) COMMENT 'business day on which it was won or lost',
    recorded_at    DateTime64(6, 'UTC') COMMENT 'when the CRM last stated it',
    signature      String COMMENT 'of what the table was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
ORDER BY opportunity_id
COMMENT 'Roll-up of the view pipeline';

-- grain: opportunity of which the CRM names an owner; and one row with the signature.
CREATE TABLE rollup_opportunity_owners
(
    opportunity_id String COMMENT 'key of the opportunity in the CRM',
    owner          String COMMENT 'who on our side works on it, as written',
    signature      String COMMENT 'of what the table was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
ORDER BY opportunity_id
COMMENT 'Roll-up of the view opportunity_owners, which shows persons';

-- grain: account that stands; and one row with the signature.
CREATE TABLE rollup_coverage
(
    account_id         String COMMENT 'account',
    as_of              Date COMMENT 'business day that it is told of',
    known              UInt64 COMMENT 'people we know there',
    engaged            Nullable(UInt64) COMMENT 'of those, in touch in the last 90 days; NULL where the store has no touches yet',
    management         Nullable(UInt64) COMMENT 'of those, executives and managers',
    wanted             Nullable(UInt64) COMMENT 'contacts that the account plan wants; NULL where it has no targets',
    missing            Nullable(UInt64) COMMENT 'of those, contacts that we lack',
    share_of_strongest Nullable(Float64) COMMENT 'share of the person most in touch in the contact-days of 180 days, 0 to 1; NULL where nobody was',
    signature          String COMMENT 'of what the table was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
ORDER BY account_id
COMMENT 'Roll-up of the view coverage';

-- grain: account that stands; and one row with the signature.
CREATE TABLE rollup_engagement_score
(
    account_id String COMMENT 'account',
    as_of      Date COMMENT 'business day at the end of which it has this score',
    profile    LowCardinality(String) COMMENT 'version of the score profile: its name and a digest of its content',
    score      Nullable(Float64) COMMENT 'engagement score in points; NULL where the store has no touches yet',
    change     Nullable(Float64) COMMENT 'by how many points it has risen or fallen in 28 days; NULL where the score before is not known',
    stage      LowCardinality(Nullable(String)) COMMENT 'stage, as in stage_transitions',
    people     Nullable(UInt32) COMMENT 'people who engaged lately',
    managers   Nullable(UInt32) COMMENT 'executives and management among them',
    signature  String COMMENT 'of what the table was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
ORDER BY account_id
COMMENT 'Roll-up of the view engagement_score';

-- grain: roll-up that was ever computed.
CREATE TABLE rollup_refreshes
(
    rollup      LowCardinality(String) COMMENT 'table of the roll-up, without rollup_',
    current_at  DateTime64(6, 'UTC') COMMENT 'when the last refresh that found or made it right began: what was stored before is in it',
    computed_at DateTime64(6, 'UTC') COMMENT 'the same of the last refresh that had something to compute'
)
ENGINE = ReplacingMergeTree(current_at)
ORDER BY rollup
COMMENT 'How fresh the roll-ups are';

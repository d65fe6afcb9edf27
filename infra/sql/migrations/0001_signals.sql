-- What arrived, as received, and what became of it.
-- Versions are `rank`: the higher, the earlier received, so that the first arrival stands in whatever order rows come.

-- grain: one body as received, by its content. Source of every replay.
CREATE TABLE archive
(
    record_id    UUID COMMENT 'identity of the body: source, adapter and bytes',
    source       LowCardinality(String) COMMENT 'configured source',
    adapter      LowCardinality(String) COMMENT 'adapter that reads the body',
    content_type LowCardinality(String) COMMENT 'as the sender named it',
    own_domains  LowCardinality(String) COMMENT 'own mail domains the adapter was told of, comma-separated',
    received_at  DateTime64(6, 'UTC') COMMENT 'our clock, when the body first arrived',
    topic        LowCardinality(String) COMMENT 'Kafka topic of the first arrival',
    partition    UInt32 COMMENT 'Kafka partition of the first arrival',
    offset       UInt64 COMMENT 'Kafka offset of the first arrival',
    body         String COMMENT 'the bytes as received' CODEC(ZSTD(3)),
    rank         UInt64 COMMENT 'version: higher is earlier received'
)
ENGINE = ReplacingMergeTree(rank)
ORDER BY record_id
SETTINGS index_granularity = 256
COMMENT 'Bodies as received, one row a distinct body';

-- grain: one refused event of one body.
CREATE TABLE dead_letters
(
    record_id   UUID COMMENT 'the body it came in, see archive',
    position    UInt32 COMMENT 'position of the event within the body, from 0',
    reason      LowCardinality(String) COMMENT 'closed set, see docs/dead-letters.md',
    detail      String COMMENT 'the field, the value and what is wrong with it',
    source      LowCardinality(String) COMMENT 'configured source',
    adapter     LowCardinality(String) COMMENT 'adapter that read the body',
    received_at DateTime64(6, 'UTC') COMMENT 'our clock, when the body first arrived',
    topic       LowCardinality(String) COMMENT 'Kafka topic of the first arrival',
    partition   UInt32 COMMENT 'Kafka partition of the first arrival',
    offset      UInt64 COMMENT 'Kafka offset of the first arrival',
    raw         String COMMENT 'the bytes of the event as received' CODEC(ZSTD(3)),
    rank        UInt64 COMMENT 'version: higher is earlier received; of a conflicting id, the precedence of what stands',
    is_deleted  UInt8 COMMENT '1 where a conflicting id turned out to be its own after all'
)
ENGINE = ReplacingMergeTree(rank, is_deleted)
ORDER BY (record_id, position)
COMMENT 'Events that were refused, each with its reason and its bytes';

-- grain: one signal seen from one contact. Keys are immutable; the account is not among them.
CREATE TABLE touches
(
    contact_key String COMMENT 'identity of the contact: mail:, id:, anon:, host: or ip: and the value',
    day         Date COMMENT 'business day of occurred_at',
    event_id    UUID COMMENT 'identity of the event: from its source and the id it has there',
    occurred_at DateTime64(3, 'UTC') COMMENT 'the clock of the source',
    received_at DateTime64(6, 'UTC') COMMENT 'our clock, first arrival',
    kind        LowCardinality(String) COMMENT 'web, email, event or meeting',
    action      LowCardinality(String) COMMENT 'what happened: page_viewed, received, attended, held ...',
    direction   LowCardinality(String) COMMENT 'inbound (they came), outbound (we wrote), mutual or internal',
    affiliation String COMMENT 'evidence for the company: host name of the address or visitor, or org: and a name',
    machine     LowCardinality(String) COMMENT 'empty for a person, else why it counts for nothing',
    campaign    LowCardinality(String) COMMENT 'campaign the source named',
    subject     String COMMENT 'page path, meeting or event name' CODEC(ZSTD(1)),
    source      LowCardinality(String) COMMENT 'source of the event',
    record_id   UUID COMMENT 'the body it came in, see archive',
    precedence  UInt64 COMMENT 'version: higher is earlier received, then earlier in its body; odd for a tombstone',
    is_deleted  UInt8 COMMENT '1 where the event lost its id to other content'
)
ENGINE = ReplacingMergeTree(precedence, is_deleted)
PARTITION BY toYear(day)
ORDER BY (day, contact_key, event_id)
SETTINGS index_granularity = 1024
COMMENT 'Touches: one signal seen from one contact';

-- grain: one event in one body. Written before its touches: who asks afterwards sees every claim to the same id.
CREATE TABLE events
(
    event_id   UUID COMMENT 'identity of the event',
    content    UUID COMMENT 'digest of all that is stored of it',
    record_id  UUID COMMENT 'the body it came in, see archive',
    position   UInt32 COMMENT 'position of the event within the body, from 0',
    precedence UInt64 COMMENT 'version: higher is earlier received, then earlier in its body; the highest of an event stands'
)
ENGINE = ReplacingMergeTree(precedence)
ORDER BY (event_id, content, record_id, position)
SETTINGS index_granularity = 256
COMMENT 'Arrivals of events: duplicates, and several contents under one id';

-- grain: one content that lost its event id to another.
CREATE TABLE corrections
(
    correction_id UUID COMMENT 'identity: the event, what stands and what was taken back'
)
ENGINE = ReplacingMergeTree
ORDER BY correction_id
COMMENT 'Touches taken back; each raises the epoch, so that what was computed with them is out of date';

-- grain: account x day x contact x kind x action x direction. A pure function of touches and the directory.
CREATE TABLE contact_day
(
    account_id      String COMMENT 'account on that day; empty where the contact belongs to none',
    day             Date COMMENT 'business day',
    contact_key     String COMMENT 'identity of the contact',
    kind            LowCardinality(String) COMMENT 'web, email, event or meeting',
    action          LowCardinality(String) COMMENT 'what happened',
    direction       LowCardinality(String) COMMENT 'inbound, outbound, mutual or internal',
    bound_by        LowCardinality(String) COMMENT 'contact, domain, organization; else own, free_mail or unbound',
    touches         UInt32 COMMENT 'touches by people',
    machine_touches UInt32 COMMENT 'touches by machines; they count for nothing',
    first_at        DateTime64(3, 'UTC') COMMENT 'earliest of the touches',
    last_at         DateTime64(3, 'UTC') COMMENT 'latest of the touches',
    version         UInt64 COMMENT 'epoch (facts and corrections), then the number of touches read',
    is_deleted      UInt8 COMMENT '1 where the group no longer exists'
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYear(day)
ORDER BY (account_id, day, contact_key, kind, action, direction)
COMMENT 'Base aggregate: touches of an account by day, contact, kind, action and direction';

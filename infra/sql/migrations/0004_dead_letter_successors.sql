-- What was sent again for a dead letter, and which dead letters are open since.

-- grain: dead letter x event it was sent again as. A set: sending the same again changes nothing.
CREATE TABLE dead_letter_successors
(
    record_id UUID COMMENT 'the dead letter: its body',
    position  UInt32 COMMENT 'the dead letter: its position within the body',
    event_id  UUID COMMENT 'the event it was read as when it was sent again; of a fact its fact_id',
    content   UUID COMMENT 'digest of all that is stored of that event; of a fact its fact_id',
    sent_as   UUID COMMENT 'the body it was sent in: the same after a requeue, another one after a repair',
    sent_at   DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when it was sent; nothing is decided by it'
)
ENGINE = ReplacingMergeTree
ORDER BY (record_id, position, event_id, content)
COMMENT 'Events that dead letters were sent again as';

-- grain: one refused event that is not stored to this day.
CREATE VIEW open_dead_letters
(
    record_id   UUID COMMENT 'the body it came in, see archive',
    position    UInt32 COMMENT 'position of the event within the body, from 0',
    reason      LowCardinality(String) COMMENT 'closed set, see docs/dead-letters.md',
    detail      String COMMENT 'the field, the value and what is wrong with it',
    source      LowCardinality(String) COMMENT 'configured source',
    adapter     LowCardinality(String) COMMENT 'adapter that read the body',
    received_at DateTime64(6, 'UTC') COMMENT 'our clock, when the body first arrived',
    topic       LowCardinality(String) COMMENT 'Kafka topic',
    partition   UInt32 COMMENT 'Kafka partition',
    offset      UInt64 COMMENT 'Kafka offset',
    raw         String COMMENT 'the bytes of the event as received'
)
AS SELECT record_id, position, reason, detail, source, adapter, received_at, topic, partition, offset, raw
FROM dead_letters FINAL
WHERE (record_id, position) NOT IN (
    SELECT record_id, position FROM dead_letter_successors
    WHERE (event_id, content) IN (
            SELECT event_id, argMax(content, (precedence, hex(content))) FROM events
            WHERE event_id IN (SELECT event_id FROM dead_letter_successors)
            GROUP BY event_id
        )
       OR (content = event_id AND event_id IN (SELECT fact_id FROM facts))
)
COMMENT 'Dead letters that no event stored since has replaced';

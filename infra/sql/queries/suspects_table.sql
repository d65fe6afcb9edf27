-- Bodies that may be gone from Kafka; made in the shadow.
-- grain: body.
CREATE TABLE suspects
(
    record_id   UUID COMMENT 'the body, see archive',
    received_at DateTime64(6, 'UTC') COMMENT 'our clock, when the body first arrived'
)
ENGINE = MergeTree
ORDER BY record_id

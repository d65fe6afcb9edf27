-- Facts that signals state: which body said so; and when a fact was stored, so that workers read only what is new to them.

-- grain: one statement in one body of a signals topic. A set. Facts of the topic `facts` have none.
CREATE TABLE fact_sources
(
    fact_id   UUID COMMENT 'the statement',
    record_id UUID COMMENT 'the body that states it, see archive',
    position  UInt32 COMMENT 'position of the statement among all that the body says, from 0'
)
ENGINE = ReplacingMergeTree
ORDER BY (record_id, position, fact_id)
SETTINGS cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0
COMMENT 'Which bodies state which facts';

-- Parts written before have no such column and would answer the time of asking: it is written into them first.
ALTER TABLE facts ADD COLUMN IF NOT EXISTS stored_at DateTime64(6, 'UTC') DEFAULT toDateTime64('1970-01-01 00:00:00', 6, 'UTC')
    COMMENT 'when it was stored last; says what a worker has not read yet, and nothing else' AFTER body;
ALTER TABLE facts MATERIALIZE COLUMN stored_at SETTINGS mutations_sync = 2;
ALTER TABLE facts MODIFY COLUMN stored_at DEFAULT now64(6);
ALTER TABLE facts ADD INDEX IF NOT EXISTS stored stored_at TYPE minmax GRANULARITY 64;
ALTER TABLE facts COMMENT COLUMN type
    'account_declared, account_merged, contact_affiliated, contact_declared, contact_described, own_domain_declared, revenue_recorded, visitor_identified';

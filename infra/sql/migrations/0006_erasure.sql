-- People who were forgotten: what keeps them out, and what is still to be done of an erasure.

-- grain: address x run of `setten forget`. No personal data: without the key nobody can try addresses on the hashes.
CREATE TABLE erasures
(
    address_hash UUID COMMENT 'keyed hash of the forgotten address, see erasure_key',
    started_at   DateTime64(6, 'UTC') COMMENT 'when it was forgotten; what comes in from then on is redacted',
    finished_at  Nullable(DateTime64(6, 'UTC')) COMMENT 'when nothing was found any more; empty while it goes on, or was broken off',
    removed      Map(String, UInt64) COMMENT 'rows removed, by table, of all addresses of the run together',
    is_finished  UInt8 COMMENT 'version'
)
ENGINE = ReplacingMergeTree(is_finished)
ORDER BY (address_hash, started_at)
COMMENT 'Forgotten addresses, by keyed hash: the tombstones of erasures, and what keeps replays from bringing them back';

-- grain: one row. Not for BI: who has the key can try addresses on the hashes.
CREATE TABLE erasure_key
(
    key        String COMMENT 'secret of the keyed hashes; made once, the oldest counts',
    created_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when it was made'
)
ENGINE = MergeTree
ORDER BY created_at
COMMENT 'Secret of the hashes in erasures';

-- grain: one thing that a run of `setten forget` has still to do; empty when none goes on or was broken off.
CREATE TABLE erasure_pending
(
    run_id      UUID COMMENT 'the run',
    kind        LowCardinality(String) COMMENT 'old: a body to remove; again: a body to read again; fact; day',
    record_id   UUID COMMENT 'the body, or the fact_id of a fact to remove',
    contact_key String COMMENT 'of a contact-day to compute again: the contact; nobody who is forgotten',
    day         Date COMMENT 'of a contact-day to compute again: the day'
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, kind, record_id, contact_key, day)
COMMENT 'What erasures have still to do';

-- What is deleted is to leave the disk at once; by default ClickHouse looks for old files every half to five minutes.
ALTER TABLE archive MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
ALTER TABLE dead_letters MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
ALTER TABLE dead_letter_successors MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
ALTER TABLE touches MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
ALTER TABLE events MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
ALTER TABLE contact_day MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
ALTER TABLE facts MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
ALTER TABLE contacts MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
ALTER TABLE accounts MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
ALTER TABLE assessments MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
ALTER TABLE alerts MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;
ALTER TABLE erasure_pending MODIFY SETTING cleanup_delay_period = 5, max_cleanup_delay_period = 5, cleanup_delay_period_random_add = 0;

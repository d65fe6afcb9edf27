-- What the rules found, and the alerts that live on it.

-- grain: account x rule x as-of date, where the rule found something or could not judge.
CREATE TABLE assessments
(
    account_id   String COMMENT 'account',
    rule         LowCardinality(String) COMMENT 'rule, see docs/rules',
    as_of        Date COMMENT 'the day for which it was judged, that day included',
    status       LowCardinality(String) COMMENT 'finding or insufficient_data',
    rule_version LowCardinality(String) COMMENT 'version of the rule and its thresholds',
    evidence     String COMMENT 'observed, expected, window, thresholds and the query behind them, as JSON',
    assessed_at  DateTime64(6, 'UTC') COMMENT 'version: when it was judged',
    is_deleted   UInt8 COMMENT '1 where a later judgement of that day found nothing any more'
)
ENGINE = ReplacingMergeTree(assessed_at, is_deleted)
PARTITION BY toYear(as_of)
ORDER BY (account_id, rule, as_of)
COMMENT 'Findings and "insufficient data", by account, rule and day';

-- grain: one alert; deterministic id from account, rule and the day it opened.
CREATE TABLE alerts
(
    alert_id     UUID COMMENT 'identity: account, rule and the day it opened',
    account_id   String COMMENT 'account',
    rule         LowCardinality(String) COMMENT 'rule',
    rule_version LowCardinality(String) COMMENT 'version of the rule that spoke last',
    state        LowCardinality(String) COMMENT 'open, resolved or withdrawn',
    severity     LowCardinality(String) COMMENT 'critical, warning or info',
    opened_on    Date COMMENT 'first day on which the rule found it',
    seen_on      Date COMMENT 'last day on which the rule found it',
    resolved_on  Nullable(Date) COMMENT 'first day on which it no longer did',
    sentence_en  String COMMENT 'what was found, in English',
    sentence_ja  String COMMENT 'what was found, in Japanese',
    evidence     String COMMENT 'observed, expected, window, thresholds and the query behind them, as JSON',
    updated_at   DateTime64(6, 'UTC') COMMENT 'version: when it was last judged',
    is_deleted   UInt8 COMMENT '1 where it was withdrawn: another alert tells the same from an earlier day'
)
ENGINE = ReplacingMergeTree(updated_at, is_deleted)
ORDER BY alert_id
COMMENT 'Alerts, each in its last state';

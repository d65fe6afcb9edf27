-- Groups of companies, by the parents that accounts declare; mergers of accounts with their first day.

ALTER TABLE accounts ADD COLUMN IF NOT EXISTS group_id String
    COMMENT 'account at the top of its group (企業グループ), itself where it has no known parent; empty until the next statement about an account' AFTER parent_account_id;

ALTER TABLE accounts ADD COLUMN IF NOT EXISTS merged_since Nullable(Date)
    COMMENT 'first business day on which it counts for another account, NULL where it always did or never does' AFTER merged_into;

ALTER TABLE accounts ADD COLUMN IF NOT EXISTS merges Array(Tuple(Date, String)) DEFAULT if(merged_into = '', [], [(toDate(0), merged_into)])
    COMMENT 'accounts that it counts for, each from which day on; before the first it counts for itself' AFTER merged_since;

ALTER TABLE accounts COMMENT COLUMN merged_into
    'account that this one has become part of in the end, empty if none; from when on: merged_since, by day: merges';

ALTER TABLE revenue COMMENT COLUMN counts_for
    'account that the revenue counts for: the one that account_id was part of on the first day of the month, else itself';

ALTER TABLE contacts COMMENT COLUMN account_id
    'account of the last declared membership, or what that has become part of in the end; empty where the domain decides';

-- What a CRM tells counts by its day, as in 0008 and 0015 otherwise.

-- grain: one opportunity.
CREATE OR REPLACE VIEW opportunities
(
    opportunity_id     String COMMENT 'key of the opportunity in the CRM',
    account_id         Nullable(String) COMMENT 'account, NULL where nobody knows whose it is',
    account_as_written String COMMENT 'what the CRM calls the account, empty where it names none',
    counts_for         Nullable(String) COMMENT 'account that it counts for: the one that account_id was part of on the day it was closed, in the end while it is open, else itself',
    name               String COMMENT 'name of the opportunity',
    product            String COMMENT 'product, as in products where it is known there, else as written; empty if none',
    stage              String COMMENT 'stage in the words of the CRM',
    outcome            String COMMENT 'open, won or lost',
    amount             Nullable(Float64) COMMENT 'amount in currency, NULL where it is not known',
    currency           Nullable(String) COMMENT 'ISO 4217',
    opened_on          Nullable(Date) COMMENT 'business day on which work on it began, NULL where it is not known or has not begun',
    closed_on          Nullable(Date) COMMENT 'business day on which it was won or lost',
    expected_on        Nullable(Date) COMMENT 'business day on which an open one is to be closed',
    owner              String COMMENT 'who on our side works on it, as written',
    recorded_at        DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    JSONExtractString(told, 'opportunity_id') AS opportunity_id,
    JSONExtract(told, 'account_id', 'Nullable(String)') AS account_id,
    JSONExtractString(told, 'account_as_written') AS account_as_written,
    coalesce(nullIf(arrayLast(one -> one.1 <= ifNull(toDateOrNull(JSONExtractString(told, 'closed_on')), toDate('2149-06-06')), part.merges).2, ''), account_id) AS counts_for,
    JSONExtractString(told, 'name') AS name,
    JSONExtractString(told, 'product') AS product,
    JSONExtractString(told, 'stage') AS stage,
    JSONExtractString(told, 'outcome') AS outcome,
    JSONExtract(told, 'amount', 'Nullable(Float64)') AS amount,
    JSONExtract(told, 'currency', 'Nullable(String)') AS currency,
    toDateOrNull(JSONExtractString(told, 'opened_on')) AS opened_on,
    toDateOrNull(JSONExtractString(told, 'closed_on')) AS closed_on,
    toDateOrNull(JSONExtractString(told, 'expected_on')) AS expected_on,
    JSONExtractString(told, 'owner') AS owner,
    latest AS recorded_at
FROM
(
    SELECT argMax(body, (recorded_at, toString(fact_id))) AS told, max(recorded_at) AS latest
    FROM facts
    WHERE type = 'opportunity_recorded'
    GROUP BY JSONExtractString(body, 'opportunity_id')
) AS stated
LEFT JOIN (
    SELECT account_id AS merged_id, merges FROM accounts FINAL WHERE notEmpty(merges)
) AS part ON part.merged_id = JSONExtractString(stated.told, 'account_id')
COMMENT 'Opportunities as last recorded';

-- grain: one opportunity. parameter: known_before, the first moment that does not count.
CREATE OR REPLACE VIEW opportunities_known
(
    opportunity_id     String COMMENT 'key of the opportunity in the CRM',
    account_id         Nullable(String) COMMENT 'account, NULL where nobody knows whose it is',
    account_as_written String COMMENT 'what the CRM calls the account, empty where it names none',
    counts_for         Nullable(String) COMMENT 'account that it counts for: the one that account_id was part of on the day it was closed, in the end while it is open, else itself',
    name               String COMMENT 'name of the opportunity',
    product            String COMMENT 'product, as in products where it is known there, else as written; empty if none',
    stage              String COMMENT 'stage in the words of the CRM',
    outcome            String COMMENT 'open, won or lost',
    amount             Nullable(Float64) COMMENT 'amount in currency, NULL where it is not known',
    currency           Nullable(String) COMMENT 'ISO 4217',
    opened_on          Nullable(Date) COMMENT 'business day on which work on it began, NULL where it is not known or has not begun',
    closed_on          Nullable(Date) COMMENT 'business day on which it was won or lost',
    expected_on        Nullable(Date) COMMENT 'business day on which an open one is to be closed',
    owner              String COMMENT 'who on our side works on it, as written',
    recorded_at        DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    JSONExtractString(told, 'opportunity_id') AS opportunity_id,
    JSONExtract(told, 'account_id', 'Nullable(String)') AS account_id,
    JSONExtractString(told, 'account_as_written') AS account_as_written,
    coalesce(nullIf(arrayLast(one -> one.1 <= ifNull(toDateOrNull(JSONExtractString(told, 'closed_on')), toDate('2149-06-06')), part.merges).2, ''), account_id) AS counts_for,
    JSONExtractString(told, 'name') AS name,
    JSONExtractString(told, 'product') AS product,
    JSONExtractString(told, 'stage') AS stage,
    JSONExtractString(told, 'outcome') AS outcome,
    JSONExtract(told, 'amount', 'Nullable(Float64)') AS amount,
    JSONExtract(told, 'currency', 'Nullable(String)') AS currency,
    toDateOrNull(JSONExtractString(told, 'opened_on')) AS opened_on,
    toDateOrNull(JSONExtractString(told, 'closed_on')) AS closed_on,
    toDateOrNull(JSONExtractString(told, 'expected_on')) AS expected_on,
    JSONExtractString(told, 'owner') AS owner,
    latest AS recorded_at
FROM
(
    SELECT argMax(body, (recorded_at, toString(fact_id))) AS told, max(recorded_at) AS latest
    FROM facts
    WHERE type = 'opportunity_recorded' AND recorded_at < {known_before:DateTime64(6, 'UTC')}
    GROUP BY JSONExtractString(body, 'opportunity_id')
) AS stated
LEFT JOIN (
    SELECT account_id AS merged_id, merges FROM accounts FINAL WHERE notEmpty(merges)
) AS part ON part.merged_id = JSONExtractString(stated.told, 'account_id')
COMMENT 'Opportunities as recorded before a moment';

-- grain: one answer to the NPS question. parameter: known_before, the first moment that does not count.
CREATE OR REPLACE VIEW nps_answers_known
(
    answer_id   String COMMENT 'key of the answer, empty where the survey has none',
    account_id  Nullable(String) COMMENT 'account, NULL where nobody knows whose contact answered',
    counts_for  Nullable(String) COMMENT 'account that it counts for: the one that account_id was part of on the day of the answer, else itself',
    contact_key Nullable(String) COMMENT 'identity of the contact, NULL of an anonymous answer',
    score       UInt8 COMMENT '0 (would not recommend us at all) to 10',
    category    String COMMENT 'promoter (9 and 10), passive (7 and 8) or detractor (0 to 6)',
    answered_on Date COMMENT 'business day of the answer',
    recorded_at DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    JSONExtractString(told, 'answer_id') AS answer_id,
    JSONExtract(told, 'account_id', 'Nullable(String)') AS account_id,
    coalesce(nullIf(arrayLast(one -> one.1 <= toDate(JSONExtractString(told, 'answered_on')), part.merges).2, ''), account_id) AS counts_for,
    JSONExtract(told, 'contact_key', 'Nullable(String)') AS contact_key,
    toUInt8(JSONExtractUInt(told, 'score')) AS score,
    multiIf(score >= 9, 'promoter', score >= 7, 'passive', 'detractor') AS category,
    toDate(JSONExtractString(told, 'answered_on')) AS answered_on,
    latest AS recorded_at
FROM
(
    SELECT argMax(body, (recorded_at, toString(fact_id))) AS told, max(recorded_at) AS latest
    FROM facts
    WHERE type = 'nps_answered' AND recorded_at < {known_before:DateTime64(6, 'UTC')}
    GROUP BY
        JSONExtractString(body, 'answer_id') AS answer,
        if(answer = '', (JSONExtractString(body, 'account_id'), JSONExtractString(body, 'contact_key'),
            JSONExtractString(body, 'answered_on')), ('', '', ''))
) AS stated
LEFT JOIN (
    SELECT account_id AS merged_id, merges FROM accounts FINAL WHERE notEmpty(merges)
) AS part ON part.merged_id = JSONExtractString(stated.told, 'account_id')
COMMENT 'Answers to the NPS question as recorded before a moment';

-- Recorded rankings of accounts: docs/priority.md.

-- grain: account x business day x version of the priority model, ranked or not.
CREATE TABLE priorities
(
    model            LowCardinality(String) COMMENT 'version of the priority model: its name and a digest of its content',
    as_of            Date COMMENT 'business day at whose end the ranking is, of what was recorded by then',
    account_id       String COMMENT 'account',
    rank             Nullable(UInt32) COMMENT 'place among all accounts, from 1; NULL where too little is known',
    total            Nullable(Float64) COMMENT '0 to 10, the sum of the contributions; NULL where no factor is known',
    known            Float64 COMMENT 'share of the weight of which a factor is known, 0 to 1',
    icp_fit          Nullable(Float64) COMMENT 'fit with the ideal customer, 0 to 10; NULL where it is unknown',
    expected_revenue Nullable(Float64) COMMENT 'expected revenue, 0 to 10; NULL where it is unknown',
    purchase_history Nullable(Float64) COMMENT 'purchase history, 0 to 10; NULL where it is unknown',
    decision_makers  Nullable(Float64) COMMENT 'relationship with those who decide, 0 to 10; NULL where it is unknown',
    icp_fit_contribution          Nullable(Float64) COMMENT 'what it adds to the total',
    expected_revenue_contribution Nullable(Float64) COMMENT 'what it adds to the total',
    purchase_history_contribution Nullable(Float64) COMMENT 'what it adds to the total',
    decision_makers_contribution  Nullable(Float64) COMMENT 'what it adds to the total',
    version          UInt64 COMMENT 'epoch (facts stored, facts bound and corrections), then touches; one for the whole ranking: only rows of the highest of a model and day stand',
    computed_at      DateTime64(3, 'UTC') COMMENT 'when it was computed; decides nothing but which model was used last'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(as_of)
ORDER BY (model, as_of, account_id)
COMMENT 'Rankings of accounts by day, as far as they were recorded';

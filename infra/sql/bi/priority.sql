-- The latest ranking that was recorded: by the worker once a day, by setten prioritise --record.
-- grain: account that was ranked or had too little known.
CREATE VIEW priority
(
    account_id       String COMMENT 'account',
    account_name     String COMMENT 'name of the account (アカウント名)',
    segment          String COMMENT 'tier and kind as of now (セグメント)',
    as_of            Date COMMENT 'business day at whose end the ranking is (基準日)',
    rank             Nullable(UInt32) COMMENT 'place among all accounts, from 1 (順位); NULL where too little is known',
    total            Nullable(Float64) COMMENT '0 to 10, the sum of the contributions (合計); NULL where no factor is known',
    known            Float64 COMMENT 'share of the weight of which a factor is known, 0 to 1 (判明率)',
    icp_fit          Nullable(Float64) COMMENT 'fit with the ideal customer, 0 to 10 (理想顧客適合度); NULL where it is unknown',
    expected_revenue Nullable(Float64) COMMENT 'expected revenue, 0 to 10 (期待売上); NULL where it is unknown',
    purchase_history Nullable(Float64) COMMENT 'purchase history, 0 to 10 (購買実績); NULL where it is unknown',
    decision_makers  Nullable(Float64) COMMENT 'relationship with those who decide, 0 to 10 (決裁者との関係); NULL where it is unknown',
    icp_fit_contribution          Nullable(Float64) COMMENT 'what icp_fit adds to the total (寄与)',
    expected_revenue_contribution Nullable(Float64) COMMENT 'what expected_revenue adds to the total (寄与)',
    purchase_history_contribution Nullable(Float64) COMMENT 'what purchase_history adds to the total (寄与)',
    decision_makers_contribution  Nullable(Float64) COMMENT 'what decision_makers adds to the total (寄与)',
    model            String COMMENT 'version of the priority model (優先順位モデル)',
    computed_at      DateTime64(3, 'UTC') COMMENT 'when it was computed'
)
AS SELECT
    p.account_id AS account_id, named.name AS account_name, named.segment AS segment, p.as_of AS as_of, p.rank AS rank,
    p.total AS total, p.known AS known, p.icp_fit AS icp_fit, p.expected_revenue AS expected_revenue,
    p.purchase_history AS purchase_history, p.decision_makers AS decision_makers,
    p.icp_fit_contribution AS icp_fit_contribution, p.expected_revenue_contribution AS expected_revenue_contribution,
    p.purchase_history_contribution AS purchase_history_contribution,
    p.decision_makers_contribution AS decision_makers_contribution, toString(p.model) AS model, p.computed_at AS computed_at
FROM
(
    SELECT * FROM priorities FINAL
    WHERE (as_of, model, version) =
    (
        SELECT (as_of, model, max(version))
        FROM priorities
        GROUP BY as_of, model
        ORDER BY as_of DESC, max(computed_at) DESC
        LIMIT 1
    )
) AS p
LEFT JOIN (SELECT account_id, name, concat(tier, ' ', kind) AS segment FROM accounts FINAL) AS named
    ON named.account_id = p.account_id
SETTINGS do_not_merge_across_partitions_select_final = 1
COMMENT 'The latest recorded ranking of accounts, with what each factor adds'

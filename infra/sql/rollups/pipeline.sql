-- Into a table like rollup_pipeline: opportunities as the CRM last told them.
-- grain: opportunity. parameter: staging, the table.
INSERT INTO {staging:Identifier}
    (opportunity_id, account_id, name, product, stage, outcome, amount, currency, opened_on, expected_on, closed_on,
     recorded_at)
SELECT
    opportunity_id, counts_for, name, product, stage, outcome, amount, currency, opened_on, expected_on, closed_on,
    recorded_at
FROM opportunities

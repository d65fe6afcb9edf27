-- Into a table like rollup_plan_targets: contacts that account plans want.
-- grain: account x function x seniority. parameter: staging, the table.
INSERT INTO {staging:Identifier} (account_id, job_function, seniority, wanted, recorded_at)
SELECT account_id, job_function, seniority, wanted, recorded_at FROM plan_targets

-- Into a table like rollup_plan_competitors: competitors on what matters to the customer.
-- grain: account x competitor x priority of the customer. parameter: staging, the table.
INSERT INTO {staging:Identifier} (account_id, competitor, products, priority, importance, theirs, ours, recorded_at)
SELECT account_id, competitor, products, priority, importance, theirs, ours, recorded_at FROM plan_competitors

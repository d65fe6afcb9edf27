-- Into a table like rollup_opportunity_owners: who works on an opportunity.
-- grain: opportunity of which the CRM names an owner. parameter: staging, the table.
INSERT INTO {staging:Identifier} (opportunity_id, owner)
SELECT opportunity_id, owner FROM opportunities WHERE owner != ''

-- Into a table like rollup_stakeholders: stakeholders that account plans name.
-- grain: stakeholder. parameter: staging, the table.
INSERT INTO {staging:Identifier}
    (account_id, stakeholder, contact_key, name, title, department, relationship, decision_role, approval_step, owner,
     recorded_at)
SELECT
    account_id, stakeholder, contact_key, name, title, department, relationship, decision_role, approval_step, owner,
    recorded_at
FROM plan_stakeholders

-- Into a table like rollup_plan_actions: who does what by when, and the roles that he has in the team of the same plan.
-- grain: action, or request to our own company, of the plan of an account. parameter: staging, the table.
INSERT INTO {staging:Identifier}
    (account_id, kind, action, what, owner, owner_roles, due, status, done_on, rhythm, stakeholder, product, target,
     recorded_at)
SELECT
    a.account_id, a.kind, a.action, a.what, a.owner, team.roles, a.due, a.status, a.done_on, a.rhythm, a.stakeholder,
    a.product, a.target, a.recorded_at
FROM plan_actions AS a
LEFT JOIN
(
    SELECT account_id, person, arrayStringConcat(arraySort(groupUniqArray(role)), ', ') AS roles
    FROM plan_team
    WHERE person != ''
    GROUP BY account_id, person
) AS team ON team.account_id = a.account_id AND team.person = a.owner

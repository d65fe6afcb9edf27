-- A line an account: who is there on a day, whom we are in touch with, what its plan wants and what is missing.
-- grain: account; those that have become part of others by the day are left out. parameters: accounts Array(String), empty for all;
-- day Date, the last that counts; known_before DateTime64, the first moment that does not count of plans.
-- keys: prefix of the sort key of contact_day; of all accounts the 365 days up to the day.
-- wanted and missing are NULL where the plan has no targets, share_of_strongest where nobody was in touch in 180 days.
SELECT
    a.account_id AS account_id,
    a.name AS name,
    toString(a.tier) AS tier,
    counted.known AS known,
    counted.engaged AS engaged,
    counted.management AS management,
    if(counted.targets = 0, NULL, counted.wanted) AS wanted,
    if(counted.targets = 0, NULL, counted.missing) AS missing,
    if(counted.contact_days = 0, NULL, counted.most_days / counted.contact_days) AS share_of_strongest
FROM
(
    SELECT account_id, name, tier FROM accounts FINAL
    WHERE (merged_into = '' OR merged_since > {day:Date}) AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
) AS a
LEFT JOIN
(
    SELECT
        account_id,
        sum(cell.people) AS known,
        sum(cell.in_touch) AS engaged,
        sumIf(cell.in_touch, cell.seniority IN ('executive', 'management')) AS management,
        sum(cell.targets) AS targets,
        sum(cell.target) AS wanted,
        sum(if(cell.target > cell.in_touch, cell.target - cell.in_touch, 0)) AS missing,
        sum(cell.days) AS contact_days,
        max(cell.most) AS most_days
    FROM
    (
        SELECT
            account_id, job_function, seniority, sum(one_known) AS people, sum(one_engaged) AS in_touch,
            sum(one_days) AS days, max(one_days) AS most, sum(one_wanted) AS target, sum(is_target) AS targets
        FROM
        (
            SELECT
                account_id, job_function, seniority, 1 AS one_known, engaged_days_90 > 0 AS one_engaged,
                engaged_days_180 AS one_days, 0 AS one_wanted, 0 AS is_target
            FROM contacts_at(accounts = {accounts:Array(String)}, day = {day:Date})
            UNION ALL
            SELECT account_id, job_function, seniority, 0, 0, 0, wanted, 1
            FROM plan_targets_known(known_before = {known_before:DateTime64(6, 'UTC')})
        )
        GROUP BY account_id, job_function, seniority
    ) AS cell
    GROUP BY account_id
) AS counted ON counted.account_id = a.account_id
ORDER BY missing DESC NULLS LAST, account_id

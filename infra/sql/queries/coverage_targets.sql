-- How many contacts of a function and seniority an account's plan wanted, as recorded before a moment.
-- grain: function x seniority. parameters: account_id String; known_before DateTime64, the first moment that does not count.
SELECT job_function, seniority, wanted
FROM plan_targets_known(known_before = {known_before:DateTime64(6, 'UTC')})
WHERE account_id = {account_id:String}
ORDER BY job_function, seniority

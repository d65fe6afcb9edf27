-- Accounts that can have stages: those that stand for themselves, and those that transitions still speak of, to take them
-- back where the account has become part of another.
-- grain: account. parameters: profile String.
SELECT account_id
FROM
(
    SELECT account_id FROM accounts FINAL WHERE merged_into = ''
    UNION DISTINCT
    SELECT account_id FROM stage_transitions FINAL WHERE profile = {profile:String}
)
ORDER BY account_id

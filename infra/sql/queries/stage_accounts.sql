-- Accounts that can have stages: those that stand for themselves or did until they became part of another, and those that
-- transitions still speak of, to take them back where the account is part of another on all days.
-- grain: account. parameters: profile String.
SELECT account_id
FROM
(
    SELECT account_id FROM accounts FINAL WHERE merged_into = '' OR merged_since IS NOT NULL
    UNION DISTINCT
    SELECT account_id FROM stage_transitions FINAL WHERE profile = {profile:String}
)
ORDER BY account_id

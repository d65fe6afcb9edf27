-- grain: account x function x seniority that its plan wants contacts of.
CREATE VIEW plan_targets
(
    account_id   String COMMENT 'account whose plan it is',
    account_name String COMMENT 'name of the account (アカウント名)',
    job_function String COMMENT 'function (職種), as in coverage',
    seniority    String COMMENT 'executive (役員), management (管理職) or staff (一般)',
    wanted       UInt32 COMMENT 'people that we want to be in touch with (必要接点)',
    recorded_at  DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    t.account_id AS account_id, named.name AS account_name, toString(t.job_function) AS job_function,
    toString(t.seniority) AS seniority, t.wanted AS wanted, t.recorded_at AS recorded_at
FROM rollup_plan_targets AS t
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = t.account_id
WHERE t.signature = ''
COMMENT 'Contacts that account plans want'

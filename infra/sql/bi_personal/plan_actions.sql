-- grain: action, or request to our own company, of the plan of an account.
CREATE VIEW plan_actions
(
    account_id   String COMMENT 'account whose plan it is',
    account_name String COMMENT 'name of the account (アカウント名)',
    kind         String COMMENT 'action (アクション), request to our own company (社内への要望) or partner_action',
    action       String COMMENT 'key in the plan',
    what         String COMMENT 'what is to be done, as written',
    owner        String COMMENT 'who does it (担当), of a request whom it is asked of; as written',
    due          Nullable(Date) COMMENT 'last day (期限), NULL where there is none',
    status       String COMMENT 'open, doing, done or dropped (状態)',
    overdue      UInt8 COMMENT '1 where it is open or doing and its last day is over today (期限超過)',
    stakeholder  Nullable(String) COMMENT 'key of the stakeholder it is for, as in stakeholders',
    recorded_at  DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    a.account_id AS account_id, named.name AS account_name, toString(a.kind) AS kind, a.action AS action, a.what AS what,
    a.owner AS owner, a.due AS due, toString(a.status) AS status,
    ifNull(a.due < toDate(now(), {business_timezone:String}), 0) AND a.status IN ('open', 'doing') AS overdue,
    a.stakeholder AS stakeholder, a.recorded_at AS recorded_at
FROM rollup_plan_actions AS a
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = a.account_id
WHERE a.signature = ''
COMMENT 'Who does what by when, as account plans have it'

-- Who does it: bi_personal.plan_actions.
-- grain: action, or request to our own company, of the plan of an account.
CREATE VIEW plan_actions
(
    account_id   String COMMENT 'account whose plan it is',
    account_name String COMMENT 'name of the account (アカウント名)',
    kind         String COMMENT 'action (アクション), request to our own company (社内への要望) or partner_action',
    action       String COMMENT 'key in the plan',
    what         String COMMENT 'what is to be done, as written',
    owner_roles  String COMMENT 'roles in the account team of who does it (担当の役割), comma-separated; empty where the team has nobody of that name',
    due          Nullable(Date) COMMENT 'last day (期限), NULL where there is none',
    status       String COMMENT 'open, doing, done or dropped (状態)',
    done_on      Nullable(Date) COMMENT 'day on which it was done, NULL where it is not or nobody knows',
    overdue      UInt8 COMMENT '1 where it is open or doing and its last day is over today (期限超過)',
    rhythm       String COMMENT 'monthly or weekly of a partner_action, else empty',
    product      Nullable(String) COMMENT 'key of the product in the plan that it is for',
    target       Nullable(String) COMMENT 'wanted contacts that it is for, as function.seniority',
    recorded_at  DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    a.account_id AS account_id, named.name AS account_name, toString(a.kind) AS kind, a.action AS action, a.what AS what,
    toString(a.owner_roles) AS owner_roles, a.due AS due, toString(a.status) AS status, a.done_on AS done_on,
    ifNull(a.due < toDate(now(), {business_timezone:String}), 0) AND a.status IN ('open', 'doing') AS overdue,
    toString(a.rhythm) AS rhythm, a.product AS product, a.target AS target, a.recorded_at AS recorded_at
FROM rollup_plan_actions AS a
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = a.account_id
WHERE a.signature = ''
COMMENT 'What is to be done by when, as account plans have it'

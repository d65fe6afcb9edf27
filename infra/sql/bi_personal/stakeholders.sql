-- grain: stakeholder that the plan of an account names.
CREATE VIEW stakeholders
(
    account_id      String COMMENT 'account whose plan names her',
    account_name    String COMMENT 'name of the account (アカウント名)',
    stakeholder     String COMMENT 'key of the stakeholder in the plan',
    contact_key     Nullable(String) COMMENT 'identity of the contact, NULL where we have no address of hers',
    name            String COMMENT 'name as written in the plan (氏名)',
    title           String COMMENT 'title as written in the plan (役職)',
    department      String COMMENT 'department as written in the plan (部署)',
    relationship    String COMMENT 'sponsor, supporter, neutral, needs_work (要関係構築), opponent (エネミー) or unknown',
    decision_role   String COMMENT 'decides, approves, influences, evaluates, uses, procures or unknown (意思決定での役割)',
    approval_step   Nullable(UInt8) COMMENT 'place on the approval route (承認ルート), from 1; NULL where she is not on it',
    owner           String COMMENT 'who on our side looks after her (担当)',
    recorded_at     DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    s.account_id AS account_id, named.name AS account_name, s.stakeholder AS stakeholder, s.contact_key AS contact_key,
    s.name AS name, s.title AS title, s.department AS department, toString(s.relationship) AS relationship,
    toString(s.decision_role) AS decision_role, s.approval_step AS approval_step, s.owner AS owner,
    s.recorded_at AS recorded_at
FROM rollup_stakeholders AS s
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = s.account_id
WHERE s.signature = ''
COMMENT 'Stakeholders that account plans name'

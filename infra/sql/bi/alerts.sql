-- grain: alert that stands; withdrawn ones are left out.
CREATE VIEW alerts
(
    alert_id     UUID COMMENT 'identity of the alert, as in `setten alerts show`',
    account_id   String COMMENT 'account',
    account_name String COMMENT 'name of the account (アカウント名)',
    rule         String COMMENT 'rule that spoke, see docs/rules',
    severity     String COMMENT 'critical (重大), warning (警告) or info',
    state        String COMMENT 'open (未解決) or resolved (解決済み)',
    opened_on    Date COMMENT 'first day on which the rule found it (検知日)',
    seen_on      Date COMMENT 'last day on which the rule found it',
    resolved_on  Nullable(Date) COMMENT 'first day on which it no longer did (解決日), NULL while it is open',
    days_open    Int64 COMMENT 'days from opened_on to resolved_on, of open ones to today',
    sentence_en  String COMMENT 'what was found, in English',
    sentence_ja  String COMMENT 'what was found, in Japanese (内容)',
    updated_at   DateTime64(6, 'UTC') COMMENT 'when it was last judged'
)
AS SELECT
    told.alert_id AS alert_id, told.account_id AS account_id, named.name AS account_name, told.rule AS rule,
    told.severity AS severity, told.state AS state, told.opened_on AS opened_on, told.seen_on AS seen_on,
    told.resolved_on AS resolved_on,
    dateDiff('day', told.opened_on, coalesce(told.resolved_on, toDate(now(), {business_timezone:String}))) AS days_open,
    told.sentence_en AS sentence_en, told.sentence_ja AS sentence_ja, told.updated_at AS updated_at
FROM (SELECT * FROM alerts FINAL) AS told
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = told.account_id
COMMENT 'Alerts, each in its last state'

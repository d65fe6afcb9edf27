-- grain: account x week in which anybody touched us or was written to; a week without a row is one of silence.
CREATE VIEW account_week
(
    account_id       String COMMENT 'account',
    account_name     String COMMENT 'name of the account (アカウント名)',
    week             Date COMMENT 'Monday of the ISO week (週の月曜日)',
    days_in_touch    UInt64 COMMENT 'days on which people of the account came to us or met us (接触日数)',
    engaged_contacts UInt64 COMMENT 'different people who did (反応した人数), known by address or id',
    managers_engaged UInt64 COMMENT 'of those, executives and managers (マネジメント層)',
    web_touches      UInt64 COMMENT 'engaged touches: web visits',
    email_touches    UInt64 COMMENT 'engaged touches: mails from them, and opened or clicked ones of ours',
    event_touches    UInt64 COMMENT 'engaged touches: events and webinars',
    meeting_touches  UInt64 COMMENT 'engaged touches: meetings, one for each attendee',
    outbound_touches UInt64 COMMENT 'what we sent them (当社からの送信), what came back included'
)
AS SELECT
    counted.account_id AS account_id, named.name AS account_name, counted.week AS week,
    counted.days_in_touch AS days_in_touch, counted.engaged_contacts AS engaged_contacts,
    counted.managers_engaged AS managers_engaged, counted.web_touches AS web_touches,
    counted.email_touches AS email_touches, counted.event_touches AS event_touches,
    counted.meeting_touches AS meeting_touches, counted.outbound_touches AS outbound_touches
FROM rollup_account_week AS counted
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = counted.account_id
WHERE counted.signature = ''
COMMENT 'What happened with an account week by week'

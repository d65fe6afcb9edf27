-- grain: account x contact x month with a touch by people.
CREATE VIEW contact_activity
(
    account_id       String COMMENT 'account that the contact counted for',
    account_name     String COMMENT 'name of the account (アカウント名)',
    contact_key      String COMMENT 'identity of the contact: mail:, id:, anon:, host: or ip: and the value',
    contact_name     String COMMENT 'name of the person (氏名), empty where nobody knows',
    title            String COMMENT 'title as written (役職)',
    seniority        String COMMENT 'executive, management, staff or unknown',
    month            Date COMMENT 'first day of the calendar month (月)',
    days_in_touch    UInt64 COMMENT 'days on which the contact came to us or met us (接触日数)',
    engaged_touches  UInt64 COMMENT 'touches on these days that came from the contact or were shared',
    outbound_touches UInt64 COMMENT 'what we sent (当社からの送信)',
    last_engaged_on  Nullable(Date) COMMENT 'last of these days in the month, NULL where there is none (最終接触日)'
)
AS SELECT
    counted.account_id AS account_id, named.name AS account_name, counted.contact_key AS contact_key,
    known.name AS contact_name, known.title AS title,
    if(known.seniority = '', 'unknown', known.seniority) AS seniority, counted.month AS month,
    counted.days_in_touch AS days_in_touch, counted.engaged_touches AS engaged_touches,
    counted.outbound_touches AS outbound_touches, counted.last_engaged_on AS last_engaged_on
FROM rollup_contact_activity AS counted
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = counted.account_id
LEFT JOIN
(
    SELECT contact_key, name, title, toString(seniority) AS seniority FROM contacts FINAL
) AS known ON known.contact_key = counted.contact_key
WHERE counted.signature = ''
COMMENT 'What people did, month by month'

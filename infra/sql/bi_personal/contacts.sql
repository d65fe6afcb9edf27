-- grain: contact that facts speak of.
CREATE VIEW contacts
(
    contact_key  String COMMENT 'identity of the contact: mail: or id: and the value',
    account_id   String COMMENT 'account of the last declared membership, empty where the mail domain decides',
    account_name String COMMENT 'name of that account (アカウント名)',
    name         String COMMENT 'name of the person (氏名)',
    title        String COMMENT 'title as written (役職)',
    department   String COMMENT 'department as written (部署)',
    seniority    String COMMENT 'executive (役員), management (管理職), staff (一般) or unknown',
    job_function String COMMENT 'what she works on (職種): management, sales, it ... or unknown',
    since        Nullable(Date) COMMENT 'first day of the last declared membership, NULL where it has none'
)
AS SELECT
    c.contact_key AS contact_key, c.account_id AS account_id, named.name AS account_name, c.name AS name,
    c.title AS title, c.department AS department, c.seniority AS seniority, c.job_function AS job_function, c.since AS since
FROM (SELECT * FROM contacts FINAL WHERE identified_as = '') AS c
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = c.account_id
COMMENT 'People as last declared'

-- How well we know an account and are in touch with it, as of today (docs/coverage.md).
-- grain: account that stands.
CREATE VIEW coverage
(
    account_id         String COMMENT 'account',
    account_name       String COMMENT 'name of the account (アカウント名)',
    as_of              Date COMMENT 'business day that it is told of (基準日)',
    known              UInt64 COMMENT 'people we know there (把握している人数)',
    engaged            Nullable(UInt64) COMMENT 'of those, in touch in the last 90 days (接点のある人数); NULL where the store has no touches yet',
    management         Nullable(UInt64) COMMENT 'of those, executives and managers (マネジメント層)',
    wanted             Nullable(UInt64) COMMENT 'contacts that the account plan wants (目標); NULL where it has no targets',
    missing            Nullable(UInt64) COMMENT 'of those, contacts that we lack (要接点); NULL as wanted',
    share_of_strongest Nullable(Float64) COMMENT 'share of the person most in touch in the contact-days of 180 days, 0 to 1 (最多接点者の割合); NULL where nobody was'
)
AS SELECT
    told.account_id AS account_id, named.name AS account_name, told.as_of AS as_of, told.known AS known,
    told.engaged AS engaged, told.management AS management, told.wanted AS wanted, told.missing AS missing,
    told.share_of_strongest AS share_of_strongest
FROM rollup_coverage AS told
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = told.account_id
WHERE told.signature = ''
COMMENT 'Contact coverage of accounts as of today'

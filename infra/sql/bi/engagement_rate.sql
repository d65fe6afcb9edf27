-- The KPI of the same name by calendar month (docs/metrics.md). Rows of several channels, months or accounts do not add
-- up to their whole: one contact may be in several. So the channel `all` has rows of its own.
-- grain: account x month x channel, and channel `all`; no row where nobody was reached.
CREATE VIEW engagement_rate
(
    account_id   String COMMENT 'account',
    account_name String COMMENT 'name of the account (アカウント名)',
    month        Date COMMENT 'first day of the calendar month (月)',
    channel      String COMMENT 'web, email, event or meeting (チャネル); all: all of them together, each contact once',
    reached      UInt64 COMMENT 'contacts that we reached or that came by themselves (到達した人数)',
    engaged      UInt64 COMMENT 'contacts of those that came to us or met us (反応した人数)',
    rate         Float64 COMMENT 'engaged / reached, 0 to 1 (エンゲージメント率)'
)
AS SELECT
    counted.account_id AS account_id, named.name AS account_name, counted.month AS month,
    toString(counted.channel) AS channel, counted.reached AS reached, counted.engaged AS engaged,
    counted.engaged / counted.reached AS rate
FROM rollup_engagement_rate AS counted
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = counted.account_id
WHERE counted.signature = ''
COMMENT 'Engagement rate by account, month and channel'

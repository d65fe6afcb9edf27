-- As engagement_rate; who is engaged in two months of a quarter is one here.
-- grain: account x fiscal quarter x channel, and channel `all`; no row where nobody was reached.
CREATE VIEW engagement_rate_quarter
(
    account_id     String COMMENT 'account',
    account_name   String COMMENT 'name of the account (アカウント名)',
    quarter        Date COMMENT 'first day of the fiscal quarter (四半期の初日)',
    fiscal_quarter String COMMENT 'its name, such as FY2026 Q1: the fiscal year is called after the year it begins in',
    channel        String COMMENT 'web, email, event or meeting (チャネル); all: all of them together, each contact once',
    reached        UInt64 COMMENT 'contacts that we reached or that came by themselves (到達した人数)',
    engaged        UInt64 COMMENT 'contacts of those that came to us or met us (反応した人数)',
    rate           Float64 COMMENT 'engaged / reached, 0 to 1 (エンゲージメント率)'
)
AS SELECT
    counted.account_id AS account_id, named.name AS account_name, counted.quarter AS quarter,
    concat(
        'FY', toString(toYear(counted.quarter - toIntervalMonth({fiscal_year_start_month:UInt8} - 1))),
        ' Q', toString(toQuarter(counted.quarter - toIntervalMonth({fiscal_year_start_month:UInt8} - 1)))
    ) AS fiscal_quarter,
    toString(counted.channel) AS channel, counted.reached AS reached, counted.engaged AS engaged,
    counted.engaged / counted.reached AS rate
FROM rollup_engagement_rate_quarter AS counted
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = counted.account_id
WHERE counted.signature = ''
COMMENT 'Engagement rate by account, fiscal quarter and channel'

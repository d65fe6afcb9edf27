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
    counted.account_id AS account_id, named.name AS account_name, counted.month AS month, counted.channel AS channel,
    counted.reached AS reached, counted.engaged AS engaged, counted.engaged / counted.reached AS rate
FROM
(
    SELECT
        account_id,
        toStartOfMonth(day) AS month,
        if(grouping(kind) = 1, 'all', toString(kind)) AS channel,
        uniqExact(contact_key) AS reached,
        uniqExactIf(contact_key, direction != 'outbound') AS engaged
    FROM contact_day FINAL
    WHERE account_id != ''
      AND touches > 0
      AND (direction IN ('inbound', 'mutual') OR (direction = 'outbound' AND action NOT IN ('bounced', 'deferred', 'dropped')))
      AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
    GROUP BY GROUPING SETS ((account_id, month, kind), (account_id, month))
) AS counted
LEFT JOIN (SELECT account_id, name FROM accounts FINAL) AS named ON named.account_id = counted.account_id
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1
COMMENT 'Engagement rate by account, month and channel'

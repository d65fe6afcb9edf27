-- How old the numbers of the views can be that are read from roll-ups; all others are of the moment (docs/bi.md).
-- grain: roll-up that was ever computed.
CREATE VIEW freshness
(
    rollup      String COMMENT 'view that is read from it; revenue_quarter: the revenue in management_contacts',
    current_at  DateTime64(6, 'UTC') COMMENT 'what was stored before is in it (データの反映時刻)',
    computed_at DateTime64(6, 'UTC') COMMENT 'when there was last anything to compute (再計算時刻)',
    minutes_old Int64 COMMENT 'minutes since current_at (経過分数)'
)
AS SELECT
    toString(told.rollup) AS rollup, told.current_at AS current_at, told.computed_at AS computed_at,
    dateDiff('minute', told.current_at, now64(6)) AS minutes_old
FROM (SELECT * FROM rollup_refreshes FINAL) AS told
COMMENT 'How fresh the views are that are read from roll-ups'

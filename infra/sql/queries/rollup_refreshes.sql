-- grain: roll-up that was ever computed.
SELECT rollup, current_at, computed_at FROM rollup_refreshes FINAL ORDER BY rollup

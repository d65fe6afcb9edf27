-- Alerts that are open.
-- grain: alert. parameters: accounts Array(String), empty for all.
SELECT *
FROM alerts FINAL
WHERE state = 'open'
  AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
ORDER BY account_id, rule

-- Alerts with their account.
-- grain: alert. parameters: state String ('' for all), account String ('' for all), rule String ('' for all).
SELECT alerts.* EXCEPT (is_deleted), accounts.name AS account_name, toString(accounts.tier) AS tier
FROM (SELECT * FROM alerts FINAL) AS alerts
LEFT JOIN (SELECT * FROM accounts FINAL) AS accounts USING (account_id)
WHERE ({state:String} = '' OR state = {state:String})
  AND ({account:String} = '' OR account_id = {account:String})
  AND ({rule:String} = '' OR rule = {rule:String})
ORDER BY state, multiIf(severity = 'critical', 0, severity = 'warning', 1, 2), opened_on DESC, account_id

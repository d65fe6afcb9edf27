-- Alerts in their last state.
-- grain: alert. parameters: state String, '' for all; accounts Array(String), empty for all.
SELECT * EXCEPT (is_deleted)
FROM alerts FINAL
WHERE ({state:String} = '' OR state = {state:String})
  AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
ORDER BY account_id, rule, opened_on

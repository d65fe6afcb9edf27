-- What stands of a day's assessment.
-- grain: account x rule. parameters: as_of Date; accounts Array(String), empty for all.
SELECT account_id, toString(rule) AS rule
FROM assessments FINAL
WHERE as_of = {as_of:Date}
  AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})

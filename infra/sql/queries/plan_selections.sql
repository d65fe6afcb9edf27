-- Who answers for which account, as all plans have it now; what has become part of another account is nobody's to answer for.
-- grain: account whose plan says why it was chosen.
SELECT account_id, item
FROM plan_items
WHERE part = 'selection' AND account_id NOT IN (SELECT account_id FROM accounts FINAL WHERE merged_into != '')
ORDER BY account_id

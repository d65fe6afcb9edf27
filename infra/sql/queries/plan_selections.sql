-- Who answers for which account, as all plans have it now.
-- grain: account whose plan says why it was chosen.
SELECT account_id, item FROM plan_items WHERE part = 'selection' ORDER BY account_id

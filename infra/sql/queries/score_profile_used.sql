-- The version of the score profile with which the stages of all accounts were last computed, empty where none was.
-- grain: one row.
SELECT max(value) AS profile FROM store_facts FINAL WHERE name = 'score_profile'

-- The highest version stored of a day of an account, also where it was taken back: what is written over it has to be above.
-- grain: account x day. parameters: profile String; accounts Array(String); first and last Date, both included. No FINAL: it
-- leaves out what was taken back. keys: prefix of the sort key of stage_transitions.
SELECT account_id, day, max(version) AS version
FROM stage_transitions
WHERE profile = {profile:String} AND account_id IN {accounts:Array(String)} AND day BETWEEN {first:Date} AND {last:Date}
GROUP BY account_id, day

-- Transitions that stand, of a version of the score profile.
-- grain: account x day. parameters: profile String; accounts Array(String), empty for all; first and last Date, both included.
SELECT account_id, day, from_stage, to_stage, qualified, score, people, managers, why_en, why_ja
FROM stage_transitions FINAL
WHERE profile = {profile:String}
  AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
  AND day BETWEEN {first:Date} AND {last:Date}
ORDER BY account_id, day

-- All facts, of whatever type, for a replay.
-- grain: fact.
SELECT body FROM facts FINAL

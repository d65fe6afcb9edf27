-- All facts, for the fold.
-- grain: fact.
SELECT body FROM facts FINAL

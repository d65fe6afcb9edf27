-- Statements that may hold an address.
-- grain: fact. external table `wanted(pattern String)`, one row, RE2.
SELECT lower(hex(fact_id)) AS fact_id, body FROM facts FINAL WHERE match(body, (SELECT any(pattern) FROM wanted))

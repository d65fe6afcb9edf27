-- Add the facts that only the shadow has.
-- grain: fact. parameters: shadow Identifier (its database).
INSERT INTO facts
SELECT * REPLACE (now64(6) AS stored_at) FROM {shadow:Identifier}.facts FINAL
WHERE fact_id NOT IN (SELECT fact_id FROM facts)

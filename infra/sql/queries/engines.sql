-- How the tables are stored, TTL included.
-- grain: table.
SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() ORDER BY name

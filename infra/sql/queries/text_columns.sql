-- Every column of every table of the database; is_text: it may hold text, alone or in a list or map. Without the tables in
-- which roll-ups are computed: they may be gone before anybody looks.
-- grain: column.
SELECT c.table AS table, c.name AS name, c.type AS type, position(c.type, 'String') > 0 AS is_text
FROM system.columns AS c
INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
WHERE c.database = currentDatabase() AND endsWith(t.engine, 'MergeTree') AND NOT startsWith(c.table, 'rollup_staging_')
ORDER BY c.table, c.position

-- One number for the texts of the views in the store, which roll-ups are computed over: another version, another number.
-- grain: one row.
SELECT sum(cityHash64(name, create_table_query)) AS told
FROM system.tables
WHERE database = currentDatabase() AND engine = 'View'

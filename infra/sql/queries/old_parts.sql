-- Parts whose rows were written anew, or deleted, and that are still on disk.
-- grain: part.
SELECT concat(table, '/', name) AS part FROM system.parts WHERE database = currentDatabase() AND NOT active

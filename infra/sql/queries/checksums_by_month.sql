-- The same as checksums, by the month of a column.
-- grain: month. parameters: database, table, at Identifier (at: a column of days or times).
-- Of a tuple: the hash of columns of which one is NULL would be NULL, and the row not counted.
SELECT formatDateTime({at:Identifier}, '%Y-%m') AS part, count() AS row_count, sum(cityHash64(tuple(* EXCEPT (
    received_at, topic, partition, offset, rank, precedence, epoch, version, bound_at, stored_at, is_deleted
)))) AS digest
FROM {database:Identifier}.{table:Identifier} FINAL
GROUP BY part
ORDER BY part

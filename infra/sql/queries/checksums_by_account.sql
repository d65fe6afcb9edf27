-- The same as checksums, by account; of tables that have one.
-- grain: account. parameters: database, table Identifier.
-- Of a tuple: the hash of columns of which one is NULL would be NULL, and the row not counted.
SELECT account_id AS part, count() AS row_count, sum(cityHash64(tuple(* EXCEPT (
    received_at, topic, partition, offset, rank, precedence, epoch, version, bound_at, stored_at, is_deleted
)))) AS digest
FROM {database:Identifier}.{table:Identifier} FINAL
GROUP BY part
ORDER BY part

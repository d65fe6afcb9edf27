-- What a table says, less when and where it arrived, as a checksum in which the order of rows does not matter.
-- grain: one row. parameters: database, table Identifier.
-- Of a tuple: the hash of columns of which one is NULL would be NULL, and the row not counted.
SELECT '' AS part, count() AS row_count, sum(cityHash64(tuple(* EXCEPT (
    received_at, topic, partition, offset, rank, precedence, epoch, version, bound_at, stored_at, is_deleted
)))) AS digest
FROM {database:Identifier}.{table:Identifier} FINAL

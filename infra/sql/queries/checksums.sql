-- What a table says, less when and where it arrived, as a checksum in which the order of rows does not matter.
-- grain: one row. parameters: database, table Identifier.
SELECT '' AS part, count() AS row_count, sum(cityHash64(* EXCEPT (
    received_at, topic, partition, offset, rank, precedence, epoch, version, bound_at, stored_at, is_deleted
))) AS digest
FROM {database:Identifier}.{table:Identifier} FINAL

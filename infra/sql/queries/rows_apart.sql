-- Rows of one table that another of its kind does not have, without long bytes.
-- grain: that of the table. parameters: database, other, table Identifier, most UInt64.
-- Of a tuple: the hash of columns of which one is NULL would be NULL, and the row not counted.
SELECT * EXCEPT (
    received_at, topic, partition, offset, rank, precedence, epoch, version, bound_at, stored_at, is_deleted, raw, body, detail
)
FROM {database:Identifier}.{table:Identifier} FINAL
WHERE cityHash64(tuple(* EXCEPT (
    received_at, topic, partition, offset, rank, precedence, epoch, version, bound_at, stored_at, is_deleted
))) NOT IN (
    SELECT cityHash64(tuple(* EXCEPT (
        received_at, topic, partition, offset, rank, precedence, epoch, version, bound_at, stored_at, is_deleted
    )))
    FROM {other:Identifier}.{table:Identifier} FINAL
)
ORDER BY ALL
LIMIT {most:UInt64}

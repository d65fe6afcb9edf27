-- The same as rows_apart, of one month.
-- grain: that of the table. parameters: database, other, table, at Identifier (at: a column of days or times), month
-- String (yyyy-mm), most UInt64.
-- Of a tuple: the hash of columns of which one is NULL would be NULL, and the row not counted.
SELECT * EXCEPT (
    received_at, topic, partition, offset, rank, precedence, epoch, version, bound_at, stored_at, is_deleted, raw, body, detail
)
FROM {database:Identifier}.{table:Identifier} FINAL
WHERE formatDateTime({at:Identifier}, '%Y-%m') = {month:String}
  AND cityHash64(tuple(* EXCEPT (
    received_at, topic, partition, offset, rank, precedence, epoch, version, bound_at, stored_at, is_deleted
))) NOT IN (
    SELECT cityHash64(tuple(* EXCEPT (
        received_at, topic, partition, offset, rank, precedence, epoch, version, bound_at, stored_at, is_deleted
    )))
    FROM {other:Identifier}.{table:Identifier} FINAL
    WHERE formatDateTime({at:Identifier}, '%Y-%m') = {month:String}
)
ORDER BY ALL
LIMIT {most:UInt64}

-- Rows whose body is in neither of two archives.
-- grain: one row. parameters: table (touches or dead_letters), one and other (databases) Identifier; bucket and buckets
-- UInt64: a share of the bodies, so that the ids held at a time are bounded.
SELECT count() AS row_count, uniqExact(t.record_id) AS bodies, toString(toDate(min(t.received_at))) AS oldest
FROM {table:Identifier} AS t FINAL
WHERE cityHash64(t.record_id) % {buckets:UInt64} = {bucket:UInt64}
  AND t.record_id NOT IN (
    SELECT record_id FROM {one:Identifier}.archive WHERE cityHash64(record_id) % {buckets:UInt64} = {bucket:UInt64}
)
  AND t.record_id NOT IN (
    SELECT record_id FROM {other:Identifier}.archive WHERE cityHash64(record_id) % {buckets:UInt64} = {bucket:UInt64}
)

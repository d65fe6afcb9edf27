-- How many of the noted bodies the shadow's archive still does not have; run in the shadow.
-- grain: one row. parameters: bucket and buckets UInt64: a share of the bodies.
SELECT count() AS bodies, toString(toDate(min(received_at))) AS oldest
FROM suspects
WHERE cityHash64(record_id) % {buckets:UInt64} = {bucket:UInt64}
  AND record_id NOT IN (
    SELECT record_id FROM archive WHERE cityHash64(record_id) % {buckets:UInt64} = {bucket:UInt64}
)

-- Add the bodies that only the shadow's archive has.
-- grain: body. parameters: shadow Identifier (its database), bucket and buckets UInt64: a share of the bodies.
INSERT INTO archive
SELECT *
FROM {shadow:Identifier}.archive FINAL
WHERE cityHash64(record_id) % {buckets:UInt64} = {bucket:UInt64}
  AND record_id NOT IN (
    SELECT record_id FROM archive WHERE cityHash64(record_id) % {buckets:UInt64} = {bucket:UInt64}
)

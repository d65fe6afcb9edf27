-- Note the bodies of the live archive that the shadow's does not have; run in the shadow.
-- grain: body. parameters: live Identifier (its database), bucket and buckets UInt64: a share of the bodies.
INSERT INTO suspects (record_id, received_at)
SELECT record_id, max(received_at)
FROM {live:Identifier}.archive
WHERE cityHash64(record_id) % {buckets:UInt64} = {bucket:UInt64}
  AND record_id NOT IN (
    SELECT record_id FROM archive WHERE cityHash64(record_id) % {buckets:UInt64} = {bucket:UInt64}
)
GROUP BY record_id

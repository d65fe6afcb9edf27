-- Bodies of the archive that the shadow was not built from, or not as received so early.
-- grain: body. parameters: shadow Identifier (its database), bucket and buckets UInt64: a share of the bodies, so that
-- the ids held at a time are bounded.
SELECT lower(hex(a.record_id)) AS record_id
FROM
(
    SELECT record_id, max(rank) AS first FROM archive
    WHERE cityHash64(record_id) % {buckets:UInt64} = {bucket:UInt64}
    GROUP BY record_id
) AS a
WHERE (a.record_id, first) NOT IN (
    SELECT record_id, rank FROM {shadow:Identifier}.archive
    WHERE cityHash64(record_id) % {buckets:UInt64} = {bucket:UInt64}
)

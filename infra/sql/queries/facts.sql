-- A share of all facts: all of them may be more than one answer can hold.
-- grain: fact. parameters: bucket and buckets UInt64.
SELECT lower(hex(fact_id)) AS fact_id, body FROM facts FINAL WHERE cityHash64(fact_id) % {buckets:UInt64} = {bucket:UInt64}

-- What runs of `setten forget` that were broken off have still to do.
-- grain: thing to do.
SELECT DISTINCT lower(hex(run_id)) AS run_id, toString(kind) AS kind, lower(hex(record_id)) AS record_id, contact_key,
    toDate32(day) AS day
FROM erasure_pending

-- The next bodies of the archive in the order of its key, with their sizes; a body that came twice may be there twice.
-- Without FINAL: so the key is read from `after` on and not to its end.
-- grain: row of the archive. parameters: after String (a record_id; zeros for the beginning), most UInt64.
-- keys: prefix of the sort key of archive.
SELECT lower(hex(a.record_id)) AS record_id, length(body) AS size
FROM archive AS a
WHERE a.record_id > toUUID({after:String})
ORDER BY a.record_id
LIMIT {most:UInt64}

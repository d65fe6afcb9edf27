-- Dead letters without their bytes, the latest received first.
-- grain: refused event. parameters: state String (open, closed or all), reasons and sources Array(String) (empty for
-- all), since DateTime64, prefix String (first hex digits of record_id, '' for all), position Int64 (-1 for all),
-- most and skip UInt64.
SELECT lower(hex(d.record_id)) AS record_id, position, toString(reason) AS reason, detail,
    toString(source) AS source, toString(adapter) AS adapter, received_at, toString(topic) AS topic, partition, offset,
    length(raw) AS size
FROM dead_letters AS d FINAL
WHERE startsWith(lower(hex(d.record_id)), {prefix:String})
  AND ({position:Int64} < 0 OR position = {position:Int64})
  AND (empty({reasons:Array(String)}) OR d.reason IN {reasons:Array(String)})
  AND (empty({sources:Array(String)}) OR d.source IN {sources:Array(String)})
  AND received_at >= {since:DateTime64(6, 'UTC')}
  AND ({state:String} = 'all'
    OR ({state:String} = 'open') = ((d.record_id, position) IN (SELECT record_id, position FROM open_dead_letters)))
ORDER BY received_at DESC, d.record_id, position
LIMIT {most:UInt64} OFFSET {skip:UInt64}

-- How many events were refused, by reason, source and business day of receipt.
-- grain: reason x source x day. parameters: state String (open, closed or all), reasons and sources Array(String) (empty
-- for all), since DateTime64, zone String (the business time zone).
SELECT toString(reason) AS reason, toString(source) AS source, toDate(received_at, {zone:String}) AS day,
    count() AS events
FROM dead_letters AS d FINAL
WHERE (empty({reasons:Array(String)}) OR d.reason IN {reasons:Array(String)})
  AND (empty({sources:Array(String)}) OR d.source IN {sources:Array(String)})
  AND received_at >= {since:DateTime64(6, 'UTC')}
  AND ({state:String} = 'all'
    OR ({state:String} = 'open') = ((d.record_id, position) IN (SELECT record_id, position FROM open_dead_letters)))
GROUP BY reason, source, day
ORDER BY reason, source, day

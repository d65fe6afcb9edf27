-- The contact-days that touches make, in their order, from behind one of them on.
-- grain: contact x day. parameters: key String and day Date, the last one seen; most UInt64.
-- keys: the sort key of touches, so a page reads no more than its own rows.
SELECT contact_key, toDate32(touches.day) AS day
FROM touches
WHERE contact_key >= {key:String} AND (contact_key, touches.day) > ({key:String}, {day:Date})
GROUP BY contact_key, touches.day
ORDER BY contact_key, touches.day
LIMIT {most:UInt64}
SETTINGS optimize_aggregation_in_order = 1

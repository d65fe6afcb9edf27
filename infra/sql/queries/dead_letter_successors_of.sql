-- What one dead letter was sent again as.
-- grain: event. parameters: record_id String, position UInt32.
SELECT lower(hex(event_id)) AS event_id, lower(hex(sent_as)) AS sent_as, sent_at
FROM dead_letter_successors FINAL
WHERE record_id = toUUID({record_id:String}) AND position = {position:UInt32}
ORDER BY sent_at

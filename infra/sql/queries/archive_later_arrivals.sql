-- Bodies of which an event was refused as of the future and stored when the same body came again: the archive tells only
-- of the first arrival.
-- grain: body x later arrival.
SELECT lower(hex(e.record_id)) AS record_id, max(e.precedence) AS precedence
FROM events AS e
WHERE (e.record_id, e.position) IN (SELECT record_id, position FROM dead_letters FINAL WHERE reason = 'time_in_future')
GROUP BY e.record_id, bitShiftRight(e.precedence, 12)
ORDER BY record_id, precedence

-- grain: day of receipt x source x reason with a refused event.
CREATE VIEW data_quality
(
    day     Date COMMENT 'business day of receipt (受信日)',
    source  String COMMENT 'configured source (データソース)',
    reason  String COMMENT 'why events were refused, see docs/dead-letters.md (理由)',
    refused UInt64 COMMENT 'events that were refused (拒否件数)',
    open    UInt64 COMMENT 'of those, events that are not stored to this day (未対応件数)'
)
AS SELECT
    toDate(received_at, {business_timezone:String}) AS day, toString(source) AS source, toString(reason) AS reason,
    count() AS refused,
    countIf((record_id, position) IN (SELECT record_id, position FROM open_dead_letters)) AS open
FROM dead_letters FINAL
GROUP BY day, source, reason
COMMENT 'Refused events by day, source and reason'

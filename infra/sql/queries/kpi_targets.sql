-- What is wanted of a KPI, as stated before a moment; of two statements about the same the later holds, at the same time the
-- one with the higher id.
-- grain: target. parameters: kpi String, known_before DateTime64.
SELECT
    JSONExtract(told, 'of', 'Map(String, String)') AS of,
    toDate(JSONExtractString(told, 'first')) AS first,
    toDate(JSONExtractString(told, 'last')) AS last,
    JSONExtractString(told, 'currency') AS currency,
    JSONExtract(told, 'value', 'Nullable(Float64)') AS value,
    latest AS recorded_at
FROM
(
    SELECT argMax(body, (recorded_at, toString(fact_id))) AS told, max(recorded_at) AS latest
    FROM facts
    WHERE type = 'kpi_target_set' AND recorded_at < {known_before:DateTime64(6, 'UTC')}
      AND JSONExtractString(body, 'kpi') = {kpi:String}
    GROUP BY
        JSONExtractString(body, 'first'), JSONExtractString(body, 'last'), JSONExtractString(body, 'currency'),
        JSONExtractRaw(body, 'of')
)
WHERE value IS NOT NULL
ORDER BY first, last, of, currency

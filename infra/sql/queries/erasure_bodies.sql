-- Bodies that may hold an address, in any spelling, encoded words and base64 parts of mails, and what Snowplow's
-- trackers pack, included.
-- grain: body. external table `wanted(pattern String)`, one row, RE2.
WITH (SELECT any(pattern) FROM wanted) AS p
SELECT DISTINCT lower(hex(record_id)) AS record_id
FROM archive
WHERE match(body, p) OR match(source, p) OR match(content_type, p)
   OR (position(body, '=?') > 0 AND match(arrayStringConcat(arrayMap(w -> tryBase64Decode(w),
        extractAll(body, '=\\?[^?]{1,40}\\?[bB]\\?([A-Za-z0-9+/=]+)\\?='))), p))
   OR (positionCaseInsensitive(body, 'base64') > 0 AND arrayExists(w ->
        match(tryBase64Decode(replaceRegexpAll(w, '[\\r\\n]', '')), p),
        extractAll(body, '\\n([A-Za-z0-9+/]{4,100}={0,2}(?:\\r?\\n[A-Za-z0-9+/]{2,100}={0,2})*)')))
   OR (match(body, '(ue_px|cx)["=]') AND arrayExists(w ->
        match(tryBase64URLDecode(replaceAll(replaceAll(w, '+', '-'), '/', '_')), p),
        extractAll(body, '(?:ue_px|cx)(?:"\\s*:\\s*"|=)([A-Za-z0-9+/_-]+)')))

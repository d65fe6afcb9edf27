-- What account plans want their products to bring in a fiscal year, as known before a moment, that of merged accounts under
-- the one they are part of.
-- grain: account x product of its plan. parameters: fiscal_year UInt16, named by the calendar year in which it begins;
-- known_before DateTime64, the first moment of which statements do not count.
SELECT
    if(part.merged_into = '', stated.account, part.merged_into) AS account_id,
    JSONExtractString(item, 'product') AS product,
    JSONExtractString(item, 'currency') AS currency,
    JSONExtractFloat(target, 'amount') AS amount,
    stated_at
FROM
(
    SELECT account_id AS account, item, target, recorded_at AS stated_at
    FROM plan_items_known(known_before = {known_before:DateTime64(6, 'UTC')})
    ARRAY JOIN JSONExtractArrayRaw(item, 'targets') AS target
    WHERE part = 'product' AND JSONExtractUInt(target, 'fiscal_year') = {fiscal_year:UInt16}
) AS stated
LEFT JOIN (SELECT account_id AS merged_id, merged_into FROM accounts FINAL) AS part ON part.merged_id = stated.account
ORDER BY account_id, product, currency

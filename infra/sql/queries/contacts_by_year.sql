-- Distinct contacts in touch in two years, by seniority, for strategic customers. Only people known by address or id.
-- grain: account x year (is_now: 0 the year before, 1 the last). parameters: accounts Array(String), empty for all;
-- before_from, now_from and last Date: the years are [before_from, now_from) and [now_from, last].
SELECT
    account_id,
    day >= {now_from:Date} AS is_now,
    uniqExactIf(contact_key, seniority IN ('executive', 'management')) AS management,
    uniqExactIf(contact_key, seniority = 'staff') AS staff,
    uniqExactIf(contact_key, seniority NOT IN ('executive', 'management', 'staff')) AS unknown
FROM
(
    SELECT account_id, day, contact_key
    FROM contact_day FINAL
    WHERE account_id IN
        (
            SELECT account_id FROM accounts FINAL
            WHERE tier = 'strategic' AND kind = 'customer'
              AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
        )
      AND day BETWEEN {before_from:Date} AND {last:Date}
      AND touches > 0
      AND direction IN ('inbound', 'mutual')
      AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
) AS engaged
LEFT JOIN
(
    SELECT contact_key, toString(seniority) AS seniority FROM contacts FINAL
) AS known USING (contact_key)
GROUP BY account_id, is_now

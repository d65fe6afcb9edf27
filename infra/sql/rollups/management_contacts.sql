-- Into a table like rollup_management_contacts: different people engaged in the fiscal quarters from first to last, by
-- their seniority as it is known now.
-- grain: account x fiscal quarter. parameters: staging, the table; first, last Date; shift UInt8, as in engagement_rate_quarter.
INSERT INTO {staging:Identifier} (account_id, quarter, executives, managers, staff, unknown)
SELECT
    engaged.account_id AS account_id,
    engaged.quarter AS quarter,
    countIf(known.seniority = 'executive') AS executives,
    countIf(known.seniority = 'management') AS managers,
    countIf(known.seniority = 'staff') AS staff,
    countIf(known.seniority NOT IN ('executive', 'management', 'staff')) AS unknown
FROM
(
    SELECT DISTINCT
        account_id,
        toStartOfQuarter(day - toIntervalMonth({shift:UInt8})) + toIntervalMonth({shift:UInt8}) AS quarter,
        contact_key
    FROM contact_day FINAL
    WHERE account_id != ''
      AND day BETWEEN {first:Date} AND {last:Date}
      AND touches > 0
      AND direction IN ('inbound', 'mutual')
      AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
) AS engaged
LEFT JOIN
(
    SELECT contact_key, toString(seniority) AS seniority FROM contacts FINAL
) AS known ON known.contact_key = engaged.contact_key
GROUP BY account_id, quarter

-- Scores of accounts as of a day and as of an earlier one, by the ledger of docs/score.md, and who engaged lately.
-- grain: account that has a row in these days. parameters: accounts Array(String), empty for all; as_of and before Date;
-- first Date, the earliest day that counts in either; horizon_days and people_days UInt32; half_life Float64, in days;
-- the profile: actions, points and caps, three arrays of the same length (an action `kind.*` stands for all others of the
-- kind), and seniorities with their weights, the first of them for all that are not named. keys: prefix of the sort key of contact_day.
SELECT
    account_id,
    sumIf(at_first * pow(0.5, ({as_of:Date} - day) / {half_life:Float64}), {as_of:Date} - day <= {horizon_days:UInt32}) AS score,
    sumIf(
        at_first * pow(0.5, ({before:Date} - day) / {half_life:Float64}),
        {before:Date} - day BETWEEN 0 AND {horizon_days:UInt32}
    ) AS score_before,
    uniqExactIf(contact_key, {as_of:Date} - day < {people_days:UInt32}) AS people,
    uniqExactIf(contact_key, {as_of:Date} - day < {people_days:UInt32} AND seniority IN ('executive', 'management')) AS managers
FROM
(
    SELECT
        account_id,
        day,
        engaged.contact_key AS contact_key,
        known.seniority AS seniority,
        {points:Array(Float64)}[place] * least(touches, {caps:Array(UInt32)}[place]) * {weights:Array(Float64)}[greatest(indexOf({seniorities:Array(String)}, known.seniority), 1)] AS at_first
    FROM
    (
        SELECT
            account_id,
            day,
            contact_key,
            touches,
            indexOf({actions:Array(String)}, concat(kind, '.', action)) AS exact,
            if(exact = 0, indexOf({actions:Array(String)}, concat(kind, '.*')), exact) AS place
        FROM contact_day FINAL
        WHERE account_id != ''
          AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
          AND day BETWEEN {first:Date} AND {as_of:Date}
          AND touches > 0
          AND direction IN ('inbound', 'mutual')
          AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
    ) AS engaged
    LEFT JOIN
    (
        SELECT contact_key, toString(seniority) AS seniority FROM contacts FINAL
        WHERE empty({accounts:Array(String)}) OR contact_key IN
        (
            SELECT contact_key FROM contact_day
            WHERE account_id IN {accounts:Array(String)} AND day BETWEEN {first:Date} AND {as_of:Date} AND direction IN ('inbound', 'mutual')
        )
    ) AS known ON known.contact_key = engaged.contact_key
    WHERE place > 0
)
WHERE at_first > 0
GROUP BY account_id

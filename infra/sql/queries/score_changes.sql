-- What each day changes at accounts: points on their own day, who began and who ended to count as engaged, and how many
-- touches the rows were computed from. A person counts as engaged from a day with points on, for people_days days.
-- grain: account x day on which something changes; days after `last` are those on which people end to count.
-- parameters: accounts Array(String); first and last Date, both included; people_days UInt32; actions, points, caps,
-- seniorities and weights as in score_accounts. keys: prefix of the sort key of contact_day; of contacts those of these rows.
SELECT
    account_id,
    groupArray(day) AS days,
    groupArray(points) AS points_of_day,
    groupArray(people) AS people_of_day,
    groupArray(managers) AS managers_of_day,
    groupArray(seen) AS seen_of_day
FROM
(
    SELECT
        account_id,
        change.1 AS day,
        sum(change.2) AS points,
        sum(change.3) AS people,
        sum(change.3 * is_manager) AS managers,
        sum(change.4) AS seen
    FROM
    (
        SELECT
            account_id,
            seniority IN ('executive', 'management') AS is_manager,
            arraySort(groupUniqArrayIf(day, at_first > 0)) AS active,
            arrayJoin(arrayConcat(
                groupArray((day, at_first, toInt64(0), seen)),
                -- Whoever was active within people_days before counts already, and still does when the next day comes.
                -- Resized for those who never were: machines only.
                arrayMap(
                    d -> (d, toFloat64(0), toInt64(1), toUInt64(0)),
                    arrayFilter(
                        (d, earlier) -> toInt32(d) - toInt32(earlier) >= {people_days:UInt32},
                        active,
                        arrayResize(arrayPushFront(arrayPopBack(active), toDate(0)), length(active))
                    )
                ),
                arrayMap(
                    d -> (d + {people_days:UInt32}, toFloat64(0), toInt64(-1), toUInt64(0)),
                    arrayFilter(
                        (d, later) -> toInt32(later) - toInt32(d) >= {people_days:UInt32},
                        active,
                        arrayResize(arrayPushBack(arrayPopFront(active), toDate('2149-06-06')), length(active))
                    )
                )
            )) AS change
        FROM
        (
            SELECT
                account_id,
                day,
                engaged.contact_key AS contact_key,
                known.seniority AS seniority,
                {points:Array(Float64)}[place] * least(touches, {caps:Array(UInt32)}[place]) * {weights:Array(Float64)}[greatest(indexOf({seniorities:Array(String)}, known.seniority), 1)] AS at_first,
                toUInt64(touches) + machine_touches AS seen
            FROM
            (
                SELECT
                    account_id,
                    day,
                    contact_key,
                    touches,
                    machine_touches,
                    indexOf({actions:Array(String)}, concat(kind, '.', action)) AS exact,
                    if(exact = 0, indexOf({actions:Array(String)}, concat(kind, '.*')), exact) AS place
                FROM contact_day FINAL
                WHERE account_id IN {accounts:Array(String)}
                  AND day BETWEEN {first:Date} AND {last:Date}
                  AND direction IN ('inbound', 'mutual')
                  AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
            ) AS engaged
            LEFT JOIN
            (
                SELECT contact_key, toString(seniority) AS seniority FROM contacts FINAL
                WHERE contact_key IN
                (
                    SELECT contact_key FROM contact_day
                    WHERE account_id IN {accounts:Array(String)}
                      AND day BETWEEN {first:Date} AND {last:Date}
                      AND direction IN ('inbound', 'mutual')
                )
            ) AS known ON known.contact_key = engaged.contact_key
            WHERE place > 0
        )
        GROUP BY account_id, contact_key, seniority
    )
    GROUP BY account_id, day
    ORDER BY account_id, day
)
GROUP BY account_id

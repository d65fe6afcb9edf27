-- Contact-days of clicks in mail, with those by link scanners told apart: contact_day_groups for these alone.
-- grain: contact x day x affiliation x direction. external table `dirty(contact_key String, day Date32)`.
-- parameters: links UInt8, within_ms UInt32, most UInt32: a scanner clicks so many different links within such a time, or
-- more than so many in a day.
-- keys: prefix of the sort key of touches. All versions of a touch have the same, so the others are left out before FINAL.
SELECT
    contact_key,
    toDate32(day) AS day,
    affiliation,
    'email' AS kind,
    'clicked' AS action,
    toString(direction) AS direction,
    length(clicks) - scanned AS touches,
    read - touches AS machine_touches,
    first_at,
    last_at
FROM
(
    SELECT
        contact_key,
        day,
        affiliation,
        direction,
        count() AS read,
        min(occurred_at) AS first_at,
        max(occurred_at) AS last_at,
        arraySort(groupArrayIf((toUnixTimestamp64Milli(occurred_at), subject), machine = '')) AS clicks,
        -- Beginnings of a time in which too many links were clicked; a click is a scanner's if one of them has it.
        arrayFilter(
            begun -> length(arrayDistinct(arrayMap(
                click -> click.2,
                arrayFilter(click -> click.1 BETWEEN begun.1 AND begun.1 + {within_ms:UInt32}, clicks)
            ))) >= {links:UInt8},
            if(length(clicks) > {most:UInt32}, [], clicks)
        ) AS bursts,
        if(
            length(clicks) > {most:UInt32},
            length(clicks),
            arrayCount(
                click -> arrayExists(begun -> click.1 BETWEEN begun.1 AND begun.1 + {within_ms:UInt32}, bursts), clicks
            )
        ) AS scanned
    FROM touches FINAL
    PREWHERE (day, contact_key) IN (SELECT toDate(day), contact_key FROM dirty)
    WHERE kind = 'email' AND action = 'clicked'
    GROUP BY contact_key, day, affiliation, direction
)

-- Contact-days of clicks in mail, with those by link scanners told apart: contact_day_groups for these alone.
-- grain: contact x day x affiliation x direction. external table `dirty(contact_key String, day Date32)`.
-- parameters: links UInt8, within_ms UInt32, most UInt32: a scanner clicks so many different links within such a time, or
-- more than so many in a day.
-- keys: prefix of the sort key of touches. All versions of a touch have the same, so the others are left out before FINAL.
-- Windows and no arrays: whoever clicks how often he likes costs no more than his rows. What is decided anyhow, as it is
-- marked already or too much for one day, has a window of its own, or thousands within a second would be compared pairwise.
SELECT
    contact_key,
    toDate32(day) AS day,
    affiliation,
    'email' AS kind,
    'clicked' AS action,
    toString(direction) AS direction,
    countIf(NOT by_machine) AS touches,
    countIf(by_machine) AS machine_touches,
    min(occurred_at) AS first_at,
    max(occurred_at) AS last_at
FROM
(
    SELECT
        contact_key,
        day,
        affiliation,
        direction,
        occurred_at,
        -- A click is a scanner's if it is in a time that begins with another click, or itself, and has too many links.
        decided OR max(begins) OVER (
            PARTITION BY contact_key, day, own ORDER BY at_ms RANGE BETWEEN {within_ms:UInt32} PRECEDING AND CURRENT ROW
        ) AS by_machine
    FROM
    (
        SELECT
            *,
            uniqExact(subject) OVER (
                PARTITION BY contact_key, day, own
                ORDER BY at_ms RANGE BETWEEN CURRENT ROW AND {within_ms:UInt32} FOLLOWING
            ) >= {links:UInt8} AS begins
        FROM
        (
            SELECT
                *,
                machine != '' OR count() OVER (PARTITION BY contact_key, day, machine != '') > {most:UInt32} AS decided,
                if(decided, event_id, toUUID('00000000-0000-0000-0000-000000000000')) AS own
            FROM
            (
                SELECT
                    contact_key,
                    day,
                    event_id,
                    affiliation,
                    direction,
                    machine,
                    subject,
                    occurred_at,
                    toUnixTimestamp64Milli(occurred_at) AS at_ms
                FROM touches FINAL
                PREWHERE (day, contact_key) IN (SELECT toDate(day), contact_key FROM dirty)
                WHERE kind = 'email' AND action = 'clicked'
            )
        )
    )
)
GROUP BY contact_key, day, affiliation, direction

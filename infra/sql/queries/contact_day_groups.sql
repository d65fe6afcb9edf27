-- Contact-days of the dirty keys, recomputed from the deduplicated touches; the account is bound by the caller.
-- grain: contact x day x affiliation x kind x action x direction. external table `dirty(contact_key String, day Date32)`.
-- keys: prefix of the sort key of touches, so only the granules of the dirty keys are read. All versions of a touch have
-- the same, so that the others are left out before FINAL has to merge them. Names are grouped by as they are stored.
SELECT
    contact_key,
    toDate32(day) AS day,
    affiliation,
    toString(kind) AS kind,
    toString(action) AS action,
    toString(direction) AS direction,
    touches,
    machine_touches,
    first_at,
    last_at
FROM
(
    SELECT
        contact_key,
        day,
        affiliation,
        kind,
        action,
        direction,
        countIf(machine = '') AS touches,
        countIf(machine != '') AS machine_touches,
        min(occurred_at) AS first_at,
        max(occurred_at) AS last_at
    FROM touches FINAL
    PREWHERE (day, contact_key) IN (SELECT toDate(day), contact_key FROM dirty)
    GROUP BY contact_key, day, affiliation, kind, action, direction
)

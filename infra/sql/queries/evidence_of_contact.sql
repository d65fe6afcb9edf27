-- The evidence for a company that the touches of a contact carry, the most frequent first.
-- grain: affiliation. parameters: day Date. external table `wanted(contact_key String)`, one row: no log of queries has it.
-- keys: part of the sort key of touches, so that the other versions of a touch are left out before FINAL merges them.
SELECT
    affiliation,
    count() AS touches,
    countIf(machine != '') AS machine_touches,
    countIf(day = {day:Date}) AS touches_on_day,
    toDate32(min(day)) AS first_day,
    toDate32(max(day)) AS last_day
FROM touches FINAL
PREWHERE contact_key IN (SELECT contact_key FROM wanted)
GROUP BY affiliation
ORDER BY touches DESC, affiliation

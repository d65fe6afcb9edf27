-- Since when there is anything to count: before, a count is unknown and not zero. NULL where there is nothing at all.
-- grain: one row. parameters: known_before DateTime64, the first moment of which statements do not count; profile String,
-- version of the score profile.
SELECT
    (SELECT minOrNull(day) FROM contact_day FINAL WHERE account_id != '' AND touches > 0) AS touches,
    (
        SELECT minOrNull(least(ifNull(opened_on, closed_on), ifNull(closed_on, opened_on)))
        FROM opportunities_known(known_before = {known_before:DateTime64(6, 'UTC')})
    ) AS opportunities,
    (
        SELECT minOrNull(answered_on) FROM nps_answers_known(known_before = {known_before:DateTime64(6, 'UTC')})
    ) AS answers,
    -- The last update of all of history says so, without one the first of the worker: notes of infra/scores.py.
    (
        SELECT toDateOrNull(argMaxOrNull(value, startsWith(name, 'stages_since_update ')))
        FROM store_facts FINAL
        WHERE name IN (concat('stages_since_update ', {profile:String}), concat('stages_since_worker ', {profile:String}))
    ) AS stages,
    (
        SELECT minOrNull(toDate(JSONExtractString(body, 'month')))
        FROM facts
        WHERE type = 'revenue_recorded' AND recorded_at < {known_before:DateTime64(6, 'UTC')}
    ) AS revenue

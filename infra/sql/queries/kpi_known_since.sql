-- Since when there is anything to count: before, a count is unknown and not zero. NULL where there is nothing at all.
-- grain: one row. parameters: known_before DateTime64, the first moment of which statements do not count; profile String,
-- version of the score profile.
SELECT
    (SELECT minOrNull(day) FROM contact_day FINAL WHERE account_id != '') AS touches,
    (
        SELECT minOrNull(least(ifNull(opened_on, closed_on), ifNull(closed_on, opened_on)))
        FROM opportunities_known(known_before = {known_before:DateTime64(6, 'UTC')})
    ) AS opportunities,
    (
        SELECT minOrNull(answered_on) FROM nps_answers_known(known_before = {known_before:DateTime64(6, 'UTC')})
    ) AS answers,
    -- Stages are computed of all touches: from the first of these on, if they were computed at all.
    if(
        (SELECT count() FROM stage_transitions FINAL WHERE profile = {profile:String}) = 0,
        NULL,
        touches
    ) AS stages,
    (
        SELECT minOrNull(toDate(JSONExtractString(body, 'month')))
        FROM facts
        WHERE type = 'revenue_recorded' AND recorded_at < {known_before:DateTime64(6, 'UTC')}
    ) AS revenue

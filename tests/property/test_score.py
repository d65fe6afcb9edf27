"""Laws of the score and of stages, over made-up histories."""

import random
import tomllib
from dataclasses import asdict, replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.score.ledger import LedgerRow, contributions, engaged, score
from models.score.profile import ScoreProfile, read_profile
from models.score.stages import DayChange, memory_days, transitions
from tests.plain_scores import Account
from tests.unit.test_score import SMALL

# Points are gone after 20 days and a stage is kept for 60: what is older than a score decides as well.
KEPT = SMALL.replace("half_life_days = 10", "half_life_days = 2").replace("keep_days = 5", "keep_days = 60")
KEPT = KEPT.replace("leave_below = 2\n", "leave_below = 0\n").replace("leave_below = 30", "leave_below = 0")


def read(text: str) -> ScoreProfile:
    found = read_profile(text)
    assert isinstance(found, ScoreProfile), found
    return found


PROFILE = read(SMALL)
FIRST = date(2025, 1, 1)
PEOPLE = {
    "mail:a@x.example": "executive",
    "mail:b@x.example": "management",
    "id:s:1": "staff",
    "mail:c@x.example": "unknown",
    "anon:v": "unknown",
}
ROWS = st.lists(
    st.builds(
        lambda back, who, what, direction, touches: LedgerRow(
            FIRST + timedelta(days=back), who, *what.split("."), direction, touches, PEOPLE[who]
        ),
        st.integers(0, 150),
        st.sampled_from(sorted(PEOPLE)),
        st.sampled_from(["web.page_viewed", "meeting.held", "event.attended", "event.no_show", "email.received"]),
        st.sampled_from(["inbound", "mutual", "outbound"]),
        st.integers(0, 5),
    ),
    max_size=40,
    # The table has one row a key.
    unique_by=lambda row: (row.day, row.contact_key, row.kind, row.action, row.direction),
)
DAYS = st.integers(0, 400).map(lambda back: FIRST + timedelta(days=back))


@given(ROWS, DAYS, st.randoms(use_true_random=False))
def test_order_and_repetition_change_no_score(rows: list[LedgerRow], day: date, rng: random.Random) -> None:
    shuffled = [*rows, *rows[:5]]
    rng.shuffle(shuffled)
    assert score(PROFILE, shuffled, day) == score(PROFILE, rows, day)
    assert contributions(PROFILE, shuffled, day) == contributions(PROFILE, rows, day)


@given(ROWS, DAYS)
def test_if_nothing_happens_half_of_the_score_is_left_after_a_half_life(rows: list[LedgerRow], day: date) -> None:
    # Of rows that do not grow too old meanwhile; those that do had a thousandth of their points left.
    recent = [row for row in rows if 0 <= (day - row.day).days <= 90]
    later = day + timedelta(days=PROFILE.half_life_days)
    assert score(PROFILE, recent, later) == pytest.approx(score(PROFILE, recent, day) / 2)


@given(ROWS, DAYS, st.integers(0, 40), st.integers(1, 5))
def test_more_engagement_never_lowers_a_score(rows: list[LedgerRow], day: date, at: int, more: int) -> None:
    before = score(PROFILE, rows, day)
    if rows:
        at %= len(rows)
        rows = [*rows[:at], replace(rows[at], touches=rows[at].touches + more), *rows[at + 1 :]]
    assert score(PROFILE, rows, day) >= before - 1e-9


@given(ROWS, DAYS)
def test_a_score_is_the_sum_of_its_ledger(rows: list[LedgerRow], day: date) -> None:
    assert sum(one.points for one in contributions(PROFILE, rows, day)) == pytest.approx(score(PROFILE, rows, day))


def changes(profile: ScoreProfile, rows: list[LedgerRow]) -> list[DayChange]:
    """What score_changes.sql answers of the rows, in plain Python over every day."""
    if not rows:
        return []
    first, last = min(row.day for row in rows), max(row.day for row in rows) + timedelta(days=profile.people_days)
    found, before = [], engaged(profile, [], first)
    day = first
    while day <= last:
        now, today = engaged(profile, rows, day), [row for row in rows if row.day == day]
        if today or now != before:
            told = score(profile, today, day), now.people - before.people, now.managers - before.managers
            found.append(DayChange(day, *told, sum(row.touches for row in today)))
        before, day = now, day + timedelta(days=1)
    return found


@pytest.mark.parametrize("text", [SMALL, KEPT], ids=["small", "kept"])
@settings(deadline=None, max_examples=40)
@given(ROWS, st.randoms(use_true_random=False))
def test_transitions_are_those_of_the_definition_in_whatever_order_days_come(
    text: str, rows: list[LedgerRow], rng: random.Random
) -> None:
    profile, last = read(text), FIRST + timedelta(days=420)
    told = changes(profile, rows)
    found = transitions(profile, told, last)
    account = Account(tomllib.loads(text), map(asdict, rows))
    assert [(one.day, one.from_stage, one.to_stage) for one in found] == account.transitions(FIRST, last)
    assert [(one.score, one.people, one.managers) for one in found] == [
        (pytest.approx(told_score, abs=1e-5), people, managers)
        for told_score, people, managers in (account.on(one.day) for one in found)
    ]
    rng.shuffle(told)
    assert transitions(profile, told, last) == found


@pytest.mark.parametrize("text", [SMALL, KEPT], ids=["small", "kept"])
@settings(deadline=None, max_examples=40)
@given(ROWS, st.integers(0, 300))
def test_the_days_that_a_stretch_needs_give_its_transitions_and_their_versions(
    text: str, rows: list[LedgerRow], start: int
) -> None:
    """What the worker reads for the last days is enough: it finds what all of history says of them."""
    profile = read(text)
    since, last = FIRST + timedelta(days=start), FIRST + timedelta(days=420)
    first = since - timedelta(days=memory_days(profile))
    of_all = [one for one in transitions(profile, changes(profile, rows), last) if one.day >= since]
    recent = [row for row in rows if row.day >= first]
    assert [one for one in transitions(profile, changes(profile, recent), last) if one.day >= since] == of_all

"""Periods by example: where they begin and end, when one is complete, and what it is compared with."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.periods import KINDS, Period, PeriodKind, latest, periods, stretch

days = st.dates(date(1995, 1, 1), date(2090, 12, 31))


def one(kind: PeriodKind, day: date, as_of: date, start_month: int = 4) -> Period:
    [found] = periods(kind, day, day, as_of, start_month)
    return found


@pytest.mark.parametrize(
    ("as_of", "complete"), [(date(2026, 6, 29), False), (date(2026, 6, 30), True), (date(2026, 7, 1), True)]
)
def test_a_period_is_complete_from_its_last_day_on_as_a_day_asked_as_of_is_at_its_end(
    as_of: date, complete: bool
) -> None:
    asked = one("quarter", date(2026, 5, 1), as_of)
    assert (asked.complete, asked.last) == (complete, min(as_of, date(2026, 6, 30)))
    assert stretch(date(2026, 5, 1), date(2026, 6, 30), as_of).complete is complete


@pytest.mark.parametrize(
    ("start_month", "label", "first", "last"),
    [
        (1, "FY2026 Q1", date(2026, 1, 1), date(2026, 3, 31)),
        (2, "FY2026 Q1", date(2026, 2, 1), date(2026, 4, 30)),
        (3, "FY2025 Q4", date(2025, 12, 1), date(2026, 2, 28)),
        (4, "FY2025 Q4", date(2026, 1, 1), date(2026, 3, 31)),
        (12, "FY2025 Q1", date(2025, 12, 1), date(2026, 2, 28)),
    ],
)
def test_a_quarter_follows_the_first_month_of_the_fiscal_year(
    start_month: int, label: str, first: date, last: date
) -> None:
    found = one("quarter", date(2026, 2, 15), date(2026, 12, 31), start_month)
    assert (found.label, found.first, found.last) == (label, first, last)


@pytest.mark.parametrize(
    ("start_month", "label", "first", "last"),
    [
        (1, "FY2026", date(2026, 1, 1), date(2026, 12, 31)),
        (4, "FY2025", date(2025, 4, 1), date(2026, 3, 31)),
        (12, "FY2025", date(2025, 12, 1), date(2026, 11, 30)),
    ],
)
def test_a_fiscal_year_is_named_by_the_year_it_begins_in(start_month: int, label: str, first: date, last: date) -> None:
    found = one("year", date(2026, 2, 15), date(2027, 12, 31), start_month)
    assert (found.label, found.first, found.last) == (label, first, last)


def test_a_month_does_not_depend_on_the_fiscal_year() -> None:
    asked = [one("month", date(2026, 1, 5), date(2026, 3, 1), start) for start in range(1, 13)]
    assert {(p.label, p.window, p.previous) for p in asked} == {
        ("2026-01", (date(2026, 1, 1), date(2026, 1, 31)), (date(2025, 12, 1), date(2025, 12, 31)))
    }


def test_a_running_period_is_compared_with_as_many_days_of_the_one_before() -> None:
    found = one("quarter", date(2026, 5, 1), date(2026, 5, 10))
    assert found.window == (date(2026, 4, 1), date(2026, 5, 10))
    assert found.previous == (date(2026, 1, 1), date(2026, 2, 9))


def test_a_running_period_that_is_longer_than_the_one_before_is_compared_with_all_of_it() -> None:
    found = one("month", date(2026, 3, 1), date(2026, 3, 30))
    assert found.previous == (date(2026, 2, 1), date(2026, 2, 28))


def test_the_latest_periods_cross_the_end_of_a_year_and_end_with_the_running_one() -> None:
    found = latest("month", date(2026, 2, 1), 3, 4)
    assert [(p.label, p.complete) for p in found] == [("2025-12", True), ("2026-01", True), ("2026-02", False)]
    assert [p.label for p in latest("quarter", date(2026, 1, 1), 2, 4)] == ["FY2025 Q3", "FY2025 Q4"]
    assert [p.label for p in latest("year", date(2026, 3, 31), 2, 4)] == ["FY2024", "FY2025"]


def test_a_leap_day_is_in_its_month() -> None:
    assert one("month", date(2028, 2, 29), date(2028, 2, 29)).complete
    assert one("month", date(2028, 2, 29), date(2028, 3, 31)).last == date(2028, 2, 29)


def test_a_stretch_is_compared_with_as_many_days_right_before_it() -> None:
    found = stretch(date(2026, 1, 1), date(2026, 1, 31), date(2026, 1, 10))
    assert found.window == (date(2026, 1, 1), date(2026, 1, 10))
    assert found.previous == (date(2025, 12, 22), date(2025, 12, 31))
    assert not found.complete
    day = stretch(date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 1))
    assert (day.previous, day.complete) == ((date(2025, 12, 31), date(2025, 12, 31)), True)


def test_a_stretch_that_begins_after_the_day_asked_as_of_is_refused() -> None:
    with pytest.raises(ValueError, match="no day is left"):
        stretch(date(2026, 1, 2), date(2026, 1, 31), date(2026, 1, 1))


def test_what_begins_after_the_day_asked_as_of_is_no_period() -> None:
    assert periods("month", date(2026, 2, 1), date(2026, 3, 31), date(2026, 1, 31), 4) == []


@given(st.sampled_from(KINDS), days, st.integers(0, 1200), st.integers(0, 1200), st.integers(1, 12))
def test_periods_follow_each_other_without_a_gap_and_each_begins_where_the_one_before_it_ended(
    kind: PeriodKind, first: date, length: int, asked_later: int, start_month: int
) -> None:
    last, as_of = first + timedelta(days=length), first + timedelta(days=asked_later)
    found = periods(kind, first, last, as_of, start_month)
    assert found[0].first <= first <= found[0].last or found[0].last == as_of
    assert found[-1].last >= min(last, as_of)
    for before, after in pairwise(found):
        assert before.complete
        assert after.first == before.last + timedelta(days=1)
        assert after.previous[0] == before.first
        assert after.previous[1] <= before.last
    assert found == [p for p in latest(kind, as_of, 500, start_month) if p.first <= last and p.last >= first]

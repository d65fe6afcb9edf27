"""Laws of roll-ups: which days a yearly partition is computed from, and how much of the time a refresh may take."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.rollups import Calendar, next_refresh, span

days = st.dates(date(1971, 1, 1), date(2148, 12, 31))
calendars: st.SearchStrategy[Calendar] = st.sampled_from(["day", "month", "week", "quarter"])
start_months = st.integers(1, 12)


def end_of_period(calendar: Calendar, day: date, start_month: int) -> date:
    """The last day of the period of a day, walked to day by day."""
    while True:
        after = day + timedelta(days=1)
        ends = {
            "day": True,
            "month": after.day == 1,
            "week": after.isoweekday() == 1,
            "quarter": after.day == 1 and (after.month - start_month) % 3 == 0,
        }
        if ends[calendar]:
            return day
        day = after


@given(calendars, days, start_months)
def test_a_day_is_in_the_span_of_the_year_in_which_its_period_ends_and_in_no_other(
    calendar: Calendar, day: date, start_month: int
) -> None:
    ends = end_of_period(calendar, day, start_month)
    for year in range(day.year - 1, day.year + 2):
        first, last = span(calendar, year, start_month)
        assert (first <= day <= last) == (year == ends.year)


@given(calendars, st.integers(1971, 2148), start_months)
def test_a_span_reads_its_year_and_perhaps_the_end_of_the_one_before(
    calendar: Calendar, year: int, start_month: int
) -> None:
    first, last = span(calendar, year, start_month)
    assert first.year in (year - 1, year)
    assert last.year == year


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=20))
def test_refreshing_takes_at_most_a_twentieth_of_the_time_and_begins_at_most_once_a_minute(took_s: list[float]) -> None:
    began = 0.0
    for took in took_s:
        following = next_refresh(began, began + took)
        assert following - began >= 60
        assert took <= (following - began) / 20 + 1e-6
        began = following

"""Periods of business time: their names, their edges, and what they are compared with."""

from datetime import date

import pytest

from models.periods import called, named, periods


@pytest.mark.parametrize(
    ("label", "start_month", "first", "last"),
    [
        ("2026-04", 4, date(2026, 4, 1), date(2026, 4, 30)),
        ("2026-12", 4, date(2026, 12, 1), date(2026, 12, 31)),
        ("2028-02", 4, date(2028, 2, 1), date(2028, 2, 29)),
        ("FY2026 Q1", 4, date(2026, 4, 1), date(2026, 6, 30)),
        ("FY2026Q4", 4, date(2027, 1, 1), date(2027, 3, 31)),
        ("FY2026", 4, date(2026, 4, 1), date(2027, 3, 31)),
        ("FY2026", 1, date(2026, 1, 1), date(2026, 12, 31)),
        ("FY2026 Q2", 12, date(2027, 3, 1), date(2027, 5, 31)),
        ("2026-04-01/2026-09-30", 4, date(2026, 4, 1), date(2026, 9, 30)),
    ],
)
def test_a_period_is_known_by_its_name(label: str, start_month: int, first: date, last: date) -> None:
    assert named(label, start_month) == (first, last)


@pytest.mark.parametrize(
    "label", ["", "2026", "2026-13", "2026-4", "FY2026 Q5", "Q1", "2026-02-30/2026-03-01", "today/x"]
)
def test_what_names_no_period_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match=r"use 2026-04|out of range|Invalid isoformat"):
        named(label, 4)


def test_a_period_asked_for_by_name_is_the_one_that_all_of_its_kind_have() -> None:
    as_of = date(2026, 5, 20)
    for kind, label in (("month", "2026-05"), ("quarter", "FY2026 Q1"), ("year", "FY2025")):
        [one] = called(label, as_of, 4)
        assert one in periods(kind, date(2024, 1, 1), as_of, as_of, 4)  # type: ignore[arg-type]
    assert called("2026-06", as_of, 4) == [], "it has not begun"
    [days] = called("2026-05-01/2026-05-31", as_of, 4)
    assert (days.last, days.ends, days.complete) == (as_of, date(2026, 5, 31), False)


@pytest.mark.parametrize("start_month", range(1, 13))
@pytest.mark.parametrize("kind", ["month", "quarter", "year"])
def test_every_period_has_the_days_of_its_name(kind: str, start_month: int) -> None:
    for period in periods(kind, date(2024, 1, 1), date(2027, 12, 31), date(2027, 12, 31), start_month):  # type: ignore[arg-type]
        assert named(period.label, start_month) == (period.first, period.ends)

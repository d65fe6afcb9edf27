"""Periods of business time, each with the one before it: months, fiscal quarters, fiscal years, or any days."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from models.days import quarter_label, quarter_start

PeriodKind = Literal["month", "quarter", "year"]
KINDS: tuple[PeriodKind, ...] = ("month", "quarter", "year")
_MONTHS: dict[PeriodKind, int] = {"month": 1, "quarter": 3, "year": 12}

Window = tuple[date, date]


@dataclass(frozen=True)
class Period:
    """A stretch of days and the one of the same length before it; both ends included.

    last: the day asked as of, while the period still runs. ends: its last day as a whole. complete: it ended by then. A
    running period is compared with as many days from the beginning of the one before, as a whole one would always look
    better.
    """

    label: str
    first: date
    last: date
    previous: Window
    complete: bool
    ends: date

    @property
    def window(self) -> Window:
        return self.first, self.last


def periods(kind: PeriodKind, first: date, last: date, as_of: date, start_month: int) -> list[Period]:
    """The periods that have a day from first to last and began by as_of, the earliest first.

    start_month: first month of the fiscal year, 1-12. Calendar months do not depend on it.
    """
    months = _MONTHS[kind]
    ordinal = (first.year * 12 + first.month - start_month) // months
    found = []
    while (begins := _start(ordinal, months, start_month)) <= min(last, as_of):
        ends = _start(ordinal + 1, months, start_month) - timedelta(days=1)
        before = _start(ordinal - 1, months, start_month)
        counted = min(ends, as_of)
        before_ends = begins - timedelta(days=1)
        if counted < ends:
            before_ends = min(before_ends, before + (counted - begins))
        label = _label(kind, begins, start_month)
        found.append(Period(label, begins, counted, (before, before_ends), counted == ends, ends))
        ordinal += 1
    return found


def stretch(first: date, last: date, as_of: date) -> Period:
    """These days as one period, compared with as many days right before. Raises ValueError where none counts."""
    counted = min(last, as_of)
    if counted < first:
        raise ValueError(f"{first} is later than {counted}: no day is left")
    before = first - timedelta(days=1)
    return Period(f"{first}/{last}", first, counted, (before - (counted - first), before), counted == last, last)


def latest(kind: PeriodKind, as_of: date, count: int, start_month: int) -> list[Period]:
    """The last periods that began by as_of, the earliest first."""
    ordinal = (as_of.year * 12 + as_of.month - start_month) // _MONTHS[kind]
    return periods(kind, _start(ordinal - count + 1, _MONTHS[kind], start_month), as_of, as_of, start_month)


def fiscal_year(day: date, start_month: int) -> int:
    """The fiscal year of a day, named by the calendar year in which it begins."""
    return day.year if day.month >= start_month else day.year - 1


_NAMED = re.compile(r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])|FY(?P<fiscal>\d{4})(?:\s*Q(?P<quarter>[1-4]))?")


def named(label: str, start_month: int) -> Window:
    """The days of a period by its name: 2026-04, FY2026 Q1, FY2026, or 2026-04-01/2026-09-30.

    Raises ValueError for a name of another form and for days that are none.
    """
    told = label.strip()
    if "/" in told:
        first, _, last = told.partition("/")
        return date.fromisoformat(first.strip()), date.fromisoformat(last.strip())
    found = _NAMED.fullmatch(told)
    if found is None:
        raise ValueError(f"{label!r} is no period: use 2026-04, 'FY2026 Q1', FY2026 or 2026-04-01/2026-09-30")
    if found["year"]:
        return _whole(int(found["year"]), int(found["month"]), 1)
    quarter = int(found["quarter"]) - 1 if found["quarter"] else 0
    return _whole(int(found["fiscal"]), start_month + 3 * quarter, 3 if found["quarter"] else 12)


def called(label: str, as_of: date, start_month: int) -> list[Period]:
    """The one period of that name (named), as of a day; none where it begins later. Raises ValueError as named does."""
    first, last = named(label, start_month)
    if "/" in label:
        return [stretch(first, last, as_of)]
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    kind = next(one for one, length in _MONTHS.items() if length == months)
    return periods(kind, first, last, as_of, start_month)


def _whole(year: int, month: int, months: int) -> Window:
    begins = year * 12 + month - 1
    ends = begins + months
    return date(begins // 12, begins % 12 + 1, 1), date(ends // 12, ends % 12 + 1, 1) - timedelta(days=1)


def _start(ordinal: int, months: int, start_month: int) -> date:
    place = ordinal * months + start_month - 1
    return date(place // 12, place % 12 + 1, 1)


def _label(kind: PeriodKind, begins: date, start_month: int) -> str:
    if kind == "month":
        return f"{begins:%Y-%m}"
    ordinal = (begins.year * 12 + begins.month - start_month) // 3
    label = quarter_label(ordinal, start_month)
    assert quarter_start(ordinal, start_month) == begins
    return label if kind == "quarter" else label.split()[0]

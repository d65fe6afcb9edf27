"""Which days a yearly partition of a roll-up is computed from, and when a refresh may begin."""

from datetime import date, timedelta
from typing import Literal

from models.days import fiscal_quarter, quarter_start

Calendar = Literal["day", "month", "week", "quarter"]

# A refresh takes at most this part of the time.
_PART = 20
_AT_LEAST_S = 60.0
_DAY = timedelta(days=1)


def span(calendar: Calendar, year: int, start_month: int) -> tuple[date, date]:
    """The first and the last day of the periods that end in a calendar year.

    By the year of their end, and not of their begin: what is new in a year is then in no period of the year before.
    start_month: first month of the fiscal year, 1-12.
    """
    return _begin(calendar, date(year, 1, 1), start_month), _begin(calendar, date(year + 1, 1, 1), start_month) - _DAY


def _begin(calendar: Calendar, day: date, start_month: int) -> date:
    match calendar:
        case "day":
            return day
        case "month":
            return day.replace(day=1)
        case "week":
            return day - timedelta(days=day.weekday())
        case "quarter":
            return quarter_start(fiscal_quarter(day, start_month), start_month)


def next_refresh(began_s: float, ended_s: float) -> float:
    """The moment before which no other refresh begins, on the clock of the two given. Seconds.

    At most a twentieth of the time goes to refreshing, and one begins at most once a minute.
    """
    return began_s + max(_AT_LEAST_S, _PART * (ended_s - began_s))

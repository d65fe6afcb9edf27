"""The demo world's time: three years back from its last day, fiscal quarters, and the days people do not work."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Region = Literal["japan", "asia", "europe", "americas"]

BUSINESS_ZONE = ZoneInfo("Asia/Tokyo")
YEARS = 3
# First and last (month, day) on which hardly anybody works, by region.
_YEAR_END = ((12, 23), (1, 2))
_CLOSED: dict[Region, tuple[tuple[tuple[int, int], tuple[int, int]], ...]] = {
    "japan": (((12, 27), (1, 4)), ((4, 28), (5, 6)), ((8, 9), (8, 16))),  # New Year, Golden Week, Obon
    "asia": (_YEAR_END,),
    "europe": (_YEAR_END,),
    "americas": (_YEAR_END,),
}
# Office hours as hours of a day in Tokyo: an American working day is the small hours of the next day there, Tue to Sat.
OFFICE_HOURS: dict[Region, tuple[float, float]] = {
    "japan": (9.0, 18.5),
    "asia": (10.0, 19.0),
    "europe": (16.5, 23.0),
    "americas": (0.5, 8.0),
}


@dataclass(frozen=True)
class Timeline:
    """Dates relative to `until`, the last day with data. Fiscal quarters start in January, April, July and October."""

    until: date

    @property
    def start(self) -> date:
        """The first day with data: the start of a quarter, so that no quarter is recorded in part."""
        return self.quarter(4 * YEARS)

    @property
    def end(self) -> datetime:
        """The last moment of `until` in the business time zone, in UTC."""
        return at(self.until, 24.0) - timedelta(seconds=1)

    def days_ago(self, days: int) -> date:
        return self.until - timedelta(days=days)

    def quarter(self, back: int) -> date:
        """First day of the quarter `back` quarters before the one that `until` lies in."""
        months = self.until.year * 12 + (self.until.month - 1) // 3 * 3 - 3 * back
        return date(months // 12, months % 12 + 1, 1)

    def months(self) -> list[date]:
        """First days of all months that are over at the end of `until`."""
        months, month = [], self.start
        while (following := next_month(month)) <= self.until + timedelta(days=1):
            months.append(month)
            month = following
        return months

    def weeks(self, region: Region) -> Iterator[list[date]]:
        """Every week's working days, the empty weeks too."""
        monday = self.start - timedelta(days=self.start.weekday())
        first = 1 if region == "americas" else 0
        while monday <= self.until:
            days = [monday + timedelta(days=first + n) for n in range(5)]
            yield [day for day in days if self.start <= day <= self.until and not is_closed(day, region)]
            monday += timedelta(days=7)


def next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def is_closed(day: date, region: Region) -> bool:
    """Whether the day is in one of the region's long holidays; weekends are not asked for."""
    here = (day.month, day.day)
    return any(
        first <= here <= last if first <= last else here >= first or here <= last for first, last in _CLOSED[region]
    )


def at(day: date, hour: float) -> datetime:
    """The moment `hour` hours into a day of the business time zone, to the second, in UTC."""
    return _midnight(day) + timedelta(seconds=int(hour * 3600))


@lru_cache(maxsize=4096)
def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=BUSINESS_ZONE).astimezone(UTC)

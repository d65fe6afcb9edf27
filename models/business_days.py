"""Business days: weekdays that are no holiday and no closure of ours."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

_WEEK = 7
_WEEKDAYS = 5


class BusinessCalendar:
    """Counts business days between any two days. Days are ordinals (date.toordinal).

    closed: holidays and closures, in any order; those on weekends change nothing.
    """

    def __init__(self, closed: Iterable[int] = ()) -> None:
        self._closed: Sequence[int] = sorted({day for day in closed if _is_weekday(day)})

    def is_open(self, day: int) -> bool:
        """Whether it is a business day."""
        at = bisect_left(self._closed, day)
        return _is_weekday(day) and not (at < len(self._closed) and self._closed[at] == day)

    def between(self, first: int, last: int) -> int:
        """Business days from first to last, both included; 0 where first is after last."""
        if first > last:
            return 0
        holidays = bisect_right(self._closed, last) - bisect_left(self._closed, first)
        return _weekdays_until(last) - _weekdays_until(first - 1) - holidays

    def before(self, day: int, count: int) -> int:
        """The day from which on there are `count` business days up to `day`, itself included. count: at least 1."""
        found = day - count
        while (lacking := count - self.between(found + 1, day)) > 0:
            found -= lacking
        return found + 1


# date.toordinal: 1 is a Monday.
def _is_weekday(day: int) -> bool:
    return (day - 1) % _WEEK < _WEEKDAYS


def _weekdays_until(day: int) -> int:
    """Weekdays from day 1 to this one, included."""
    weeks, rest = divmod(day, _WEEK)
    return weeks * _WEEKDAYS + min(rest, _WEEKDAYS)

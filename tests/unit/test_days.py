"""Where business days end, in zones with and without summer time."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from models.days import day_ends_at


@pytest.mark.parametrize(
    ("zone", "day", "ends"),
    [
        ("Asia/Tokyo", date(2026, 6, 14), datetime(2026, 6, 14, 15, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 3, 28), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC)),  # of 23 hours
        ("Europe/Berlin", date(2026, 10, 24), datetime(2026, 10, 24, 22, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),  # of 25 hours
        ("America/New_York", date(2026, 12, 31), datetime(2027, 1, 1, 5, tzinfo=UTC)),
        # The day after begins at one o'clock: there is no midnight between them.
        ("America/Santiago", date(2026, 9, 5), datetime(2026, 9, 6, 4, tzinfo=UTC)),
    ],
)
def test_a_day_ends_where_the_next_one_begins_in_its_zone(zone: str, day: date, ends: datetime) -> None:
    found = day_ends_at(day, ZoneInfo(zone))
    assert found == ends
    assert found.tzinfo is UTC

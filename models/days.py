"""Business days and fiscal quarters: plain arithmetic on dates."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def fiscal_quarter(day: date, start_month: int = 4) -> int:
    """Ordinal of the fiscal quarter that holds the day: consecutive quarters differ by one.

    start_month: first month of the fiscal year, 1-12. Quarters start every third month from it.
    """
    return (day.year * 12 + (day.month - start_month)) // 3


def quarter_start(ordinal: int, start_month: int = 4) -> date:
    """First day of the fiscal quarter with this ordinal; the end of the one before is the day before."""
    months = ordinal * 3 + start_month - 1
    return date(months // 12, months % 12 + 1, 1)


def quarter_label(ordinal: int, start_month: int = 4) -> str:
    """For people: `FY2026 Q1`; the fiscal year is named after the calendar year it starts in."""
    start = quarter_start(ordinal, start_month)
    year = start.year if start.month >= start_month else start.year - 1
    return f"FY{year} Q{((start.month - start_month) % 12) // 3 + 1}"


def day_ends_at(day: date, zone: ZoneInfo) -> datetime:
    """The first moment after a business day, in UTC: what was recorded before it was known by the end of the day."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)

"""Times as people and spreadsheets write them: with or without a clock, mostly without a zone."""

import re
import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

_ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_YEAR_FIRST = r"(?P<year>\d{4})[/年-](?P<month>\d{1,2})[/月-](?P<day>\d{1,2})日?"
_YEAR_LAST = r"(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d{4})"
_CLOCK = r"([T\s]*(?P<hour>\d{1,2})[:時](?P<minute>\d\d)([:分](?P<second_of_minute>\d\d)秒?|分)?(\s*(?P<half>AM|PM))?)?"
_LOCAL = [re.compile(date + _CLOCK, re.ASCII | re.IGNORECASE) for date in (_YEAR_FIRST, _YEAR_LAST)]


def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of this IANA name, None where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone; no name at all; the name of a folder of zones
        return None


def read_time(text: str, zone: ZoneInfo | None) -> datetime | str:
    """A time with its zone, or why it is none, for a person.

    zone: of times that tell none themselves; None: it is not known, and such a time is refused. A date alone counts as
    12:00 there, which is that same day for nearly everybody.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    try:
        if _ZONED.fullmatch(text.upper()):
            return datetime.fromisoformat(text.upper())
        found = next((match for form in _LOCAL if (match := form.fullmatch(text))), None)
        if found is None:
            return "not a time that can be read: write 2026-11-20 13:05, or RFC 3339 with a zone"
        local = _local(found.groupdict())
    except ValueError as error:
        return f"no such time: {error}"
    if isinstance(local, str):
        return local
    if zone is None:
        return "no zone is known: write RFC 3339, or give the zone with the list (`--timezone Asia/Tokyo`)"
    return local.replace(tzinfo=zone)


def _local(parts: dict[str, str | None]) -> datetime | str:
    half = (parts["half"] or "").upper()
    year, month, day = parts["year"], parts.get("month"), parts.get("day")
    if month is None or day is None:
        month, day = parts["first"], parts["second"]
        # 11/20/2026 can only be American; 05/11/2026 is the fifth of November in most of the world.
        if not half and int(day or 0) <= 12:
            return "the order of month and day cannot be told: write 2026-11-20, or AM or PM behind an American time"
    hour = int(parts["hour"] or 12)
    if half:
        if not 1 <= hour <= 12:
            return f"no such time: {hour} {half}"
        hour = hour % 12 + (12 if half == "PM" else 0)
    clock = (hour, int(parts["minute"] or 0), int(parts["second_of_minute"] or 0))
    return datetime(int(year or 0), int(month or 0), int(day or 0), *clock)  # noqa: DTZ001 - the caller knows the zone

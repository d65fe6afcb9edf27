"""Numbers, currencies and days as exports write them."""

import re
import unicodedata
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from models.sources.local_times import read_time

NumberForm = Literal["1,234.50", "1.234,50", "1 234,50", "1'234.50"]

# What exports write for nothing.
EMPTY = frozenset({"", "-", "--", "—", "ー", "n/a", "#n/a", "null", "none", "(no value)"})
_GROUP_AND_POINT: dict[NumberForm, tuple[str, str]] = {
    "1,234.50": (",", "."),
    "1.234,50": (".", ","),
    "1 234,50": (" ", ","),
    "1'234.50": ("'", "."),
}
_DOLLARS = frozenset({"USD", "AUD", "CAD", "HKD", "NZD", "SGD", "TWD"})
_MARKS: dict[str, frozenset[str]] = {
    "¥": frozenset({"JPY", "CNY"}),
    "円": frozenset({"JPY"}),
    "$": _DOLLARS,
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "₩": frozenset({"KRW"}),
    "元": frozenset({"CNY", "TWD"}),
}
_MARK = re.compile(
    rf"^({'|'.join(map(re.escape, _MARKS))}|[A-Z]{{3}})\s*|\s*({'|'.join(map(re.escape, _MARKS))}|[A-Z]{{3}})$"
)
_NEGATIVE = re.compile(r"^\((.+)\)$|^[△▲−-]\s*(.+)$")
_MOST = 1e15  # beyond it a double has no cents
_MONTH = re.compile(r"(\d{4})\s*(?:[-/.]|年)\s*(\d{1,2})月?", re.ASCII)
_YEAR = re.compile(r"(?:FY)?(\d{4})(?:年度?)?", re.ASCII)


def read_number(text: str, form: NumberForm, currency: str | None = None) -> float | str:
    """A number, or why it is none, for a person. currency: what it is in, so that a mark of another is noticed."""
    text = unicodedata.normalize("NFKC", text).strip().replace("\u2019", "'").replace("\\", "¥")
    sign = 1
    if found := _NEGATIVE.match(text):
        sign, text = -1, (found[1] or found[2]).strip()
    while found := _MARK.search(text):
        mark = found[1] or found[2]
        if currency is not None and currency not in _MARKS.get(mark, {mark}):
            return f"it is in {mark}, the currency is {currency}: name the column of the currency, or correct it"
        text = (text[: found.start()] + text[found.end() :]).strip()
    if sign > 0 and (found := _NEGATIVE.match(text)):  # the mark came first: ¥-1,234
        sign, text = -1, (found[1] or found[2]).strip()
    group, point = _GROUP_AND_POINT[form]
    plain = re.sub(r"\s", " ", text) if group == " " else text
    grouped = rf"\+?(?:\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d+)(?:{re.escape(point)}\d+)?"
    if not re.fullmatch(grouped, plain, re.ASCII):
        return f"not a number of the form {form}: set `numbers` of the map to the form of the file, or correct it"
    value = float(plain.replace(group, "").replace(point, "."))
    return sign * value if value <= _MOST else f"more than {_MOST:g}: correct it"


def written_number(value: float, form: NumberForm) -> str:
    """A number as exports in this form write it, without groups; it reads back as the same."""
    text = str(int(value)) if value == int(value) else f"{value:.9f}".rstrip("0")
    return text.replace(".", _GROUP_AND_POINT[form][1])


def read_day(text: str, formats: tuple[str, ...], zone: ZoneInfo) -> date | str:
    """A day in the zone, or why it is none. formats: of strptime; none: what can be read without a doubt."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not formats:
        moment = read_time(text, zone)
        return moment if isinstance(moment, str) else _day(moment, zone)
    for form in formats:
        try:
            return _day(datetime.strptime(text, form), zone)  # noqa: DTZ007 - without a zone it is the map's
        except ValueError:
            continue
    return f"not a day of the form {' or '.join(formats)}: correct it, or add its form to `dates` of the map"


def read_month(text: str, formats: tuple[str, ...], zone: ZoneInfo) -> date | str:
    """The first day of a month that is told by itself or by a day in it."""
    if found := _MONTH.fullmatch(unicodedata.normalize("NFKC", text).strip()):
        year, month = int(found[1]), int(found[2])
        return date(year, month, 1) if 1 <= month <= 12 and year else "no such month: write 2025-04"
    day = read_day(text, formats, zone)
    return day if isinstance(day, str) else day.replace(day=1)


def read_year(text: str) -> int | str:
    """A year, as 2025, FY2025 or 2025年度."""
    found = _YEAR.fullmatch(unicodedata.normalize("NFKC", text).strip().upper())
    return int(found[1]) if found else "not a year: write 2025"


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.date() if moment.tzinfo is None else moment.astimezone(zone).date()

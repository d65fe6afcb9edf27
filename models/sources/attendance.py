"""The attendance adapter: CSV with one row for each person in a meeting.

Columns `meeting`, `date` and `attendee_id` must be there; `start_utc` and `organization` may be; order and further
columns do not matter. Each row is one `meeting.attended`.

- Time: `start_utc` on `date`; a full RFC 3339 time in `start_utc` stands alone. A date without a time counts as 12:00
  UTC, which is that same calendar day in every business time zone from -12:00 to +11:59; midnight would fall on the day
  before in the Americas.
- Identity: meeting, date and attendee, so that a later export of the same meeting says nothing new. Two sessions on one
  day need names of their own.
"""

import csv
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.canonical import MAX_EVENT_BYTES, signal_or_dead_letter

_REQUIRED = ("meeting", "date", "attendee_id")
_CLOCK = re.compile(r"(\d{1,2})(:\d\d(?::\d\d)?)Z?")
_MAX_ROW_LINES = 20


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Read a header line and the rows below it; every row is answered by one signal or one dead letter, in order."""
    header, *rows = [row for row in csv_rows(body.splitlines(keepends=True)) if row.strip()] or [b""]
    if not rows:
        return [DeadLetter(0, Reason.EMPTY_BODY, "there is no row below the header line", body)]
    columns = _columns(header)
    return [_decode_row(index, row.rstrip(b"\r\n"), columns) for index, row in enumerate(rows)]


def csv_rows(lines: Iterable[bytes], delimiter: str = ",") -> Iterator[bytes]:
    """Join the lines of each CSV row: a quoted field may hold line breaks.

    A quote that is not closed within 20 lines is a slip of the pen and costs its own line only.
    """
    source, returned = iter(lines), deque[bytes]()

    def next_line() -> bytes | None:
        return returned.popleft() if returned else next(source, None)

    while (line := next_line()) is not None:
        row = [line]
        while b'"' in line and _ends_in_quotes(b"".join(row), delimiter):
            following = next_line() if len(row) < _MAX_ROW_LINES else None
            if following is None:
                returned.extendleft(reversed(row[1:]))
                del row[1:]
                break
            row.append(following)
        yield b"".join(row)


def _ends_in_quotes(row: bytes, delimiter: str) -> bool:
    # The csv module itself decides: a reader that takes the probe line along was still inside a quoted field.
    reader = csv.reader((row.decode("latin-1"), ""), delimiter=delimiter)
    try:
        next(reader)
    except csv.Error:
        return False
    return reader.line_num > 1


def _columns(header: bytes) -> list[str] | str:
    """The columns' names, or what is wrong with the header line."""
    try:
        names = [name.strip().lower() for name in next(csv.reader([header.decode("utf-8-sig")]))]
    except (UnicodeDecodeError, csv.Error) as error:
        return f"the header line cannot be read: {error}"
    for name in _REQUIRED:
        if names.count(name) != 1:
            return f"the header line must name the column {name!r} once; it has {names}"[:500]
    return names


def _decode_row(index: int, raw: bytes, columns: list[str] | str) -> Signal | DeadLetter:
    if len(raw) > MAX_EVENT_BYTES:
        detail = f"{len(raw):,} bytes in one row; the limit is {MAX_EVENT_BYTES:,}"
        return DeadLetter(index, Reason.TOO_LARGE, detail, raw)
    if isinstance(columns, str):
        return DeadLetter(index, Reason.LINE_MALFORMED, columns, raw)
    try:
        fields = next(csv.reader([raw.decode("utf-8")], strict=True))
    except UnicodeDecodeError as error:
        return DeadLetter(index, Reason.INVALID_UTF8, f"byte {error.start} is not UTF-8", raw)
    except csv.Error as error:
        return DeadLetter(index, Reason.LINE_MALFORMED, f"not CSV: {error}", raw)
    if len(fields) < len(columns) or any(fields[len(columns) :]):
        detail = f"{len(fields)} fields where the header line names {len(columns)} columns"
        return DeadLetter(index, Reason.LINE_MALFORMED, detail, raw)
    row = {name: field.strip() for name, field in zip(columns, fields, strict=False)}
    meeting, attendee, date, start = row["meeting"], row["attendee_id"], row["date"], row.get("start_utc", "")
    contacts = [{"id": attendee, "organization": row.get("organization", "")}] if attendee else []
    value: dict[str, object] = {
        "id": json.dumps([meeting, date or start, attendee], ensure_ascii=False),
        "type": "meeting.attended",
        "time": _time(date, start),
        "data": {"contacts": contacts, "direction": "mutual", "subject": meeting},
    }
    return signal_or_dead_letter(index, value, raw)


def _time(date: str, start: str) -> str:
    """The time as RFC 3339 text, or text the contract refuses."""
    clock = _CLOCK.fullmatch(start or "12:00")
    if not clock:
        return start
    return f"{date}T{clock[1].zfill(2)}{clock[2]}Z" if date else ""

"""The host-log adapter: tab-separated requests of a web server that looks its visitors' host names up.

Columns `host`, `time` (seconds since 1970, UTC), `url` and `response` must be there, `method` may be; order and further
columns do not matter. What counts as a page view, and the identity of a line, are as in `access_log`. No user agent is
logged, so crawlers cannot be told from people here.
"""

import re
from datetime import UTC, datetime, timedelta

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.access_log import Request, line_text, signal_of

_REQUIRED = ("host", "time", "url", "response")
_SECONDS = re.compile(r"-?[0-9]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Read a header line and the lines below it; each is answered by one signal or one dead letter, in order."""
    header, *lines = [line for line in body.split(b"\n") if line.strip()] or [b""]
    if not lines:
        return [DeadLetter(0, Reason.EMPTY_BODY, "there is no line below the header line", body)]
    names = header.decode("utf-8-sig", "replace").strip().lower().split("\t")
    columns = {name.strip(): position for position, name in enumerate(names)}
    return [_decode_line(index, line.rstrip(b"\r"), columns) for index, line in enumerate(lines)]


def _decode_line(index: int, raw: bytes, columns: dict[str, int]) -> Signal | DeadLetter:
    text = line_text(index, raw)
    if isinstance(text, DeadLetter):
        return text
    for name in _REQUIRED:
        if name not in columns:
            detail = f"the header line must name the column {name!r}; it has {list(columns)}"[:500]
            return DeadLetter(index, Reason.LINE_MALFORMED, detail, raw)
    fields = text.split("\t")
    if len(fields) <= max(columns.values()) or any(field.strip() for field in fields[len(columns) :]):
        detail = f"{len(fields)} fields where the header line names {len(columns)} columns"
        return DeadLetter(index, Reason.LINE_MALFORMED, detail, raw)
    row = {name: fields[position].strip() for name, position in columns.items()}
    status = row["response"]
    if not (status.isascii() and status.isdigit() and len(status) == 3):
        return DeadLetter(index, Reason.LINE_MALFORMED, f"response: {status[:120]!r} is not a status such as 200", raw)
    time = _time(row["time"])
    if isinstance(time, Reason):
        return DeadLetter(index, time, f"time: not usable as seconds since 1970; got {row['time'][:120]!r}", raw)
    return signal_of(index, Request(row["host"], time, row.get("method", "GET"), row["url"], int(status)), raw)


def _time(seconds: str) -> str | Reason:
    if not seconds:
        return Reason.TIME_MISSING
    if not _SECONDS.fullmatch(seconds):
        return Reason.TIME_INVALID
    try:
        return (_EPOCH + timedelta(seconds=int(seconds))).isoformat()
    except (OverflowError, ValueError):
        return Reason.TIME_OUT_OF_RANGE

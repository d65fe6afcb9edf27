"""The attendees adapter: lists from badge scanners, business-card readers and webinar tools, as CSV.

One row is one person at one event. The header line is recognised in Japanese and English: see `attendee_columns`; for
encodings, delimiters and titles above it `attendee_lists`.

- Type: by the status column. Without one a row is `event.attended`; in a list of exchanged cards
  `meeting.card_exchanged`; in a list that tells no time but that of registering, `event.registered`.
- Who: the e-mail address. Names of people are not read.
- Time: see `local_times`. The zone is the one that the content type's parameter `tz` names, else Asia/Tokyo where the
  header is Japanese, else unknown.
- Identity: event, address, day and type, so that a later export of the same list says nothing new.
"""

import csv
import json

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.attendee_columns import Column, type_of
from models.sources.attendee_lists import ListForm, decoded, listed_rows, narrow, read_form
from models.sources.canonical import MAX_EVENT_BYTES, signal_or_dead_letter
from models.sources.local_times import read_time

_EMPTY = ("", "-", "--")  # what webinar tools write for nothing
# Of several times in one row, the one that a type means first.
_TIMES: dict[str, tuple[Column, ...]] = {
    "event.registered": ("registered", "happened", "exchanged"),
    "meeting.card_exchanged": ("exchanged", "happened", "registered"),
    "event.attended": ("happened", "registered", "exchanged"),
    "event.no_show": ("happened", "registered", "exchanged"),
}


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Read a list; every row below its header is answered by one signal or one dead letter, in order."""
    header, *below = list(listed_rows(body.splitlines(keepends=True))) or [b""]
    form = read_form(header, body, origin.content_type)
    rows = [row.rstrip(b"\r\n") for row in below if not _is_blank(row, form)]
    if not rows:
        return [DeadLetter(0, Reason.EMPTY_BODY, "there is no row below the header line", body)]
    return [_decode_row(index, row, form) for index, row in enumerate(rows)]


def _is_blank(row: bytes, form: ListForm) -> bool:
    text = decoded(row, form.encoding)
    return text is not None and not text.strip('",;\t\r\n \u3000')


def _decode_row(index: int, raw: bytes, form: ListForm) -> Signal | DeadLetter:
    if len(raw) > MAX_EVENT_BYTES:
        detail = f"{len(raw):,} bytes in one row; the limit is {MAX_EVENT_BYTES:,}"
        return DeadLetter(index, Reason.TOO_LARGE, detail, raw)
    text = decoded(raw, form.encoding)
    if text is None:
        which = "neither UTF-8 nor CP932 (Shift_JIS)" if form.encoding == "ascii" else f"not {form.encoding.upper()}"
        return DeadLetter(index, Reason.INVALID_UTF8, f"the list is {which}: save it as UTF-8", raw)
    if form.wrong:
        return DeadLetter(index, Reason.LINE_MALFORMED, form.wrong, raw)
    try:
        fields = [field.strip() for field in next(csv.reader([text], delimiter=form.delimiter, strict=True))]
    except csv.Error as error:
        return DeadLetter(index, Reason.LINE_MALFORMED, f"not CSV: {error}", raw)
    if len(fields) < form.width or any(fields[len(form.columns) :]):
        detail = f"{len(fields)} fields where the header line names {len(form.columns)} columns"
        return DeadLetter(index, Reason.LINE_MALFORMED, detail, raw)
    row: dict[Column, str] = {}
    for column, field in zip(form.columns, fields, strict=False):
        if column and field not in _EMPTY:
            row.setdefault(column, field)
    return _signal(index, raw, row, form)


def _signal(index: int, raw: bytes, row: dict[Column, str], form: ListForm) -> Signal | DeadLetter:
    company = row.get("company", "")
    if "email" not in row:
        whose = f"the row's company is {company[:120]!r}" if company else "the row names no company either"
        return DeadLetter(index, Reason.CONTACT_MISSING, f"e-mail: the row has none; {whose}", raw)
    told = _type(row, form.columns)
    if told is None:
        detail = f"status: {row.get('status', '')[:120]!r} is not one of those in docs/sources/attendees.md"
        return DeadLetter(index, Reason.FIELD_INVALID, detail, raw)
    time = next((row[column] for column in _TIMES[told] if column in row), "")
    if not time:
        return DeadLetter(index, Reason.TIME_MISSING, "time: the row has none", raw)
    moment = read_time(time, form.zone)
    if isinstance(moment, str):
        return DeadLetter(index, Reason.TIME_INVALID, f"time: {moment}; got {time[:120]!r}", raw)
    email, event = narrow(row["email"]).lower(), row.get("event", "")
    data: dict[str, object] = {"contacts": [{"email": email, "organization": company}], "subject": event}
    if told == "event.no_show":
        data["direction"] = "outbound"  # we invited; that they did not come is no engagement of theirs
    value: dict[str, object] = {
        "id": json.dumps([event, email, moment.date().isoformat(), told], ensure_ascii=False),
        "type": told,
        "time": moment,
        "data": data,
    }
    return signal_or_dead_letter(index, value, raw)


def _type(row: dict[Column, str], columns: list[Column | None]) -> str | None:
    if "status" in columns:
        return type_of(row.get("status", ""))
    if "exchanged" in columns:
        return "meeting.card_exchanged"
    # Whoever registered need not have come.
    return "event.registered" if "registered" in columns and "happened" not in columns else "event.attended"

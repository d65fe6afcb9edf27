"""Touches of a batch as an Arrow table: the form in which they go from decoding to the store."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from models.touches import Reading

# contact_key, event_id, occurred_us, received_us, kind, action, direction, affiliation, machine, campaign, subject,
# source, answers, content, record_id, position, first. A plain tuple: there are millions of them.
TouchRow = tuple[str, str, int, int, str, str, str, str, str, str, str, str, str | None, str, str, int, int]
_MICROS = pa.timestamp("us", "UTC")
TOUCH_ROW = pa.schema(
    [
        ("contact_key", pa.string()),
        ("event_id", pa.string()),
        ("occurred_at", _MICROS),
        ("received_at", _MICROS),
        ("kind", pa.string()),
        ("action", pa.string()),
        ("direction", pa.string()),
        ("affiliation", pa.string()),
        ("machine", pa.string()),
        ("campaign", pa.string()),
        ("subject", pa.string()),
        ("source", pa.string()),
        ("answers", pa.string()),
        ("content", pa.string()),
        ("record_id", pa.string()),
        ("position", pa.uint32()),
        ("first", pa.uint8()),
    ]
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# 52 bits for the time of receipt (until 2112), 11 for the position in the body, 1 for a tombstone.
_LATEST_US = (1 << 52) - 1
_LAST_POSITION = (1 << 11) - 1


def micros(moment: datetime) -> int:
    """Unix time in microseconds."""
    passed = moment - _EPOCH
    return (passed.days * 86400 + passed.seconds) * 1_000_000 + passed.microseconds


def from_micros(unix_us: int) -> datetime:
    """The moment of a Unix time in microseconds, in UTC."""
    return _EPOCH + timedelta(microseconds=unix_us)


def rows_of(reading: Reading, record: str, position: int) -> list[TouchRow]:
    """The rows of an event read by the contract. record, position: the body it came in and its place there, from 0."""
    return [
        (
            touch.contact_key,
            touch.event_id,
            micros(touch.occurred_at),
            micros(touch.received_at),
            *touch[4:],
            reading.content,
            record,
            position,
            int(number == 0),
        )
        for number, touch in enumerate(reading.touches)
    ]


def touch_table(rows: Sequence[TouchRow]) -> pa.Table:
    """Rows as a table, with `precedence`: who stands when two rows claim one key, see precedence."""
    columns: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else [()] * len(TOUCH_ROW)
    arrays = [
        # Times are integers here; from Python's datetimes the conversion costs more than all the rest.
        pa.array(column, pa.int64()).cast(field.type) if field.type == _MICROS else pa.array(column, field.type)
        for field, column in zip(TOUCH_ROW, columns, strict=True)
    ]
    return with_precedence(pa.Table.from_arrays(arrays, schema=TOUCH_ROW))


def with_precedence(table: pa.Table) -> pa.Table:
    """A table of TOUCH_ROW with its column `precedence`."""
    return table.append_column("precedence", _precedences(table))


def precedence(received_us: int, position: int) -> int:
    """The higher, the earlier received; in one body, the earlier in it. Even: the odd number above is the tombstone's.

    Of several contents of one event id the one with the highest precedence stands, in whatever order they arrive.
    """
    return (_LATEST_US - received_us) << 12 | (_LAST_POSITION - min(position, _LAST_POSITION)) << 1


def received_us(precedence: int) -> int:
    """The time of receipt in a precedence, Unix microseconds."""
    return _LATEST_US - (precedence >> 12)


def _precedences(table: pa.Table) -> pa.Array:
    """precedence(), by column."""
    received = pc.cast(table.column("received_at"), pa.int64())
    position = pc.min_element_wise(pc.cast(table.column("position"), pa.int64()), _LAST_POSITION)
    high = pc.shift_left(pc.cast(pc.subtract(_LATEST_US, received), pa.uint64()), pa.scalar(12, pa.uint64()))
    low = pc.shift_left(pc.cast(pc.subtract(_LAST_POSITION, position), pa.uint64()), pa.scalar(1, pa.uint64()))
    return pc.bit_wise_or(high, low)


def events_of(touches: pa.Table) -> pa.Table:
    """The arrivals of events that a table of touches tells of: one row an event and place in a body."""
    told = touches.select(["event_id", "content", "record_id", "position", "precedence"])
    return told.filter(pc.equal(touches.column("first"), 1))

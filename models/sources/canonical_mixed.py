"""Canonical bodies of which some events are unusual: those go by the contract, their neighbours the fast way.

Without this, one bad event in a hundred would cost the other ninety-nine the fast way. What comes out is what the
contract makes of the whole body; tests/property/test_fast_path.py holds both against each other.
"""

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from models.erasure import MARK
from models.events import Signal
from models.outcomes import DeadLetter
from models.records import Origin
from models.sources.canonical import MAX_EVENT_BYTES, MAX_EVENTS, NDJSON_TYPES, decode_event
from models.sources.canonical_fast import Bodies, fast_table
from models.touch_table import micros, with_precedence
from models.touches import too_early

_RAWS = msgspec.json.Decoder(list[msgspec.Raw])


def mixed_table(
    body: bytes, origin: Origin, record: str
) -> tuple[pa.Table, list[tuple[int, Signal | DeadLetter]]] | None:
    """Touches of the events that the fast way takes, and the others with their positions, as the contract reads them.

    record: the body's record_id. None where the contract has to read the whole body.
    """
    if len(body) > MAX_EVENT_BYTES or MARK in body:
        return None
    try:
        events, are_lines = _events(body, origin.content_type)
        # What is no object could be taken for a body of several events.
        objects = [position for position, raw in enumerate(events) if raw.startswith(b"{")]
        table, left = _as_bodies([events[position] for position in objects], origin, record)
        fast = [position for at, position in enumerate(objects) if at not in left]
        unusual: list[tuple[int, Signal | DeadLetter]] = []
        for position in sorted(set(range(len(events))).difference(fast)):
            outcome = decode_event(position, events[position], is_line=are_lines)
            early = too_early(outcome, origin, position, body) if isinstance(outcome, Signal) else None
            unusual.append((position, early or outcome))
    except Exception:  # the contract answers for its own bugs
        return None
    return _placed(table, fast), unusual


def _as_bodies(events: list[bytes], origin: Origin, record: str) -> tuple[pa.Table, set[int]]:
    """Events read as if each were a body, and the places of those that the fast way does not take."""
    count = len(events)
    received = pa.array([micros(origin.received_at)] * count, pa.int64())
    kind = ["application/json"] * count
    table, left = fast_table(Bodies(events, [origin.source] * count, kind, received, [record] * count))
    return table, set(left)


def _placed(table: pa.Table, positions: list[int]) -> pa.Table:
    """Touches of events that were read as bodies of their own, with the positions that these events have."""
    if not positions:
        return table
    number = pc.subtract(pc.cumulative_sum(pc.cast(table.column("first"), pa.int64())), 1)
    placed = pa.array(positions, pa.uint32()).take(number.combine_chunks())
    at = table.schema.get_field_index("position")
    return with_precedence(table.set_column(at, table.schema.field(at), placed).drop_columns(["precedence"]))


def _events(body: bytes, content_type: str) -> tuple[list[bytes], bool]:
    """The bytes of each event, and whether they are lines. Raises ValueError where their bounds are not plain."""
    if content_type.partition(";")[0].strip() in NDJSON_TYPES:
        body.decode("utf-8")
        events = [line for line in map(bytes.strip, body.split(b"\n")) if line]
        are_lines = True
    else:
        events, are_lines = [bytes(raw) for raw in _RAWS.decode(body)], False
    if body.startswith(b"\xef\xbb\xbf") or not 1 < len(events) <= MAX_EVENTS:
        raise ValueError("no body of several events")
    return events, are_lines

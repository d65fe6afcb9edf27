"""Canonical bodies of which some events are unusual: those go by the contract, their neighbours the fast way.

Without this, one bad event in a hundred would cost the other ninety-nine the fast way. What comes out is what the
contract makes of the whole body; tests/property/test_fast_path.py holds both against each other.
"""

import msgspec

from models.events import Signal
from models.outcomes import DeadLetter
from models.records import Origin
from models.sources.canonical import MAX_EVENT_BYTES, MAX_EVENTS, NDJSON_TYPES, decode_event
from models.sources.canonical_fast import fast_rows
from models.touch_table import TouchRow
from models.touches import too_early

_RAWS = msgspec.json.Decoder(list[msgspec.Raw])


def mixed_rows(
    body: bytes, origin: Origin, record: str
) -> tuple[list[TouchRow], list[tuple[int, Signal | DeadLetter]]] | None:
    """The rows of the events that the fast way takes, and the others with their positions, as the contract reads them.

    record: the body's record_id. None where the contract has to read the whole body.
    """
    if len(body) > MAX_EVENT_BYTES:
        return None
    rows: list[TouchRow] = []
    unusual: list[tuple[int, Signal | DeadLetter]] = []
    try:
        events, are_lines = _events(body, origin.content_type)
        for position, raw in enumerate(events):
            # What is no object could be taken for a body of several events.
            fast = fast_rows(raw, origin, record) if raw.startswith(b"{") else None
            if fast is None:
                outcome = decode_event(position, raw, is_line=are_lines)
                early = too_early(outcome, origin, position, body) if isinstance(outcome, Signal) else None
                unusual.append((position, early or outcome))
            else:
                rows += [(*row[:14], position, row[15]) for row in fast]  # read as a body of its own, it was the first
    except Exception:  # the contract answers for its own bugs
        return None
    return rows, unusual


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

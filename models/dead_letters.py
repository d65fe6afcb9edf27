"""Dead letters as a person meets them: their ids, their bytes made readable, and how they read today."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from models.decode import Outcome, outcomes_of
from models.events import Signal
from models.outcomes import REMEDIES, DeadLetter, Erased, Nothing, Reason
from models.records import Origin
from models.sources.fact_records import decode_facts
from models.statements import Fact
from models.touches import read_signal

_ID = re.compile(r"([0-9a-f-]{8,36})(?::(\d{1,9}))?")
_SHORT = 12
# What moves the cursor, colours or clears a terminal has no place in what we print; line ends and tabs have.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Letter(NamedTuple):
    """One dead letter, without its bytes. size: how many bytes it has."""

    record_id: str
    position: int
    reason: str
    detail: str
    source: str
    adapter: str
    received_at: datetime
    topic: str
    partition: int
    offset: int
    size: int

    @property
    def id(self) -> str:
        """The id that every command takes: the body and the position in it."""
        return f"{self.record_id}:{self.position}"

    @property
    def short_id(self) -> str:
        """As much of the id as tells it from others in practice; every command takes it as well."""
        return f"{self.record_id[:_SHORT]}:{self.position}"


def by_receipt(letter: Letter) -> tuple[datetime, str, int, int, str, int]:
    """Sort key: the first received first; within a body in its order."""
    return letter.received_at, letter.topic, letter.partition, letter.offset, letter.record_id, letter.position


class Identity(NamedTuple):
    """An event or fact that can be stored, as the tables know it. A fact's content is its id."""

    event_id: str
    content: str


def parse_id(text: str) -> tuple[str, int | None]:
    """(first hex digits of the record, position or None) of an id as a person gives it. Raises ValueError."""
    found = _ID.fullmatch(text.strip().lower())
    if not found or not 8 <= len(prefix := found[1].replace("-", "")) <= 32:
        raise ValueError(
            f"{text!r} is no dead letter's id: give RECORD:POSITION as `setten dead-letters list` shows it"
        )
    return prefix, None if found[2] is None else int(found[2])


Reread = Identity | DeadLetter | Erased | Nothing


def read_again(body: bytes, origin: Origin, *, facts: bool) -> list[Reread]:
    """Every event of a body as this version reads it. facts: it is a body of the facts topic."""
    return [_identity(one, origin) for one in (decode_facts(body) if facts else outcomes_of(body, origin))]


def _identity(outcome: Outcome, origin: Origin) -> Reread:
    if isinstance(outcome, Fact):
        return Identity(outcome.fact_id.hex, outcome.fact_id.hex)
    if isinstance(outcome, Signal):
        reading = read_signal(outcome, origin)
        return Identity(reading.event_id, reading.content)
    return outcome


def successor(position: int, events: Sequence[Reread], stored: Mapping[str, str]) -> Identity | None:
    """The event whose being stored closes the dead letter at this position; None while it is still refused.

    stored: content by event id, of the events of the body that are stored now. Where the letter stood for a whole
    body, one event of it may have come by another way: an event still missing says more.
    """
    own = events[position] if position < len(events) else None
    if not isinstance(own, Identity):
        return None
    if stored.get(own.event_id) != own.content:
        return own
    return next((one for one in events if isinstance(one, Identity) and one.event_id not in stored), own)


def printable(text: str) -> str:
    """Text that cannot reach into the terminal: control characters are written out."""
    return _CONTROL.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"


def readable(raw: bytes, most: int) -> str:
    """The first `most` bytes for a person: text where it is text, else a table of hex digits."""
    start = raw[:most]
    # A character may be cut at the end; what is no UTF-8 before that stays visible as bytes.
    text = start.decode("utf-8", "backslashreplace" if len(raw) <= most or not _cut(start) else "ignore")
    strange = len(_CONTROL.findall(text)) + text.count("\\x")
    return printable(text) if strange * 4 <= max(len(text), 1) else _hex_table(start)


def _cut(start: bytes) -> bool:
    try:
        start.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(start) - 3 and error.reason == "unexpected end of data"
    return False


def _hex_table(raw: bytes) -> str:
    lines = []
    for at in range(0, min(len(raw), 512), 16):
        row = raw[at : at + 16]
        seen = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{at:08x}  {row.hex(' '):47}  {seen}")
    return "\n".join(lines)


def remedy(reason: str) -> str:
    """What to do about a reason; '' for one that a newer version wrote."""
    return REMEDIES[Reason(reason)] if reason in set(Reason) else ""

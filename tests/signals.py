"""What tests ask of signals."""

from datetime import UTC, datetime

from models.events import Signal
from models.records import Origin
from models.touches import read_signal


def event_id(signal: Signal, source: str) -> str:
    """The identity of a signal that came from a source."""
    return read_signal(signal, Origin(source, "any", datetime(2026, 1, 1, tzinfo=UTC))).event_id


def content(signal: Signal) -> str:
    """The digest of all that is stored of a signal."""
    return read_signal(signal, Origin("any", "any", datetime(2026, 1, 1, tzinfo=UTC))).content

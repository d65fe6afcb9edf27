"""A Kafka record of a signals topic: one request body as received, with where it came from in its headers."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

Headers = Sequence[tuple[str, bytes]]

# As Origin.to_headers writes it.
_OWN_TIME = r"^(19(7[1-9]|[89][0-9])|20[0-9]{2})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00$"
_LATEST_MS = 4_102_444_800_000  # the year 2100; producers may write what they like
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Origin(NamedTuple):
    """Where a body came from and how to read it; travels in the record's headers, so that a replay reads it alike.

    source: the configured source's name. adapter: which module of `models.sources` decodes the body.
    received_at: our clock, when the body arrived. own_domains: our own side's mail domains, for direction.
    """

    source: str
    adapter: str
    received_at: datetime
    content_type: str = "application/json"
    own_domains: tuple[str, ...] = ()

    def to_headers(self) -> list[tuple[str, bytes]]:
        headers = [
            ("source", self.source.encode()),
            ("adapter", self.adapter.encode()),
            ("received_at", self.received_at.astimezone(UTC).isoformat(timespec="microseconds").encode()),
            ("content_type", self.content_type.encode()),
        ]
        if self.own_domains:
            headers.append(("own_domains", ",".join(self.own_domains).encode()))
        return headers


class Sender(NamedTuple):
    """What a source's headers say each time anew: an Origin without its time."""

    source: str
    adapter: str
    content_type: str
    own_domains: tuple[str, ...]

    def origin(self, received_at: datetime) -> Origin:
        return Origin(self.source, self.adapter, received_at, self.content_type, self.own_domains)


def read_headers(headers: Sequence[Headers], timestamps_ms: Sequence[int]) -> tuple[list[Sender], pa.Array]:
    """Read the headers of many records back: who sent each, and when it was received (int64, Unix microseconds).

    timestamps_ms: the broker's or producer's clock, which stands in where the headers tell no usable time; for a
    missing source 'unknown' does.
    """
    found = [dict(told) for told in headers]
    senders = [_sender(f.get("source"), f.get("adapter"), f.get("content_type"), f.get("own_domains")) for f in found]
    times = [f.get("received_at") or b"" for f in found]
    column = pa.array(times, pa.binary())
    ours = pc.all(pc.match_substring_regex(column, _OWN_TIME), min_count=0).as_py()
    if ours:
        try:
            return senders, column.cast(pa.string()).cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        except pa.ArrowInvalid:
            pass  # a month 13 or so
    read = [_received_us(told, clock) for told, clock in zip(times, timestamps_ms, strict=True)]
    return senders, pa.array(read, pa.int64())


def _received_us(told: bytes, timestamp_ms: int) -> int:
    try:
        time = datetime.fromisoformat(told.decode())
        # Anyone may write headers: a receipt in an impossible year is none.
        if time.tzinfo is not None and 1970 < time.year < 2100:
            return (time.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        pass
    return min(max(timestamp_ms, 0), _LATEST_MS) * 1000


@lru_cache(maxsize=1024)
def _sender(source: bytes | None, adapter: bytes | None, content_type: bytes | None, own: bytes | None) -> Sender:
    return Sender(
        (source or b"unknown").decode("utf-8", "replace"),
        (adapter or b"canonical").decode("utf-8", "replace"),
        (content_type or b"").decode("utf-8", "replace"),
        tuple(domain for domain in (own or b"").decode("utf-8", "replace").split(",") if domain),
    )


_NEW_RECORD = hashlib.blake2b(digest_size=16, person=b"setten-record")


def record_id(source: str, adapter: str, body: bytes) -> str:
    """The record's identity, 32 hex digits: what it says and who said it, not when or where it lay in Kafka."""
    digest = _NEW_RECORD.copy()  # cheaper than a new one with its parameters
    digest.update(body + _who(adapter, source))
    return digest.hexdigest()


@lru_cache(maxsize=1024)
def _who(adapter: str, source: str) -> bytes:
    return f"\x1f{adapter}\x1f{source}".encode()

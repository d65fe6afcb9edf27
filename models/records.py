"""A Kafka record of a signals topic: one request body as received, with where it came from in its headers."""

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple


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

    @classmethod
    def from_headers(cls, headers: tuple[tuple[str, bytes], ...], *, fallback_received_at: datetime) -> "Origin":
        """Read the headers back; where they lack, the broker's time and 'unknown' stand in."""
        found = dict(headers)
        try:
            told = datetime.fromisoformat((found.get("received_at") or b"").decode())
            # Anyone may write headers: a receipt in an impossible year is none.
            usable = told.tzinfo is not None and 1970 < told.year < 2100
            received_at = told.astimezone(UTC) if usable else fallback_received_at
        except (ValueError, OverflowError):
            received_at = fallback_received_at
        source, adapter, content_type, own_domains = _sender(
            found.get("source"), found.get("adapter"), found.get("content_type"), found.get("own_domains")
        )
        return cls(source, adapter, received_at, content_type, own_domains)


@lru_cache(maxsize=1024)
def _sender(
    source: bytes | None, adapter: bytes | None, content_type: bytes | None, own_domains: bytes | None
) -> tuple[str, str, str, tuple[str, ...]]:
    """What a source's headers say each time anew."""
    return (
        (source or b"unknown").decode("utf-8", "replace"),
        (adapter or b"canonical").decode("utf-8", "replace"),
        (content_type or b"").decode("utf-8", "replace"),
        tuple(d for d in (own_domains or b"").decode("utf-8", "replace").split(",") if d),
    )


def record_id(source: str, adapter: str, body: bytes) -> str:
    """The record's identity, 32 hex digits: what it says and who said it, not when or where it lay in Kafka."""
    told = body + f"\x1f{adapter}\x1f{source}".encode()
    return hashlib.blake2b(told, digest_size=16, person=b"setten-record").hexdigest()

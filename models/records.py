"""A Kafka record of a signals topic: one request body as received, with where it came from in its headers."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Origin:
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
        found = {key: value.decode("utf-8", "replace") for key, value in headers if value is not None}
        received_at = fallback_received_at
        try:
            told = datetime.fromisoformat(found.get("received_at", ""))
            if told.tzinfo is not None:
                received_at = told.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        return cls(
            source=found.get("source", "unknown"),
            adapter=found.get("adapter", "canonical"),
            received_at=received_at,
            content_type=found.get("content_type", "application/json"),
            own_domains=tuple(d for d in found.get("own_domains", "").split(",") if d),
        )


def record_id(source: str, adapter: str, body: bytes) -> UUID:
    """The record's identity: what it says and who said it, not when or where it lay in Kafka."""
    digest = hashlib.blake2b(body, digest_size=16, person=b"setten-record")
    digest.update(b"\x1f" + adapter.encode() + b"\x1f" + source.encode())
    return UUID(bytes=digest.digest())

"""How sources send: trackers flush NDJSON, gateways post arrays, calendars one object at a time."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from jobs.demo.activity import Event, Feed
from models.records import Origin

Shape = Literal["ndjson", "array", "single"]


@dataclass(frozen=True)
class _Habits:
    """How one source sends: the topic, the shape of its bodies, and when it flushes."""

    topic: str
    shape: Shape
    flush_after: timedelta = timedelta(0)
    flush_at_events: int = 1


_FEEDS: dict[Feed, _Habits] = {
    "web-tracker": _Habits("signals.web", "ndjson", timedelta(hours=2), 40),
    "web-forms": _Habits("signals.web", "single"),
    "mail-gateway": _Habits("signals.email", "array", timedelta(hours=1), 30),
    "webinar": _Habits("signals.event", "array", timedelta(hours=6), 200),
    "calendar": _Habits("signals.meeting", "single"),
}


@dataclass(frozen=True)
class DemoRecord:
    """One Kafka record of a signals topic: a body as received, and where it came from."""

    topic: str
    origin: Origin
    body: bytes
    key: bytes | None


@dataclass
class Delivery:
    """A body before it is written: its events' own bytes, in order."""

    feed: Feed
    received_at: datetime
    events: list[bytes]

    @property
    def shape(self) -> Shape:
        return _FEEDS[self.feed].shape

    def to_record(self) -> DemoRecord:
        shape = self.shape
        if shape == "ndjson":
            body, content_type = b"\n".join(self.events) + b"\n", "application/x-ndjson"
        elif shape == "array":
            body, content_type = b"[" + b",".join(self.events) + b"]", "application/json"
        else:
            body, content_type = b"".join(self.events), "application/json"
        origin = Origin(self.feed, "canonical", self.received_at, content_type)
        # A batch has no order to keep with others; a single event is keyed by its source.
        return DemoRecord(_FEEDS[self.feed].topic, origin, body, self.feed.encode() if shape == "single" else None)


def encode(body: dict[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def deliver(rng: random.Random, events: Iterable[Event], not_after: datetime) -> Iterator[Delivery]:
    """Send events as their sources do, seconds after a flush. events: sorted by occurred_at."""
    open_batches: dict[Feed, list[Event]] = {}
    for event in events:
        habits, batch = _FEEDS[event.feed], open_batches.setdefault(event.feed, [])
        if batch and (
            len(batch) >= habits.flush_at_events or event.occurred_at - batch[0].occurred_at > habits.flush_after
        ):
            yield _flush(rng, batch, not_after)
            batch.clear()
        batch.append(event)
    for batch in open_batches.values():
        yield _flush(rng, batch, not_after)


def _flush(rng: random.Random, batch: list[Event], not_after: datetime) -> Delivery:
    received_at = batch[-1].occurred_at + timedelta(seconds=rng.randint(2, 90))
    return Delivery(batch[0].feed, min(received_at, not_after), [encode(event.body) for event in batch])

"""Decode a batch of Kafka records and sort its events: new, seen before, or refused with a reason. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from infra.store import ArchivedBody, StoredDeadLetter
from models.decode import outcomes_of
from models.events import Signal
from models.facts import AnyFact
from models.outcomes import DeadLetter, Reason
from models.records import Origin, record_id
from models.sources.canonical import event_bytes
from models.sources.fact_records import decode_facts
from models.touches import Reading, Touch, read_signal

# Of a conflict in a body whose events cannot be told apart; the archive has the body.
_MOST_RAW_BYTES = 1 << 20
_LATEST_MS = 4_102_444_800_000  # the year 2100; producers may write what they like


@dataclass(frozen=True, slots=True)
class Record:
    """A record as Kafka gave it. timestamp_ms: the broker's or producer's clock, Unix milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    headers: tuple[tuple[str, bytes], ...]
    value: bytes


class DecodedEvent(NamedTuple):
    """A valid signal as it will be stored, and its position in the body it came in."""

    reading: Reading
    body: ArchivedBody
    position: int


@dataclass(slots=True)
class Batch:
    """What a batch of records says, before anything is stored."""

    records: int = 0
    bodies: dict[str, ArchivedBody] = field(default_factory=dict)
    events: list[DecodedEvent] = field(default_factory=list)
    facts: list[AnyFact] = field(default_factory=list)
    dead: list[StoredDeadLetter] = field(default_factory=list)


@dataclass(slots=True)
class Sorted:
    """What is to be stored of a batch: `fresh` maps the new events to their content, `duplicates` counts the others."""

    touches: list[Touch] = field(default_factory=list)
    touch_records: list[str] = field(default_factory=list)
    fresh: dict[str, str] = field(default_factory=dict)
    duplicates: int = 0
    dead: list[StoredDeadLetter] = field(default_factory=list)
    bodies: list[ArchivedBody] = field(default_factory=list)


def decode_batch(records: Iterable[Record], facts_topic: str) -> Batch:
    """Decode every record; a bad event is a value in the result and takes nothing along."""
    batch = Batch()
    for record in records:
        batch.records += 1
        received = datetime.fromtimestamp(min(max(record.timestamp_ms, 0), _LATEST_MS) / 1000, UTC)
        origin = Origin.from_headers(record.headers, fallback_received_at=received)
        is_facts = record.topic == facts_topic
        if is_facts:
            origin = Origin(origin.source, "facts", origin.received_at, origin.content_type)
        body = _body(record, origin)
        outcomes: Sequence[AnyFact | Signal | DeadLetter]
        try:
            outcomes = decode_facts(record.value) if is_facts else outcomes_of(record.value, origin)
        except Exception as error:
            # An adapter's bug must cost its record, not the worker: it would meet the record again for ever.
            outcomes = [DeadLetter(0, Reason.UNREADABLE, f"{type(error).__name__}: {error}", record.value)]
        for index, outcome in enumerate(outcomes):
            if isinstance(outcome, DeadLetter):
                batch.dead.append(_dead(body, outcome))
                batch.bodies.setdefault(body.record_id, body)
            elif not isinstance(outcome, Signal):
                batch.facts.append(outcome)
            else:
                batch.events.append(DecodedEvent(read_signal(outcome, origin), body, index))
    return batch


def sort_events(batch: Batch, known: Mapping[str, str]) -> Sorted:
    """Tell new events from those seen before and from those whose id is taken by other content.

    known: the events of this batch that went all the way through before, with the digest of their content.
    Events known so are complete in every table and are left alone; the first content of an id stands.
    """
    result = Sorted(dead=list(batch.dead))
    bodies = dict(batch.bodies)
    for (event_id, content, touches), body, position in batch.events:
        stands = known.get(event_id) or result.fresh.get(event_id)
        if stands is None:
            result.fresh[event_id] = content
            result.touches += touches
            result.touch_records += [body.record_id] * len(touches)
            bodies.setdefault(body.record_id, body)
        elif stands == content:
            result.duplicates += 1
        else:
            detail = f"id: source {touches[0].source!r} used it before for other content (event {event_id})"
            raw = event_bytes(body.body, position) if body.adapter == "canonical" else body.body
            letter = DeadLetter(position, Reason.CONFLICTING_DUPLICATE, detail, raw[:_MOST_RAW_BYTES])
            result.dead.append(_dead(body, letter))
            bodies.setdefault(body.record_id, body)
    result.bodies = list(bodies.values())
    return result


def _body(record: Record, origin: Origin) -> ArchivedBody:
    return ArchivedBody(
        record_id(origin.source, origin.adapter, record.value),
        origin.source,
        origin.adapter,
        origin.content_type,
        ",".join(origin.own_domains),
        origin.received_at,
        record.topic,
        record.partition,
        record.offset,
        record.value,
    )


def _dead(body: ArchivedBody, letter: DeadLetter) -> StoredDeadLetter:
    return StoredDeadLetter(
        body.record_id,
        letter.index,
        letter.reason,
        letter.detail[:1000],
        body.source,
        body.adapter,
        body.received_at,
        body.topic,
        body.partition,
        body.offset,
        letter.raw,
    )

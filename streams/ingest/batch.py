"""Decode a batch of Kafka records into what is to be stored of it. No I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import pyarrow as pa

from infra.store import ArchivedBody, StoredDeadLetter
from models.decode import outcomes_of
from models.facts import AnyFact
from models.outcomes import DeadLetter, Erased, Reason
from models.records import Origin, record_id
from models.sources.canonical_fast import fast_rows
from models.sources.fact_records import decode_facts
from models.touch_table import TouchRow, micros, rows_of, touch_table
from models.touches import read_signal

_LATEST_MS = 4_102_444_800_000  # the year 2100; producers may write what they like


class Record(NamedTuple):
    """A record as Kafka gave it. timestamp_ms: the broker's or producer's clock, Unix milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    headers: tuple[tuple[str, bytes], ...]
    value: bytes


@dataclass(slots=True)
class Batch:
    """What a batch of records says. touches: see models.touch_table; facts' bodies are only kept where refused.

    erased: events and facts of which nothing is left but people who were erased.
    """

    records: int
    bodies: list[ArchivedBody]
    touches: pa.Table
    facts: list[AnyFact]
    dead: list[StoredDeadLetter]
    erased: int = 0


@dataclass(slots=True)
class _Read:
    bodies: list[ArchivedBody] = field(default_factory=list)
    rows: list[TouchRow] = field(default_factory=list)
    facts: list[AnyFact] = field(default_factory=list)
    dead: list[StoredDeadLetter] = field(default_factory=list)
    erased: int = 0


def decode_batch(records: Iterable[Record], facts_topic: str) -> Batch:
    """Decode every record; a bad event is a value in the result and takes nothing along."""
    read, count = _Read(), 0
    for record in records:
        count += 1
        received = datetime.fromtimestamp(min(max(record.timestamp_ms, 0), _LATEST_MS) / 1000, UTC)
        origin = Origin.from_headers(record.headers, fallback_received_at=received)
        if record.topic == facts_topic:
            _read_facts(read, record, origin._replace(adapter="facts"))
        else:
            _read_signals(read, record, origin)
    return Batch(count, read.bodies, touch_table(read.rows), read.facts, read.dead, read.erased)


def _read_signals(read: _Read, record: Record, origin: Origin) -> None:
    body = _body(record, origin)
    read.bodies.append(body)
    if origin.adapter == "canonical" and (rows := fast_rows(record.value, origin, body.record_id)) is not None:
        read.rows += rows
        return
    for position, outcome in enumerate(outcomes_of(record.value, origin)):
        if isinstance(outcome, DeadLetter):
            read.dead.append(dead_letter(body, outcome))
        elif isinstance(outcome, Erased):
            read.erased += 1
        else:
            read.rows += rows_of(read_signal(outcome, origin), body.record_id, position)


def _read_facts(read: _Read, record: Record, origin: Origin) -> None:
    outcomes: Sequence[AnyFact | DeadLetter | Erased]
    try:
        outcomes = decode_facts(record.value)
    except Exception as error:
        # A bug must cost its record, not the worker: it would meet the record again for ever.
        outcomes = [DeadLetter(0, Reason.UNREADABLE, f"{type(error).__name__}: {error}", record.value)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, DeadLetter)]
    read.facts += [outcome for outcome in outcomes if not isinstance(outcome, DeadLetter | Erased)]
    read.erased += sum(isinstance(outcome, Erased) for outcome in outcomes)
    if refused:
        body = _body(record, origin)
        read.bodies.append(body)
        read.dead += [dead_letter(body, letter) for letter in refused]


def _body(record: Record, origin: Origin) -> ArchivedBody:
    return ArchivedBody(
        record_id(origin.source, origin.adapter, record.value),
        origin.source,
        origin.adapter,
        origin.content_type,
        ",".join(origin.own_domains),
        micros(origin.received_at),
        record.topic,
        record.partition,
        record.offset,
        record.value,
    )


def dead_letter(body: ArchivedBody, letter: DeadLetter) -> StoredDeadLetter:
    """A refused event with the place of its body."""
    return StoredDeadLetter(
        body.record_id,
        letter.index,
        letter.reason,
        letter.detail[:1000],
        body.source,
        body.adapter,
        body.received_us,
        body.topic,
        body.partition,
        body.offset,
        letter.raw,
    )

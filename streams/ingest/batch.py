"""Decode a batch of Kafka records into what is to be stored of it. No I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import pyarrow as pa

from infra.store import ArchivedBody, StoredDeadLetter, archive_columns, archive_rows
from models.decode import Outcome, outcomes_of
from models.events import Signal
from models.facts import AnyFact
from models.outcomes import DeadLetter, Erased, Reason
from models.records import Headers, Sender, read_headers, record_id
from models.sources.canonical_fast import Bodies, fast_table
from models.sources.canonical_mixed import mixed_table
from models.sources.fact_records import decode_facts
from models.statements import Fact
from models.touch_table import TouchRow, rows_of, touch_table
from models.touches import read_signal


class Message(Protocol):
    """A record as the Kafka client gives it. timestamp: the broker's or producer's clock, Unix milliseconds."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def value(self) -> bytes | None: ...


class Record(NamedTuple):
    """A record that is not in Kafka, or not any more; see Message."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    headers: tuple[tuple[str, bytes], ...]
    value: bytes


class Stated(NamedTuple):
    """A fact, and the body of a signals topic that states it; '' where it came through the topic of the facts.

    position: its place among all that the body says, from 0.
    """

    fact: AnyFact
    record_id: str = ""
    position: int = 0


@dataclass(slots=True)
class Batch:
    """What a batch of records says.

    bodies: see infra.store.archive_columns; of facts only those refused. touches: see models.touch_table.
    erased: events and facts of which nothing is left but people who were erased. known: how many addresses were
    forgotten when these people were left out.
    """

    records: int
    bodies: pa.Table
    touches: pa.Table
    facts: list[Stated]
    dead: list[StoredDeadLetter]
    erased: int = 0
    known: int = 0


@dataclass(slots=True)
class _Read:
    """What was made of the bodies that are read one by one."""

    tables: list[pa.Table] = field(default_factory=list)
    refused: list[ArchivedBody] = field(default_factory=list)
    rows: list[TouchRow] = field(default_factory=list)
    facts: list[Stated] = field(default_factory=list)
    dead: list[StoredDeadLetter] = field(default_factory=list)
    erased: int = 0


def decode_batch(records: Sequence[Message], facts_topic: str) -> Batch:
    """Decode every record; a bad event is a value in the result and takes nothing along."""
    signals = [record for record in records if record.topic != facts_topic]
    facts = [record for record in records if record.topic == facts_topic] if len(signals) < len(records) else []
    read = _Read()
    bodies, touches = _read_signals(read, signals)
    _read_facts(read, facts)
    bodies = pa.concat_tables([bodies, archive_rows(read.refused)])
    touches = pa.concat_tables([touches, *read.tables, touch_table(read.rows)])
    return Batch(len(records), bodies, touches, read.facts, read.dead, read.erased)


def together(batches: Sequence[Batch]) -> Batch:
    """Several batches, at least one, as one: what decode_batch makes of all their records."""
    if len(batches) == 1:
        return batches[0]
    return Batch(
        sum(batch.records for batch in batches),
        pa.concat_tables([batch.bodies for batch in batches]),
        pa.concat_tables([batch.touches for batch in batches]),
        [fact for batch in batches for fact in batch.facts],
        [letter for batch in batches for letter in batch.dead],
        sum(batch.erased for batch in batches),
        min(batch.known for batch in batches),
    )


def _read_signals(read: _Read, records: list[Message]) -> tuple[pa.Table, pa.Table]:
    """The bodies as received, and the touches of those that can be read by column; the others go into `read`."""
    senders, received_us = read_headers([r.headers for r in records], [r.timestamp for r in records])
    values = [record.value or b"" for record in records]
    ids = [record_id(sender.source, sender.adapter, value) for sender, value in zip(senders, values, strict=True)]
    bodies = _bodies(records, senders, received_us, (ids, values))
    canonical = [at for at, sender in enumerate(senders) if sender.adapter == "canonical"]
    if len(canonical) == len(records):
        sources, content_types = [s.source for s in senders], [s.content_type for s in senders]
        touches, left = fast_table(Bodies(values, sources, content_types, received_us, ids))
    else:
        of = [senders[at] for at in canonical]
        touches, left_of = fast_table(
            Bodies(
                [values[at] for at in canonical],
                [sender.source for sender in of],
                [sender.content_type for sender in of],
                received_us.take(pa.array(canonical, pa.int64())),
                [ids[at] for at in canonical],
            )
        )
        left = sorted({canonical[at] for at in left_of}.union(set(range(len(records))).difference(canonical)))
    for at in left:
        received = received_us[at].as_py()
        _read_body(read, _body(records[at], senders[at], received, ids[at]))
    return bodies, touches


def _read_body(read: _Read, body: ArchivedBody) -> None:
    origin = body.origin()
    mixed = mixed_table(body.body, origin, body.record_id) if origin.adapter == "canonical" else None
    if mixed is not None:
        read.tables.append(mixed[0])
    outcomes: Iterable[tuple[int, Outcome]]
    outcomes = mixed[1] if mixed is not None else enumerate(outcomes_of(body.body, origin))
    for position, outcome in outcomes:
        if isinstance(outcome, DeadLetter):
            read.dead.append(dead_letter(body, outcome))
        elif isinstance(outcome, Erased):
            read.erased += 1
        elif isinstance(outcome, Fact):
            read.facts.append(Stated(outcome, body.record_id, position))
        elif isinstance(outcome, Signal):
            read.rows += rows_of(read_signal(outcome, origin), body.record_id, position)


def _read_facts(read: _Read, records: list[Message]) -> None:
    senders, received_us = read_headers([r.headers for r in records], [r.timestamp for r in records])
    for record, sender, received in zip(records, senders, received_us.to_pylist(), strict=True):
        outcomes: Sequence[AnyFact | DeadLetter | Erased]
        value = record.value or b""
        try:
            outcomes = decode_facts(value)
        except Exception as error:
            # A bug must cost its record, not the worker: it would meet the record again for ever.
            outcomes = [DeadLetter(0, Reason.UNREADABLE, f"{type(error).__name__}: {error}", value)]
        refused = [outcome for outcome in outcomes if isinstance(outcome, DeadLetter)]
        read.facts += [Stated(outcome) for outcome in outcomes if not isinstance(outcome, DeadLetter | Erased)]
        read.erased += sum(isinstance(outcome, Erased) for outcome in outcomes)
        if refused:
            stated = sender._replace(adapter="facts")
            body = _body(record, stated, received, record_id(stated.source, stated.adapter, value))
            read.refused.append(body)
            read.dead += [dead_letter(body, letter) for letter in refused]


def _body(record: Message, sender: Sender, received_us: int, id_: str) -> ArchivedBody:
    place = (record.topic, record.partition, record.offset)
    own_domains = ",".join(sender.own_domains)
    told = (sender.source, sender.adapter, sender.content_type, own_domains, received_us)
    return ArchivedBody(id_, *told, *place, record.value or b"")


def _bodies(
    records: list[Message], senders: list[Sender], received_us: pa.Array, told: tuple[list[str], list[bytes]]
) -> pa.Table:
    """The bodies as the archive has them. told: their record_ids and bytes."""
    own_domains = {domains: ",".join(domains) for domains in {sender.own_domains for sender in senders}}
    return archive_columns(
        [
            told[0],
            [sender.source for sender in senders],
            [sender.adapter for sender in senders],
            [sender.content_type for sender in senders],
            [own_domains[sender.own_domains] for sender in senders],
            received_us,
            [record.topic for record in records],
            [record.partition for record in records],
            [record.offset for record in records],
            told[1],
        ]
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

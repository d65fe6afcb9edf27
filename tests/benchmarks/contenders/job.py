"""The parts of the job that are the same in every framework: reading one record, and storing a batch of what was read.

Nothing here is of streams.ingest but the settling of conflicting contents, which the benchmark's input never needs.
"""

import gc
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from infra.clickhouse import ClickHouse
from infra.settings import Settings
from infra.store import ArchivedBody, Store, StoredDeadLetter, archive_rows, in_slices
from models.conflicts import Arrival, repetition, settle
from models.contact_days import bind_groups, tombstones
from models.decode import outcomes_of
from models.directory import Directory
from models.folding import fold
from models.outcomes import DeadLetter
from models.records import Origin, read_headers, record_id
from models.touch_table import TouchRow, events_of, from_micros, micros, rows_of, touch_table
from models.touches import read_signal
from streams.ingest.supersede import supersede
from tests.benchmarks.contenders.by_record import fast_rows

Headers = Sequence[tuple[str, bytes]] | None
_COLLECT_EVERY_S = 30.0


class Told(NamedTuple):
    """What one record says. origin, record: as of its headers and its bytes, see models.records."""

    origin: Origin
    record: str
    rows: list[TouchRow]
    dead: list[DeadLetter]


class Read(NamedTuple):
    """A record with its place in Kafka, and what it says."""

    topic: str
    partition: int
    offset: int
    value: bytes
    told: Told


def reader() -> Callable[[bytes, Headers, int], Told]:
    """The function that decodes and validates one record (value, headers, timestamp in ms).

    BENCH_READING=contract: by the pydantic models. =fast: by the project's msgspec reader, and by the models what that
    one leaves to them.
    """
    fast = {"contract": None, "fast": fast_rows}[os.environ.get("BENCH_READING", "fast")]

    def read(value: bytes, headers: Headers, timestamp_ms: int) -> Told:
        origin = _origin(headers or (), timestamp_ms)
        record = record_id(origin.source, origin.adapter, value)
        if fast is not None and (rows := fast(value, origin, record)) is not None:
            return Told(origin, record, rows, [])
        return _by_contract(value, origin, record)

    return read


def _origin(headers: Sequence[tuple[str, bytes]], timestamp_ms: int) -> Origin:
    found = dict(headers)
    try:
        received = datetime.fromisoformat(found["received_at"].decode())
        source, adapter, content_type = (found[name].decode() for name in ("source", "adapter", "content_type"))
    except (KeyError, ValueError):
        [sender], received_us = read_headers([headers], [timestamp_ms])
        return sender.origin(from_micros(received_us[0].as_py()))
    return Origin(source, adapter, received, content_type)


def _by_contract(value: bytes, origin: Origin, record: str) -> Told:
    told = Told(origin, record, [], [])
    for position, outcome in enumerate(outcomes_of(value, origin)):
        if isinstance(outcome, DeadLetter):
            told.dead.append(outcome)
        else:
            told.rows.extend(rows_of(read_signal(outcome, origin), record, position))
    return told


def spare_collector() -> None:
    """As in our worker: batches are tens of thousands of objects without cycles, not worth looking through in between.

    A third of the time goes into it otherwise; Sink collects between batches instead.
    """
    gc.freeze()
    gc.disable()


class Sink:
    """Stores batches, and rolls up what they touch. When write returns, the batch's offsets may be committed."""

    def __init__(self, settings: Settings) -> None:
        self._store = Store(ClickHouse(settings), settings.business_timezone)
        self._side = ThreadPoolExecutor(1)
        self._directory = Directory()
        self._collected_at = time.monotonic()

    def write(self, batch: Iterable[Read]) -> None:
        """Archive, dead letters, events and touches, then the contact-days of the contacts and days among them."""
        bodies: list[ArchivedBody] = []
        rows: list[TouchRow] = []
        dead: list[StoredDeadLetter] = []
        for read in batch:
            bodies.append(_body(read))
            rows += read.told.rows
            dead += [_dead_letter(bodies[-1], letter) for letter in read.told.dead]
        # Beside each other: the server inserts into two tables on two cores.
        kept = self._side.submit(self._store.keep_dead_letters, dead)
        archived = self._side.submit(self._store.archive, archive_rows(bodies))
        touches = touch_table(rows)
        self._store.claim_events(touches)
        dirty = self._store.insert_touches(touches)
        kept.result()
        archived.result()
        taken_back = self._settle(touches)
        self._roll_up(pa.concat_tables([dirty, *taken_back]), replacing=bool(taken_back))
        if time.monotonic() - self._collected_at > _COLLECT_EVERY_S:
            gc.collect()
            self._collected_at = time.monotonic()

    def _settle(self, touches: pa.Table) -> list[pa.Table]:
        """Take back what has an id that other content had before; answers their contacts and days."""
        events = events_of(touches)
        again = events.filter(pc.is_in(events.column("event_id"), self._store.arrived_again(events)))
        columns = (again.column(name).to_pylist() for name in Arrival._fields)
        mine = list(map(Arrival._make, zip(*columns, strict=True)))
        disputed = repetition(mine, self._store.rivals(again)).disputed
        if not disputed:
            return []
        found = supersede(self._store, settle(mine, self._store.arrivals(sorted(disputed))))
        dirty = [
            self._store.take_back_touches(touch_table(found.gone)),
            self._store.insert_touches(touch_table(found.standing)),
        ]
        self._store.keep_verdicts(found.refused)
        self._store.add_corrections(found.corrections)
        return dirty

    def _roll_up(self, dirty: pa.Table, *, replacing: bool) -> None:
        state = self._store.directory_state()
        if state.epoch != self._directory.epoch:
            folded = fold(self._store.facts())
            self._directory = replace(folded, epoch=folded.epoch + state.corrections)
        for keys in in_slices(dirty):
            bound_now = self._store.bound_groups(keys) if replacing else None
            rows = bind_groups(self._store.recompute(keys), self._directory)
            gone = [] if bound_now is None else [tombstones(bound_now, rows, self._directory.epoch)]
            self._store.insert_contact_days(pa.concat_tables([rows, *gone]))


def _body(read: Read) -> ArchivedBody:
    origin = read.told.origin
    return ArchivedBody(
        read.told.record,
        origin.source,
        origin.adapter,
        origin.content_type,
        ",".join(origin.own_domains),
        micros(origin.received_at),
        read.topic,
        read.partition,
        read.offset,
        read.value,
    )


def _dead_letter(body: ArchivedBody, letter: DeadLetter) -> StoredDeadLetter:
    place = (body.source, body.adapter, body.received_us, body.topic, body.partition, body.offset)
    return StoredDeadLetter(body.record_id, letter.index, letter.reason, letter.detail[:1000], *place, letter.raw)

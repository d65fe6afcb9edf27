"""Ingest again, for `setten replay`: takes bodies from the archive or from Kafka through the cycle, into the shadow.

`setten replay` runs each step as a process of its own, as `setten up` runs workers: the cycle lives here. Progress and
the outcome are JSON objects on standard output, one a line. Any step may be done again.
"""

import argparse
import gc
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import pyarrow as pa

from infra.archive import MOST_BODIES, Archive
from infra.clickhouse import ClickHouse, ClickHouseUnavailable, QueryFailed
from infra.kafka import FACTS, KafkaUnavailable
from infra.kafka_log import KafkaLog
from infra.settings import Settings, SettingsError, load_settings
from infra.shadow import shadow_database
from infra.store import ArchivedBody, DirectoryState, Store
from models.facts import AnyFact
from streams.ingest.batch import Batch, Record, Stated, decode_batch
from streams.ingest.cycle import Cycle

_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


class ReplayStore(Store):
    """What the cycle of a replay sees as the store.

    Tables: the shadow's, and once they were exchanged the live ones. What was replayed is noted in the shadow's archive
    and facts all the while.
    """

    def __init__(self, tables: Store, ledger: Store, bodies: Store, settings: Settings) -> None:
        """ledger: the shadow. bodies: whose archive has the bodies; where that is not the ledger, it keeps no bytes."""
        super().__init__(tables.clickhouse, settings.business_timezone)
        self._ledger = ledger
        self._bodies = bodies
        self._exchanged = tables is not ledger
        self._bound_facts = ledger.directory_state().facts

    def archive(self, bodies: pa.Table) -> int:
        if self._bodies is not self._ledger:  # then the live archive has them
            at = bodies.schema.get_field_index("body")
            bodies = bodies.set_column(
                at, bodies.schema.field(at), pa.repeat(pa.scalar(b"", pa.binary()), bodies.num_rows)
            )
        return self._ledger.archive(bodies)

    def archived_bodies(self, record_ids: Sequence[str]) -> dict[str, ArchivedBody]:
        return self._bodies.archived_bodies(record_ids)

    def insert_facts(self, facts: Sequence[AnyFact]) -> int:
        self._ledger.insert_facts(facts)
        return super().insert_facts(facts)

    def add_corrections(self, correction_ids: Sequence[str]) -> int:
        """Raise the epoch also where a worker noted the same correction for the old tables: these ones had it not."""
        return super().add_corrections([*correction_ids, uuid4().hex] if correction_ids else [])

    def directory_state(self) -> DirectoryState:
        """After the exchange the contact-days are bound to the facts that the shadow had by then, whatever is noted.

        A worker that bound the old tables while they were exchanged has noted more than it bound of the new ones.
        """
        state = super().directory_state()
        if self._exchanged:
            return state._replace(bound_facts=min(state.bound_facts, self._bound_facts))
        return state

    def mark_bound(self, facts: int) -> None:
        super().mark_bound(facts)
        self._bound_facts = facts


class Replay:
    """One step of a replay."""

    def __init__(self, settings: Settings, step: str, source: str) -> None:
        """step: build, catch-up or finish. source: archive or kafka. Raises ClickHouseUnavailable, KafkaUnavailable."""
        zone, shadow = settings.business_timezone, shadow_database(settings)
        live = Store(ClickHouse(settings), zone)
        # What is read while a batch is stored goes over a connection of its own.
        reading = Store(ClickHouse(settings), zone)
        ledger = Store(ClickHouse(settings, database=shadow), zone)
        self._archive = Archive(reading, ledger, (settings.clickhouse_database, shadow))
        tables, bodies = live if step == "finish" else ledger, ledger if source == "kafka" else live
        self._cycle = Cycle(ReplayStore(tables, ledger, bodies, settings), FACTS, lambda touched: None)
        self._kafka = KafkaLog(settings) if (step, source) == ("build", "kafka") else None
        self._done = 0
        self._total = 0

    def build(self) -> dict[str, Any]:
        """Everything: all facts, then all bodies of the archive, or all that Kafka has."""
        self._run(_fact_batches(self._archive.facts()))
        if self._kafka is not None:
            return self._build_from(self._kafka)
        self._total = self._archive.bodies()
        self._run(map(_body_records, chain(self._archive.all(), self._archive.later_arrivals())))
        return {"records": self._done}

    def _build_from(self, kafka: KafkaLog) -> dict[str, Any]:
        self._total = kafka.look()
        self._run(map(_kafka_records, kafka.round()))
        if not self._archive.suspect():
            return {"records": self._done}
        # What the archive got meanwhile lies in Kafka too, further on: what is not found there now is found nowhere.
        self._total += kafka.look()
        self._run(map(_kafka_records, kafka.round()))
        return {"records": self._done, **self._archive.lost()._asdict()}

    def catch_up(self) -> dict[str, Any]:
        """The facts and bodies that came in since, as of now."""
        self._run(_fact_batches(self._archive.missing_facts()))
        self._run(map(_body_records, self._archive.missing()))
        return {"records": self._done}

    def _run(self, slices: Iterable[list[Record] | Batch]) -> None:
        """Take records, or facts, through the cycle: the next slice is read while one is stored."""
        coming = iter(slices)
        with ThreadPoolExecutor(1, thread_name_prefix="replay-read") as ahead:
            following = ahead.submit(next, coming, None)
            while (records := following.result()) is not None:
                following = ahead.submit(next, coming, None)
                self._store(records)

    def _store(self, some: list[Record] | Batch) -> None:
        for pause_s in (*_PAUSES_S, None):
            try:
                if isinstance(some, Batch):
                    self._cycle.run_batch(some)
                else:
                    self._cycle.run(some)
                break
            except ClickHouseUnavailable:
                if pause_s is None:
                    raise
                time.sleep(pause_s)
        self._done += some.records if isinstance(some, Batch) else len(some)
        _tell({"done": self._done, "total": max(self._done, self._total)})


def _fact_batches(facts: Sequence[AnyFact]) -> Iterator[Batch]:
    """Facts as they are stored: read again as if they were stated now, an old one might be refused by a newer rule."""
    nothing = decode_batch([], FACTS)
    for start in range(0, len(facts), MOST_BODIES):
        some = [Stated(fact) for fact in facts[start : start + MOST_BODIES]]
        yield replace(nothing, records=len(some), facts=some)


def _body_records(bodies: Sequence[ArchivedBody]) -> list[Record]:
    return [
        Record(b.topic, b.partition, b.offset, b.received_us // 1000, tuple(b.origin().to_headers()), b.body)
        for b in bodies
    ]


def _kafka_records(messages: Sequence[Any]) -> list[Record]:
    return [Record(m.topic, m.partition, m.offset, m.timestamp, tuple(m.headers), m.value or b"") for m in messages]


def _tell(told: dict[str, Any]) -> None:
    print(json.dumps(told), flush=True)


def _fail(error: Exception) -> NoReturn:
    _tell({"error": str(error), "unavailable": isinstance(error, ClickHouseUnavailable | KafkaUnavailable)})
    sys.exit(1)


def main() -> None:
    """Exit code 1 and a line with the error when a step fails."""
    parser = argparse.ArgumentParser(prog="setten replay", description=__doc__)
    parser.add_argument("step", choices=["build", "catch-up", "finish"])
    parser.add_argument("source", choices=["archive", "kafka"])
    parser.add_argument("--config", type=Path)
    parser.add_argument("--data-dir", type=Path)
    args = parser.parse_args()
    gc.freeze()
    try:
        replay = Replay(load_settings(args.config, args.data_dir), args.step, args.source)
        outcome = replay.build() if args.step == "build" else replay.catch_up()
    except (SettingsError, KafkaUnavailable, ClickHouseUnavailable, QueryFailed) as error:
        _fail(error)
    _tell({"outcome": outcome})


if __name__ == "__main__":
    main()

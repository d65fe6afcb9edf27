"""`make bench-faults`: what faults cost, as ratios of runs in pairs, in turn, each on services and tables of its own.

outage: the rate at which a backlog is drained that grew while ClickHouse refused connections, beside one that grew
while no worker ran. poison: the same for a load with 1 % of its events refused, beside one without. cycles: the
processor time of single cycles with and without poison, in turn, without Kafka: many pairs in little time.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from infra.clickhouse import ClickHouse
from infra.embedded.broker import Kind
from infra.kafka import FACTS, INGEST_GROUP, SIGNAL_TOPICS, client_options, producer
from infra.settings import Settings
from infra.store import Store
from jobs.migrate import migrate_tables
from models.records import Origin
from streams.ingest.batch import Record
from streams.ingest.cycle import Cycle
from tests.benchmarks.end_to_end import bodies
from tests.contract.embedded_clickhouse import PASSWORDS, Server
from tests.faults.cluster import SingleBroker
from tests.faults.fleet import Fleet
from tests.stack import wait_for

TOPIC = SIGNAL_TOPICS[0]
POISON = (b'{"type": "fax.sent", "n": %d}', b"no JSON %d", b'{"type": "web.page_viewed", "n": %d}')
UNITS = {"rate": "events/s", "cost_us": "us of processor time an event", "peak_mb": "MB resident at most"}
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True)
class Drained:
    """From the first commit to the last. rate: events a second. cost_us: processor time of worker and ClickHouse.

    The cost is that of an event; other work on the machine moves the rate a lot and the cost little. waited_s: until
    the first commit. peak_mb: the most memory that was resident in the worker.
    """

    rate: float
    cost_us: float
    waited_s: float
    peak_mb: float


@contextmanager
def fleet(folder: Path, broker: Kind) -> Iterator[Fleet]:
    folder.mkdir()
    kafka = SingleBroker(folder, broker)
    running = Fleet(folder, kafka)
    try:
        yield running
    finally:
        running.close()
        kafka.close()
        shutil.rmtree(folder, ignore_errors=True)


def made(events: int, body_events: int, poison: bool) -> Iterator[bytes]:
    """Bodies of so many lines, as in an array what is no JSON takes its neighbours along. poison: one of 100 events."""
    group: list[bytes] = []
    for number, event in enumerate(bodies(events)):
        group.append(POISON[number // 100 % len(POISON)] % number if poison and number % 100 == 0 else event)
        if len(group) == body_events:
            yield b"\n".join(group)
            group = []


def fill(told: Fleet, events: int, body_events: int, poison: bool = False) -> int:
    """Put the events into a topic; answers the number of records. See made."""
    kafka = producer(told.settings)
    headers = Origin("bench", "canonical", datetime.now(UTC), "application/x-ndjson").to_headers()
    records = 0
    for body in made(events, body_events, poison):
        kafka.send(TOPIC, body, key=str(records % 64).encode(), headers=headers)
        records += 1
    kafka.flush()
    kafka.close()
    return records


def drain(told: Fleet, records: int, start: Callable[[], None], body_events: int) -> Drained:
    """Let the worker go on and time it until all is committed."""
    reader = KafkaConsumer(**client_options(told.settings), group_id=INGEST_GROUP, enable_auto_commit=False)
    partitions = [TopicPartition(TOPIC, p) for p in sorted(reader.partitions_for_topic(TOPIC) or ())]
    begun, first_at, first, committed, cpu_s = time.monotonic(), 0.0, 0, 0, 0.0
    start()
    while committed < records:
        committed = sum(reader.committed(partition) or 0 for partition in partitions)
        now = time.monotonic()
        if committed and not first:
            first_at, first, cpu_s = now, committed, processor_s(told)
        [worker] = told.workers.values()
        assert worker.process.poll() is None, worker.tail()
        time.sleep(_LOOK_EVERY_S)
    reader.close()
    assert first < records, f"{records:,} records fit into one commit: measure with more --events"
    events = (records - first) * body_events
    cost_us = (processor_s(told) - cpu_s) / events * 1e6
    return Drained(events / (now - first_at), cost_us, first_at - begun, worker.peak_mb)


def processor_s(told: Fleet) -> float:
    """Processor time so far of the worker and ClickHouse."""
    pids = (told.clickhouse.process.pid, *(worker.process.pid for worker in told.workers.values()))
    return sum(map(spent_s, pids))


def spent_s(pid: int) -> float:
    """Processor time so far of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cycles(folder: Path, rounds: int, body_events: int, events: int = 10_000) -> dict[str, Any]:
    """The processor time of this process and ClickHouse for cycles of so many events, with and without poison."""
    server = Server(folder).start()
    settings = Settings(
        data_dir=folder, clickhouse_url=f"http://127.0.0.1:{server.port}", clickhouse_password=PASSWORDS["setten"]
    )
    migrate_tables(settings)
    cycle = Cycle(Store(ClickHouse(settings), settings.business_timezone), FACTS, lambda touched: None)
    pairs = []
    try:
        for number in range(rounds + 1):
            cost = {}
            for poison in (False, True) if number % 2 else (True, False):
                origin = Origin(f"bench{number}{poison}", "canonical", datetime.now(UTC), "application/x-ndjson")
                headers = tuple(origin.to_headers())
                records = [
                    Record(TOPIC, 0, at, 0, headers, body) for at, body in enumerate(made(events, body_events, poison))
                ]
                before = time.process_time() + spent_s(server.process.pid)
                cycle.run(records)
                cost[poison] = (time.process_time() + spent_s(server.process.pid) - before) / events * 1e6
            pairs.append((cost[False], cost[True]))
    finally:
        server.stop()
    # The first pair connects and compiles.
    return {"name": f"cycles, 1 % poison, {body_events} events a body", "pairs": rounds, "cost_us": of(pairs[1:])}


def of(values: list[tuple[float, float]]) -> dict[str, float]:
    """Medians, and the ratios of the second to the first."""
    ratios = sorted(second / first for first, second in values)
    first, second = (statistics.median(column) for column in zip(*values, strict=True))
    ratio = {"ratio": statistics.median(ratios), "least": ratios[0], "greatest": ratios[-1]}
    return {"without": first, "with": second, **ratio}


def undisturbed(told: Fleet, events: int, body_events: int, *, poison: bool = False) -> Drained:
    records = fill(told, events, body_events, poison)

    def start() -> None:
        told.start(0)

    return drain(told, records, start, body_events)


def after_outage(told: Fleet, events: int, body_events: int, outage_s: float) -> Drained:
    [worker] = told.start(0)
    wait_for(lambda: "partitions assigned" in worker.tail(), "the worker to have its partitions")
    told.proxy.refusing = True
    begun = time.monotonic()
    records = fill(told, events, body_events)
    wait_for(lambda: "trying again" in worker.tail(), "the worker to meet the refusal")
    time.sleep(max(0.0, begun + outage_s - time.monotonic()))  # the fault lasts

    def start() -> None:
        told.proxy.refusing = False

    found = drain(told, records, start, body_events)
    assert worker.log.read_text().count("partitions assigned") == 1, "it was not to leave its group"
    return found


def compare(name: str, rounds: int, first: Callable[[], Drained], second: Callable[[], Drained]) -> dict[str, Any]:
    """Run both in pairs, every other pair the other way round. Medians, and the ratios of second to first."""
    pairs = []
    for number in range(rounds):
        order = (first, second) if number % 2 == 0 else (second, first)
        found = {run: run() for run in order}
        pairs.append((found[first], found[second]))
        print(f"{name} {number + 1}: without {found[first]}, with {found[second]}", file=sys.stderr)

    values = {
        field: of([(getattr(without, field), getattr(with_, field)) for without, with_ in pairs]) for field in UNITS
    }
    return {"name": name, "pairs": rounds, **values}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-faults", description=__doc__)
    parser.add_argument("what", nargs="*", help="outage, poison, cycles; all by default")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--outage-s", type=float, default=60.0)
    parser.add_argument("--body-events", type=int, nargs="*", default=[1, 100], help="events a body, for poison")
    parser.add_argument("--broker", choices=["tansu", "kafka"], default="tansu")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="setten-under-fault-"))

    def each(run: Callable[[Fleet], Drained]) -> Callable[[], Drained]:
        def once() -> Drained:
            with fleet(folder / str(time.monotonic_ns()), args.broker) as told:
                return run(told)

        return once

    found = []
    wanted = args.what or ["outage", "poison", "cycles"]
    try:
        if "outage" in wanted:
            plain = each(lambda told: undisturbed(told, args.events, 1))
            disturbed = each(lambda told: after_outage(told, args.events, 1, args.outage_s))
            found.append(compare(f"outage of {args.outage_s:g} s", args.rounds, plain, disturbed))
        for size in args.body_events if "poison" in wanted else ():
            plain = each(lambda told, size=size: undisturbed(told, args.events, size))  # type: ignore[misc]
            poisoned = each(lambda told, size=size: undisturbed(told, args.events, size, poison=True))  # type: ignore[misc]
            found.append(compare(f"1 % poison, {size} events a body", args.rounds, plain, poisoned))
        if "cycles" in wanted:
            found += [cycles(folder / f"cycles{size}", 4 * args.rounds, size) for size in args.body_events]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if args.json:
        print(json.dumps(found, indent=2))
        return 0
    for one in found:
        print(f"{one['name']}, medians of {one['pairs']} pairs")
        for field, unit in UNITS.items():
            if (seen := one.get(field)) is None:
                continue
            print(
                f"  {seen['without']:>10,.0f} without {seen['with']:>10,.0f} with  ratio {seen['ratio']:.2f}"
                f" ({seen['least']:.2f} to {seen['greatest']:.2f})  {unit}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())

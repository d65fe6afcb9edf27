"""`make bench-faults`: what faults cost, as ratios of runs in pairs, in turn, each on services and tables of its own.

outage: the rate at which a backlog is drained that grew while ClickHouse refused connections, beside one that grew
while no worker ran. poison: the same for a load with 1 % of its events refused, beside one without.
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

from infra.embedded.broker import Kind
from infra.kafka import INGEST_GROUP, SIGNAL_TOPICS, client_options, producer
from models.records import Origin
from tests.benchmarks.end_to_end import bodies
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


def fill(told: Fleet, events: int, body_events: int, poison: bool = False) -> int:
    """Put the events into a topic, so many to a body; answers the number of records. poison: one of 100 is none."""
    kafka = producer(told.settings)
    # Lines and not an array, in which what is no JSON would take its neighbours along.
    headers = Origin("bench", "canonical", datetime.now(UTC), "application/x-ndjson").to_headers()
    group: list[bytes] = []
    records = 0
    for number, event in enumerate(bodies(events)):
        group.append(POISON[number // 100 % len(POISON)] % number if poison and number % 100 == 0 else event)
        if len(group) == body_events:
            kafka.send(TOPIC, b"\n".join(group), key=str(records % 64).encode(), headers=headers)
            group, records = [], records + 1
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
    ticks = 0
    for process in (told.clickhouse.process, *(worker.process for worker in told.workers.values())):
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


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

    def of(field: str) -> dict[str, float]:
        values = [(getattr(without, field), getattr(with_, field)) for without, with_ in pairs]
        ratios = sorted(with_ / without for without, with_ in values)
        middle = [statistics.median(column) for column in zip(*values, strict=True)]
        return {"without": middle[0], "with": middle[1], "ratio": statistics.median(ratios)} | {
            "least": ratios[0],
            "greatest": ratios[-1],
        }

    return {"name": name, "pairs": rounds, **{field: of(field) for field in UNITS}}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-faults", description=__doc__)
    parser.add_argument("what", nargs="*", help="outage, poison; both by default")
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
    wanted = args.what or ["outage", "poison"]
    try:
        if "outage" in wanted:
            plain = each(lambda told: undisturbed(told, args.events, 1))
            disturbed = each(lambda told: after_outage(told, args.events, 1, args.outage_s))
            found.append(compare(f"outage of {args.outage_s:g} s", args.rounds, plain, disturbed))
        for size in args.body_events if "poison" in wanted else ():
            plain = each(lambda told, size=size: undisturbed(told, args.events, size))  # type: ignore[misc]
            poisoned = each(lambda told, size=size: undisturbed(told, args.events, size, poison=True))  # type: ignore[misc]
            found.append(compare(f"1 % poison, {size} events a body", args.rounds, plain, poisoned))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if args.json:
        print(json.dumps(found, indent=2))
        return 0
    for one in found:
        print(f"{one['name']}, medians of {one['pairs']} pairs")
        for field, unit in UNITS.items():
            seen = one[field]
            print(
                f"  {seen['without']:>10,.0f} without {seen['with']:>10,.0f} with  ratio {seen['ratio']:.2f}"
                f" ({seen['least']:.2f} to {seen['greatest']:.2f})  {unit}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`make bench-faults`: what faults cost, as ratios of runs in pairs, in turn, each on services and tables of its own.

outage: the rate at which a backlog is drained that grew while ClickHouse refused connections, beside one that grew
while no worker ran. poison: the same for a load with 1 % of its events refused, beside one without.
"""

import argparse
import json
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
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True)
class Drained:
    """rate: events a second from the first commit to the last. waited_s: until the first. peak_mb: most resident."""

    rate: float
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
    begun, first_at, first, committed = time.monotonic(), 0.0, 0, 0
    start()
    while committed < records:
        committed = sum(reader.committed(partition) or 0 for partition in partitions)
        now = time.monotonic()
        if committed and not first:
            first_at, first = now, committed
        [worker] = told.workers.values()
        assert worker.process.poll() is None, worker.tail()
        time.sleep(_LOOK_EVERY_S)
    reader.close()
    assert first < records, f"{records:,} records fit into one commit: measure with more --events"
    return Drained((records - first) * body_events / (now - first_at), first_at - begun, worker.peak_mb)


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


def compare(
    name: str, rounds: int, first: Callable[[], Drained], second: Callable[[], Drained]
) -> dict[str, float | int | str]:
    """Run both in pairs, every other pair the other way round; the ratio is the second's rate by the first's."""
    ratios, firsts, seconds = [], [], []
    for number in range(rounds):
        order = (first, second) if number % 2 == 0 else (second, first)
        found = {run: run() for run in order}
        firsts.append(found[first])
        seconds.append(found[second])
        ratios.append(found[second].rate / found[first].rate)
        print(f"{name} {number + 1}: {found[first]} {found[second]} ratio {ratios[-1]:.2f}", file=sys.stderr)
    return {
        "name": name,
        "rounds": rounds,
        "without_events_s": statistics.median(one.rate for one in firsts),
        "with_events_s": statistics.median(one.rate for one in seconds),
        "ratio_median": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "without_peak_mb": max(one.peak_mb for one in firsts),
        "with_peak_mb": max(one.peak_mb for one in seconds),
        "waited_s": statistics.median(one.waited_s for one in seconds),
    }


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
        print(
            f"{one['name']}: {one['with_events_s']:,.0f} events/s, {one['without_events_s']:,.0f} without;"
            f" ratio {one['ratio_median']:.2f} ({one['ratio_min']:.2f} to {one['ratio_max']:.2f}),"
            f" {one['rounds']} pairs; {one['with_peak_mb']:.0f} MB, {one['without_peak_mb']:.0f} without"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`make bench-scaling`: what an event costs on a store of a million touches, and on one of thirty million.

The same new records go into both. By default they are of one day, as a day's traffic is; `--load month` spreads them
evenly over the thirty days before, as a source does that sends late.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.clickhouse import ClickHouse
from infra.kafka import INGEST_GROUP
from infra.settings import Settings
from jobs.migrate import migrate
from tests.benchmarks.history import accounts, make
from tests.benchmarks.load import bodies, declare_accounts, fill
from tests.benchmarks.measure import Contender, Result, measure
from tests.benchmarks.reading import Reading, reading_of
from tests.benchmarks.services import services

# Old enough that the worker does not take it for news: assessing accounts is not what is measured.
_DAYS_AGO = 7
OURS = Contender("setten", "streams.worker", INGEST_GROUP, Path(sys.executable))


def one(touches: int, folder: Path, args: argparse.Namespace) -> tuple[Result, dict[str, Reading]]:
    """Measure on a store of so many touches; answers too what the cycle's queries read there."""
    with services(folder, args.broker, args.partitions) as running:
        settings = running.settings
        migrate(settings)
        declare_accounts(settings, accounts(touches))
        today = _midnight(settings)
        began = time.monotonic()
        clickhouse = ClickHouse(settings, timeout_s=600)
        # The load's own day included: the worst case, where today's rows have just been merged into the large parts.
        make(clickhouse, touches, today.date())
        print(f"{touches:,} touches made in {time.monotonic() - began:.0f} s", file=sys.stderr)
        days = 1 if args.load == "day" else 30
        start = today - timedelta(days=days - 1)
        fill(settings, bodies(args.events, start=start, days=days), today + timedelta(days=1))
        result = measure(running, OURS, args.events)
        readings = reading_of(settings, start, days)
    shutil.rmtree(folder, ignore_errors=True)
    return result, readings


def _midnight(settings: Settings) -> datetime:
    """When the day of the load begins in the business time zone."""
    return (
        (datetime.now(UTC) - timedelta(days=_DAYS_AGO))
        .astimezone(settings.zone)
        .replace(hour=0, minute=0, second=0, microsecond=0)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-scaling", description=__doc__)
    parser.add_argument("--touches", default="1000000,30000000", help="stored beforehand; comma-separated")
    # Merges come in lumps: what they cost an event cannot be told from fewer.
    parser.add_argument("--events", type=int, default=1_000_000, help="new records")
    parser.add_argument("--load", choices=["day", "month"], default="day")
    parser.add_argument("--broker", choices=["tansu", "kafka"], default="tansu")
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="setten-scaling-"))
    found: dict[int, tuple[Result, dict[str, Reading]]] = {}
    try:
        for touches in map(int, args.touches.split(",")):
            found[touches] = one(touches, folder / str(touches), args)
            print(_line(touches, found[touches][0]), file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if args.json:
        told = {
            n: asdict(result) | {"reading": {q: asdict(r) for q, r in reads.items()}}
            for n, (result, reads) in found.items()
        }
        print(json.dumps({"run": vars(args), "stores": told}, indent=2))
        return
    for touches, (result, readings) in found.items():
        print(_line(touches, result))
        for query, reading in readings.items():
            print(f"    {query:20} {reading.rows:>12,} rows read in {reading.ms:,.0f} ms; granules {reading.granules}")
    first, *_, last = (result for result, _ in found.values())
    print(
        f"cost of an event, last by first: wall {first.events_s / last.events_s:.2f}, "
        f"processor {_cpu_us(last) / _cpu_us(first):.2f} (worker and ClickHouse)"
    )


def _cpu_us(result: Result) -> float:
    return result.worker_us + result.clickhouse_us


def _line(touches: int, result: Result) -> str:
    return (
        f"{touches:>12,} touches: {result.events_s:>9,.0f} events/s, {1e6 / result.events_s:6.1f} µs an event;"
        f" processor: worker {result.worker_us:5.1f} µs, ClickHouse {result.clickhouse_us:6.1f} µs"
    )


if __name__ == "__main__":
    main()

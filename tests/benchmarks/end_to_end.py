"""`make bench`: durable events/s from the broker to committed, ours and other frameworks', in one run, in turn.

All read the same records from the same kind of broker and do the same job into the same ClickHouse, each into an empty
database; docs/performance.md says what the job is. Afterwards the tables of all must be equal.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from infra.clickhouse import ClickHouse
from infra.kafka import INGEST_GROUP
from jobs.migrate import migrate
from tests.benchmarks.load import bodies, declare_accounts, expected, fill
from tests.benchmarks.measure import Contender, Result, measure
from tests.benchmarks.services import ROOT, services
from tests.stack import checksums

OURS = "setten"
OTHERS = {"faust": "faust_agent", "quix": "quix", "bytewax": "bytewax_flow"}
_HERE = Path(sys.executable)
# Quix Streams needs an older pydantic than we pin: `make bench` installs the contenders into a place of their own.
_BENCH = ROOT / ".venv-bench" / "bin" / "python"


def contenders(names: Sequence[str], reading: str) -> list[Contender]:
    """Those to measure, in this order."""
    told = (("BENCH_READING", reading),)
    known = {OURS: Contender(OURS, "streams.worker", INGEST_GROUP, _HERE)} | {
        name: Contender(
            name,
            f"tests.benchmarks.contenders.{module}",
            f"bench-{name}",
            _BENCH,
            told,
        )
        for name, module in OTHERS.items()
    }
    if unknown := set(names) - known.keys():
        raise SystemExit(f"no such contender: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return [known[name] for name in names]


def one(contender: Contender, folder: Path, args: argparse.Namespace) -> tuple[Result, dict[str, tuple[int, int]]]:
    """One measurement on services of its own; answers the tables' checksums too. SystemExit if a row is amiss."""
    with services(folder, args.broker, args.partitions) as running:
        migrate(running.settings)
        declare_accounts(running.settings)
        fill(running.settings, bodies(args.events))
        result = measure(running, contender, args.events)
        found = checksums(ClickHouse(running.settings))
    want = expected(args.events)
    if (found["touches"][0], found["dead_letters"][0]) != (want.touches, want.dead_letters):
        raise SystemExit(f"{contender.name} lost or added rows: {found}, and not {want}")
    shutil.rmtree(folder, ignore_errors=True)
    return result, found


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--events", type=int, default=400_000, help="records in the topic")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contenders", default=",".join([OURS, *OTHERS]), help="comma-separated, of: %(default)s")
    parser.add_argument("--reading", choices=["fast", "contract"], default="fast", help="how the others validate")
    parser.add_argument("--broker", choices=["tansu", "kafka"], default="tansu", help="kafka needs `make kafka`")
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    chosen = contenders([name for name in args.contenders.split(",") if name], args.reading)
    folder = Path(tempfile.mkdtemp(prefix="setten-bench-"))
    results: dict[str, list[Result]] = {contender.name: [] for contender in chosen}
    tables: dict[str, tuple[int, int]] = {}
    try:
        for number in range(args.rounds):
            for contender in chosen:
                result, found = one(contender, folder / f"{number}-{contender.name}", args)
                tables = tables or found
                if different := {t for t in tables if found[t] != tables[t]}:
                    raise SystemExit(
                        f"{contender.name} stored something else than {chosen[0].name} in {sorted(different)}"
                    )
                results[contender.name].append(result)
                print(_line(f"round {number + 1} {contender.name}", result), file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    summary = {name: _summary(rounds, results.get(OURS, rounds)) for name, rounds in results.items()}
    if args.json:
        print(json.dumps({"run": vars(args) | {"cores": os.cpu_count()}, "contenders": summary}, indent=2))
        return
    print(f"durable end to end, {args.broker} to committed, {args.rounds} rounds, {os.cpu_count()} cores, medians")
    for name, found in summary.items():
        print(_line(f"  {name}", Result(**found["median"])))
        if name != OURS and OURS in summary:
            ratio = found["ours_times_faster"]
            print(f"    setten is {ratio['median']:.2f} times faster ({ratio['min']:.2f} to {ratio['max']:.2f})")


def _summary(rounds: Sequence[Result], ours: Sequence[Result]) -> dict:
    ratios = [mine.events_s / its.events_s for mine, its in zip(ours, rounds, strict=True)]
    median = {field: statistics.median(asdict(r)[field] for r in rounds) for field in asdict(rounds[0])}
    return {
        "median": median,
        "events_s": [round(r.events_s) for r in rounds],
        "most_rss_mb": max(r.rss_mb for r in rounds),
        "ours_times_faster": {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)},
    }


def _line(name: str, result: Result) -> str:
    return (
        f"{name:18} {result.events_s:>9,.0f} events/s   µs an event: worker {result.worker_us:5.1f},"
        f" ClickHouse {result.clickhouse_us:5.1f}, broker {result.broker_us:5.1f}   {result.rss_mb:4.0f} MB"
    )


if __name__ == "__main__":
    main()

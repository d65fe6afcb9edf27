"""`make bench`: durable events/s from the broker to committed, ours and a stock Faust agent's, in one run, in turn.

Both read the same records from the same broker and do the same job with the same code into the same ClickHouse
(decode, validate, archive, store, roll up, register), each into an empty database; only the consuming and committing
differ. The clock runs from the first commit to the last, so that starting and joining the group count for neither.
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from infra.clickhouse import ClickHouse
from infra.embedded.broker import answers, open_broker
from infra.embedded.processes import free_port
from infra.kafka import INGEST_GROUP, SIGNAL_TOPICS, client_options, producer
from infra.settings import Settings
from jobs.migrate import migrate
from models.records import Origin

STOCK_GROUP = "stock-agent"
TOPIC = SIGNAL_TOPICS[0]
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """events_s: committed per second. rss_mb: the most resident memory the worker had, MB."""

    events_s: float
    rss_mb: float


def bodies(events: int, seed: int = 1) -> Iterator[bytes]:
    """One canonical web signal a record, about 250 bytes: 5,000 contacts of 500 companies over 30 days."""
    rng = random.Random(seed)
    start = datetime(2026, 10, 1, tzinfo=UTC)
    for number in range(events):
        contact = rng.randrange(5000)
        yield json.dumps(
            {
                "id": f"e{number}",
                "type": "web.page_viewed",
                "time": (start + timedelta(seconds=rng.randrange(30 * 86400))).isoformat(),
                "data": {
                    "contacts": [{"email": f"p{contact}@company{contact % 500}.example"}],
                    "subject": f"/page/{rng.randrange(40)}",
                    "campaign": "autumn",
                    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
                },
            }
        ).encode()


def fill(settings: Settings, events: int) -> None:
    """Put the records into the topic."""
    kafka = producer(settings)
    headers = Origin("bench", "canonical", datetime.now(UTC)).to_headers()
    for number, body in enumerate(bodies(events)):
        kafka.send(TOPIC, body, key=str(number % 64).encode(), headers=headers)
    kafka.flush()
    kafka.close()


@contextmanager
def services(folder: Path, partitions: int) -> Iterator[Settings]:
    """The embedded broker and ClickHouse."""
    users = folder / "users.toml"
    users.write_text('[setten]\npassword = "bench"\n[bi]\npassword = "bench2"\n')
    users.chmod(0o600)
    port = free_port()
    command = [sys.executable, "-m", "infra.embedded.clickhouse", "--data-dir", str(folder / "clickhouse")]
    clickhouse = subprocess.Popen([*command, "--port", "0", "--users", str(users)], stdout=subprocess.PIPE, cwd=ROOT)
    broker = open_broker("tansu", folder)
    kafka = subprocess.Popen(broker.command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert clickhouse.stdout is not None
        while not answers(port, broker.cluster_id):
            time.sleep(0.05)
        answered = json.loads(clickhouse.stdout.readline())["port"]
        yield Settings(
            data_dir=folder,
            kafka_brokers=f"127.0.0.1:{port}",
            kafka_partitions=partitions,
            kafka_session_timeout_s=6,
            clickhouse_url=f"http://127.0.0.1:{answered}",
            clickhouse_password="bench",
        )
    finally:
        for process in (clickhouse, kafka):
            process.terminate()
            process.wait(30)


def measure(settings: Settings, module: str, group: str, events: int) -> Result:
    """Run a worker on the topic until all is committed."""
    ClickHouse(settings, database="").statement(f"DROP DATABASE IF EXISTS {settings.clickhouse_database}")
    migrate(settings)
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("SETTEN_")},
        "SETTEN_DATA_DIR": str(settings.data_dir),
        "SETTEN_KAFKA_BROKERS": settings.kafka_brokers,
        "SETTEN_KAFKA_SESSION_TIMEOUT_S": "6",
        "SETTEN_CLICKHOUSE_URL": settings.clickhouse_url,
        "SETTEN_CLICKHOUSE_PASSWORD": settings.clickhouse_password.get_secret_value(),
    }
    reader = KafkaConsumer(**client_options(settings), group_id=group, enable_auto_commit=False)
    partitions = [TopicPartition(TOPIC, p) for p in sorted(reader.partitions_for_topic(TOPIC) or ())]
    log = (settings.data_dir / f"{group}.log").open("w")
    worker = subprocess.Popen([sys.executable, "-m", module], env=environment, cwd=ROOT, stdout=log, stderr=log)
    first_at, first, rss_mb = 0.0, 0, 0.0
    try:
        deadline = time.monotonic() + 600
        while True:
            committed = sum(reader.committed(partition) or 0 for partition in partitions)
            now = time.monotonic()
            if committed and not first:
                first_at, first = now, committed
            rss_mb = max(rss_mb, _rss_mb(worker.pid))
            if committed >= events:
                break
            if worker.poll() is not None or now > deadline:
                raise SystemExit(f"{module} gave up at {committed:,} of {events:,}; see {log.name}")
            time.sleep(0.2)  # asking costs the cores that are being measured
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
        reader.close()
        log.close()
    stored = int(ClickHouse(settings).statement("SELECT count() FROM touches FINAL"))
    assert stored == events, f"{module} stored {stored:,} of {events:,} events"
    if first >= events:
        raise SystemExit(f"{events:,} events fit into one commit: measure with more --events")
    return Result((events - first) / (now - first_at), rss_mb)


def _rss_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--stock-events", type=int, default=100_000, help="the stock agent gets the first so many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="setten-bench-"))
    ours, stock = [], []
    try:
        for number in range(args.rounds):
            for module, group, events, results in (
                ("streams.worker", INGEST_GROUP, args.events, ours),
                ("tests.benchmarks.stock_agent", STOCK_GROUP, args.stock_events, stock),
            ):
                (folder / f"{number}-{group}").mkdir()
                with services(folder / f"{number}-{group}", args.partitions) as settings:
                    migrate(settings)
                    fill(settings, events)
                    results.append(measure(settings, module, group, events))
                print(f"round {number + 1} {group:14} {results[-1].events_s:>10,.0f} events/s", file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    ratios = [a.events_s / b.events_s for a, b in zip(ours, stock, strict=True)]
    summary = {
        "ours_events_s": statistics.median(r.events_s for r in ours),
        "ours_rss_mb": max(r.rss_mb for r in ours),
        "stock_events_s": statistics.median(r.events_s for r in stock),
        "stock_rss_mb": max(r.rss_mb for r in stock),
        "ratio_median": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "rounds": args.rounds,
        "cores": os.cpu_count(),
    }
    if args.json:
        print(json.dumps(summary, indent=2))
        return
    print(f"durable end to end, broker to committed, {args.rounds} rounds, {summary['cores']} cores, medians")
    print(f"  setten ingest      {summary['ours_events_s']:>10,.0f} events/s   {summary['ours_rss_mb']:>5.0f} MB")
    print(f"  stock Faust agent  {summary['stock_events_s']:>10,.0f} events/s   {summary['stock_rss_mb']:>5.0f} MB")
    print(f"  ratio              {summary['ratio_median']:>10.1f}   ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()

"""One measurement: a worker on a filled topic, from its first commit to its last, with what it cost."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from infra.kafka import client_options
from tests.benchmarks.load import TOPIC
from tests.benchmarks.services import ROOT, Services
from tests.benchmarks.usage import cpu_s, rss_mb

_PATIENCE_S = 900.0
_ASK_EVERY_S = 0.25  # asking costs the cores that are being measured


@dataclass(frozen=True)
class Contender:
    """A worker that can be measured. group: the consumer group that it commits its offsets to."""

    name: str
    module: str
    group: str
    interpreter: Path
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Result:
    """events_s: committed a second. *_us: processor time an event. rss_mb: the most that worker had resident."""

    events_s: float
    worker_us: float
    clickhouse_us: float
    broker_us: float
    rss_mb: float


class _Moment(NamedTuple):
    at: float
    committed: int
    worker_s: float
    clickhouse_s: float
    broker_s: float


def measure(services: Services, contender: Contender, records: int) -> Result:
    """Run the worker until so many records of the topic are committed. Raises SystemExit when it gives up."""
    log = services.settings.data_dir / f"{contender.group}.log"
    first: _Moment | None = None
    most_mb = 0.0
    with _offsets(services, contender.group) as committed, _running(services, contender, log) as worker:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            done = committed()
            now = _moment(services, worker.pid, done)
            first = first or (now if done else None)
            most_mb = max(most_mb, rss_mb(worker.pid))
            if done >= records:
                break
            if worker.poll() is not None or now.at > deadline:
                told = "\n".join(log.read_text("utf-8", "replace").splitlines()[-400:])
                raise SystemExit(f"{contender.name} gave up at {done:,} of {records:,} records:\n{told}")
            time.sleep(_ASK_EVERY_S)
    assert first is not None
    counted = records - first.committed
    if counted <= records // 2:
        raise SystemExit(f"{contender.name}: {records:,} records fit into very few commits: measure with more --events")
    return Result(
        counted / (now.at - first.at),
        (now.worker_s - first.worker_s) / counted * 1e6,
        (now.clickhouse_s - first.clickhouse_s) / counted * 1e6,
        (now.broker_s - first.broker_s) / counted * 1e6,
        most_mb,
    )


def _moment(services: Services, worker: int, committed: int) -> _Moment:
    return _Moment(
        time.monotonic(), committed, cpu_s(worker), cpu_s(services.clickhouse_pid), cpu_s(services.broker_pid)
    )


@contextmanager
def _offsets(services: Services, group: str) -> Iterator:
    """A function that answers how many records the group has committed."""
    reader = KafkaConsumer(**client_options(services.settings), group_id=group, enable_auto_commit=False)
    partitions = [TopicPartition(TOPIC, p) for p in sorted(reader.partitions_for_topic(TOPIC) or ())]
    try:
        yield lambda: sum(reader.committed(partition) or 0 for partition in partitions)
    finally:
        reader.close()


@contextmanager
def _running(services: Services, contender: Contender, log: Path) -> Iterator[subprocess.Popen]:
    """The worker's process, asked to end afterwards."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SETTEN_")}
    environment |= services.worker_environment() | dict(contender.environment)
    with log.open("w") as out:
        worker = subprocess.Popen(
            [contender.interpreter, "-m", contender.module], env=environment, cwd=ROOT, stdout=out, stderr=out
        )
    try:
        yield worker
    finally:
        worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(30)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()

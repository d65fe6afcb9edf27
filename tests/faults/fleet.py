"""Real processes under fault: a broker or a cluster, ClickHouse behind a proxy, workers, a producer that insists."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from infra.kafka import FACTS, SIGNAL_TOPICS, KafkaUnavailable, ingest_lag, producer
from infra.settings import Settings
from jobs.migrate import migrate
from models.records import Origin
from tests.contract.embedded_clickhouse import PASSWORDS, Server
from tests.faults.cluster import Cluster, SingleBroker
from tests.faults.proxy import Proxy
from tests.faults.world import World
from tests.stack import ROOT, wait_for

START_S = 60.0


class Worker:
    """A `setten worker` process."""

    def __init__(self, settings: Settings, log: Path, number: int) -> None:
        self.number = number
        self.log = log
        self._ready = log.with_suffix(".ready")
        self._ready.unlink(missing_ok=True)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SETTEN_")}
        environment |= {
            "SETTEN_DATA_DIR": str(log.parent / f"worker{number}"),
            "SETTEN_KAFKA_BROKERS": settings.kafka_brokers,
            "SETTEN_KAFKA_SESSION_TIMEOUT_S": str(settings.kafka_session_timeout_s),
            "SETTEN_KAFKA_REPLICATION": str(settings.kafka_replication),
            "SETTEN_CLICKHOUSE_URL": settings.clickhouse_url,
            "SETTEN_CLICKHOUSE_PASSWORD": settings.clickhouse_password.get_secret_value(),
        }
        command = [sys.executable, "-m", "streams.worker", "--ready-file", str(self._ready)]
        with log.open("ab") as out:
            self.process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, stderr=out)

    @property
    def ready(self) -> bool:
        return self._ready.exists()

    @property
    def peak_mb(self) -> float:
        """The most memory that was resident at once, in MB."""
        [line] = [line for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines() if "VmHWM" in line]
        return int(line.split()[1]) / 1024

    def wait_ready(self) -> None:
        def up() -> bool:
            assert self.process.poll() is None, f"the worker ended with {self.process.returncode}: {self.tail()}"
            return self.ready

        wait_for(up, "the worker to be ready", START_S)

    def tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Feeder:
    """Sends a world's bodies until every one of them is acknowledged; what is not is sent again."""

    def __init__(self, settings: Settings, world: World, seed: int) -> None:
        self._settings, self._world = settings, world
        self._rng = random.Random(seed)
        self._kafka: KafkaProducer = producer(settings)

    def feed(self, bodies: Iterable[Any], topic: str = "") -> None:
        """Send these and return when all are acknowledged."""
        missing = list(bodies)
        deadline = time.monotonic() + 600
        while missing:
            assert time.monotonic() < deadline, f"{len(missing):,} bodies were never acknowledged"
            futures = [(body, self._send(body, topic)) for body in missing]
            missing = [body for body, future in futures if future is None or not _acknowledged(future)]

    def _send(self, body: Any, topic: str) -> Any:
        try:
            if isinstance(body, bytes):
                headers = Origin("crm", "canonical", self._world.bodies[0].received).to_headers()
                return self._kafka.send(FACTS, body, headers=headers)
            chosen = topic or self._rng.choice(SIGNAL_TOPICS)
            return self._kafka.send(chosen, body.raw, key=str(self._rng.random()).encode(), headers=body.headers())
        except KafkaError:
            return None

    def close(self) -> None:
        self._kafka.close()


def _acknowledged(future: Any) -> bool:
    try:
        future.get(timeout=90)
    except KafkaError:
        return False
    return True


class Fleet:
    """Everything of one fault test. Workers are numbered from 0 and share one consumer group."""

    def __init__(self, folder: Path, broker: SingleBroker | Cluster) -> None:
        self.folder = folder
        self.broker = broker
        self.clickhouse = Server(folder / "clickhouse").start()
        self.proxy = Proxy(self.clickhouse.port)
        self.settings = Settings(
            data_dir=folder,
            kafka_brokers=broker.address,
            kafka_replication=broker.replication,
            kafka_partitions=4,
            kafka_session_timeout_s=6,
            clickhouse_url=f"http://127.0.0.1:{self.proxy.port}",
            clickhouse_password=PASSWORDS["setten"],
        )
        migrate(self.settings)
        self.workers: dict[int, Worker] = {}

    def start(self, *numbers: int) -> list[Worker]:
        """Start workers and wait until they consume."""
        for number in numbers:
            self.workers[number] = Worker(self.settings, self.folder / f"worker{number}.log", number)
        started = [self.workers[number] for number in numbers]
        for worker in started:
            worker.wait_ready()
        return started

    def remove(self, number: int, *, kill: bool = False) -> None:
        worker = self.workers.pop(number)
        worker.kill() if kill else worker.stop()

    def drained(self, patience_s: float = 180.0) -> None:
        """Until everything that was sent is committed."""

        def nothing_waits() -> bool:
            for worker in self.workers.values():
                ended = worker.process.poll()
                assert ended is None, f"worker {worker.number} ended with {ended}: {worker.tail()}"
            try:
                return ingest_lag(self.settings).records == 0
            except KafkaUnavailable:
                return False

        wait_for(nothing_waits, "ingest to commit all that was sent", patience_s)

    def close(self) -> None:
        for worker in self.workers.values():
            worker.kill()
        self.proxy.close()
        self.clickhouse.kill()


def in_background(action: Callable[[], None]) -> Callable[[], None]:
    """Run an action in a thread; the answered function waits for its end and raises what it raised."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def join() -> None:
        thread.join()
        if failed:
            raise failed[0]

    return join

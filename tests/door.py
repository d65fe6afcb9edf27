"""A collector for a test: the real process on a real broker, without ClickHouse and without a worker."""

import base64
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from infra.embedded.processes import free_port
from infra.kafka import ensure_topics
from infra.settings import Settings
from tests.stack import ROOT, wait_for

SENDER = "127.0.0.9"  # an address that nothing else here has


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Record(NamedTuple):
    """What the broker has of a body."""

    source: str
    adapter: str
    content_type: str
    body: bytes


def basic(user: str, password: str = "") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Door:
    """A collector's process. environment: its settings beside the broker's address."""

    def __init__(self, folder: Path, brokers: str, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.settings = Settings(data_dir=folder, kafka_brokers=brokers, kafka_partitions=2)
        ensure_topics(self.settings)
        self.port = free_port()
        self.metrics_port = free_port(0)
        self.log = folder / "collector.log"
        self._ready = folder / "ready"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SETTEN_")}
        self.environment = kept | {
            "SETTEN_DATA_DIR": str(folder),
            "SETTEN_KAFKA_BROKERS": brokers,
            "SETTEN_COLLECTOR_PORT": str(self.port),
            "SETTEN_COLLECTOR_METRICS_PORT": str(self.metrics_port),
            **(environment or {}),
        }
        self.start()

    def start(self) -> None:
        self._ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "streams.collector", "--ready-file", str(self._ready)]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=out, stderr=out)

        def up() -> bool:
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-2000:]
            return self._ready.exists()

        wait_for(up, "the collector to answer")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def rss_mb(self) -> float:
        """Memory that is resident now, MB."""
        return self._status("VmRSS")

    def peak_mb(self) -> float:
        """The most memory that was resident at once since reset_peak(), MB."""
        return self._status("VmHWM")

    def reset_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _status(self, name: str) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        [line] = [line for line in lines if line.startswith(name)]
        return int(line.split()[1]) / 1024

    def setten(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a setten command on this collector's data directory."""
        command = [sys.executable, "-m", "jobs.cli", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip

    def new_key(self, source: str) -> str:
        """A write key, once the collector takes it."""
        key: str = json.loads(self.setten("keys", "create", source, "--json").stdout)["key"]
        self.wait_for_key(key)
        return key

    def wait_for_key(self, key: str) -> None:
        wait_for(lambda: self.ask("POST", "/v1/track", b"", basic(key)).status != 401, "the collector to take the key")

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own, from SENDER."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(SENDER, 0))
        try:
            connection.request(method, path, body, dict(headers or {}))
            told = connection.getresponse()
            return Answer(told.status, told.read(), {name.lower(): value for name, value in told.getheaders()})
        finally:
            connection.close()

    def post(self, path: str, told: Any, headers: Mapping[str, str] | None = None) -> Answer:
        """Post a value as JSON, or bytes as they are."""
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        return self.ask("POST", path, body, {"Content-Type": "application/json", **(headers or {})})

    def metrics(self) -> dict[str, float]:
        """By `metric{label,label}`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=30)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        found = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
        return found

    def records(self, topic: str = "signals.web") -> list[Record]:
        """All that the broker has in a topic."""
        consumer = KafkaConsumer(bootstrap_servers=self.settings.brokers, enable_auto_commit=False)
        try:
            partitions = [TopicPartition(topic, one) for one in consumer.partitions_for_topic(topic) or ()]
            consumer.assign(partitions)
            consumer.seek_to_beginning()
            ends = dict.fromkeys(partitions, 0)
            found: list[Record] = []

            def read() -> bool:
                for batch in consumer.poll(timeout_ms=300).values():
                    for record in batch:
                        told = {name: value.decode() for name, value in record.headers}
                        found.append(Record(told["source"], told["adapter"], told["content_type"], record.value))
                ends.update({one: consumer.highwater(one) for one in partitions})
                return all(
                    end is not None and consumer.position(one) >= end for one, end in ends.items()
                )  # the high watermark of an answer, as Tansu's end offsets run behind

            wait_for(read, f"all records of {topic}")
            return found
        finally:
            consumer.close()

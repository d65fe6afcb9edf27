"""Broker and ClickHouse for one measurement, in a folder of its own, on this machine."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.embedded.broker import SESSION_TIMEOUT_S, Kind, answers, open_broker
from infra.embedded.processes import free_port
from infra.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Services:
    """What a worker needs, and the processes that serve it. worker_environment: the settings for a child process."""

    settings: Settings
    broker_pid: int
    clickhouse_pid: int

    def worker_environment(self) -> dict[str, str]:
        settings = self.settings
        return {
            "SETTEN_DATA_DIR": str(settings.data_dir),
            "SETTEN_KAFKA_BROKERS": settings.kafka_brokers,
            "SETTEN_KAFKA_SESSION_TIMEOUT_S": str(settings.kafka_session_timeout_s),
            "SETTEN_CLICKHOUSE_URL": settings.clickhouse_url,
            "SETTEN_CLICKHOUSE_PASSWORD": settings.clickhouse_password.get_secret_value(),
        }


@contextmanager
def services(folder: Path, kind: Kind, partitions: int) -> Iterator[Services]:
    """Start both on empty folders, and stop them."""
    folder.mkdir(parents=True)
    users = folder / "users.toml"
    users.write_text('[setten]\npassword = "bench"\n[bi]\npassword = "bench2"\n')
    users.chmod(0o600)
    port = free_port()
    command = [sys.executable, "-m", "infra.embedded.clickhouse", "--data-dir", str(folder / "clickhouse")]
    broker = open_broker(kind, folder)
    with (folder / "services.log").open("w") as log:
        clickhouse = subprocess.Popen(
            [*command, "--port", "0", "--users", str(users)], stdout=subprocess.PIPE, stderr=log, cwd=ROOT
        )
        kafka = subprocess.Popen(broker.command(port), stdout=log, stderr=log, env=dict(broker.environment()))
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while not answers(port, broker.cluster_id):
            if kafka.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the broker {kind!r} did not start; see {folder / 'services.log'}")
            time.sleep(0.05)
        assert clickhouse.stdout is not None
        answered = json.loads(clickhouse.stdout.readline())["port"]
        settings = Settings(
            data_dir=folder,
            kafka_brokers=f"127.0.0.1:{port}",
            kafka_partitions=partitions,
            kafka_session_timeout_s=SESSION_TIMEOUT_S,
            clickhouse_url=f"http://127.0.0.1:{answered}",
            clickhouse_password="bench",
        )
        yield Services(settings, kafka.pid, clickhouse.pid)
    finally:
        for process in (clickhouse, kafka):
            process.terminate()
            process.wait(30)

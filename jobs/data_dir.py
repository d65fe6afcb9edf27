"""The folder that `setten up` works in: its layout, who may use it, and what is kept there between runs.

run/lock                held by the running supervisor
run/state.json          what runs, with pids and ports; stays, so that the next run takes the same ports
run/setten.toml         the addresses and passwords for other commands, while it runs
run/credentials.toml    the passwords of ClickHouse's users, made once
logs/<process>.log      and one older as .log.1; supervisor.log: what happened to the processes
bin/                    the program of the broker in memory, where the packaged one cannot be run in place
kafka/                  Apache Kafka's topics, with `--broker kafka`
clickhouse/             tables
"""

import contextlib
import fcntl
import json
import os
import secrets
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ValidationError

from infra.embedded.processes import ProcessIdentity
from infra.settings import run_file
from jobs.supervisor import State

Phase = Literal["starting", "running", "stopping", "stopped", "failed"]


class UpError(Exception):
    """The services cannot be started or stopped; the message is for the user."""


class InUse(UpError):
    """Another supervisor holds the data directory."""


class ProcessRecord(BaseModel):
    """One process in the state file. since: when it came into this state."""

    name: str
    state: State
    pid: int | None = None
    started: str = ""
    since: datetime | None = None
    restarts: int = 0
    address: str = ""
    metrics: str = ""
    log: str

    @property
    def identity(self) -> ProcessIdentity:
        return ProcessIdentity(self.pid or 0, self.started)


class RunState(BaseModel):
    """The state file."""

    version: str
    pid: int
    started: str
    started_at: datetime
    phase: Phase
    message: str = ""
    ports: dict[str, int]
    free_ports: list[str]
    bi_user: str
    credentials_file: str
    processes: list[ProcessRecord] = []

    @property
    def supervisor(self) -> ProcessIdentity:
        return ProcessIdentity(self.pid, self.started)

    @property
    def is_ready(self) -> bool:
        """Whether the supervisor runs and has everything running."""
        return (
            self.phase == "running"
            and self.supervisor.is_alive()
            and all(process.state in ("ready", "done") for process in self.processes)
        )

    def end_leftovers(self) -> None:
        """Kill what outlived its supervisor: nothing on Linux, where the kernel does. Raises UpError."""
        for process in self.processes:
            if not process.identity.kill():
                raise UpError(f"{process.name} of the last run (pid {process.pid}) does not end, even when killed")


class DataDir:
    """A data directory, absolute, existing or not."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.run = self.path / "run"
        self.logs = self.path / "logs"
        self.clickhouse = self.path / "clickhouse"
        self.run_file = run_file(self.path)
        self.credentials_file = self.run / "credentials.toml"
        self.supervisor_log = self.logs / "supervisor.log"
        self._state_file = self.run / "state.json"

    def create(self) -> None:
        """Make what is missing, for the user alone. Raises UpError."""
        try:
            if not self.path.exists():
                self.path.mkdir(mode=0o700, parents=True)
                (self.path / ".gitignore").write_text("*\n", "utf-8")  # it holds passwords and customers' data
            for folder in (self.run, self.logs, self.clickhouse):
                folder.mkdir(mode=0o700, exist_ok=True)
                folder.chmod(0o700)
        except OSError as error:
            raise UpError(f"the data directory cannot be used: {error.filename}: {error.strerror}") from error

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the directory; the system lets go of it when the process ends in whatever way. Raises InUse."""
        with open(os.open(self.run / "lock", os.O_RDWR | os.O_CREAT, 0o600), "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InUse(f"another `setten up` is using {self.path}") from error
            yield

    def state(self) -> RunState | None:
        """What the state file says, None where there is none that this version can read."""
        try:
            return RunState.model_validate_json(self._state_file.read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValidationError):
            return None

    def save(self, state: RunState) -> None:
        write_private(self._state_file, state.model_dump_json(indent=1))

    def log(self, *words: str) -> None:
        """Add a line to the supervisor's log."""
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        number = os.open(self.supervisor_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(number, "a", encoding="utf-8") as log:
            log.write(" ".join([stamp, *filter(None, words)]) + "\n")

    def found(self) -> dict[str, object]:
        """What the run file says; empty where there is none."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, tomllib.TOMLDecodeError):
            return tomllib.loads(self.run_file.read_text("utf-8"))
        return {}

    def passwords(self, users: tuple[str, ...]) -> dict[str, str]:
        """A password for each user, made at the first call and kept, so that saved connections stay good."""
        kept: dict[str, dict[str, str]] = {}
        with contextlib.suppress(FileNotFoundError, tomllib.TOMLDecodeError):
            kept = tomllib.loads(self.credentials_file.read_text("utf-8"))
        found = {user: kept.get(user, {}).get("password") or secrets.token_urlsafe(24) for user in users}
        text = "\n".join(f"[{user}]\npassword = {json.dumps(password)}\n" for user, password in found.items())
        write_private(self.credentials_file, text)
        return found


def write_private(path: Path, text: str) -> None:
    """Write a file for the user alone, all or nothing."""
    number, half = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
    with open(number, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(half, path)

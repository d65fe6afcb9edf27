"""`setten status`: what runs on the data directory, and how far behind it is."""

import contextlib
import http.client
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from infra.clickhouse import ClickHouse, ClickHouseUnavailable, QueryFailed
from infra.embedded.processes import accepts
from infra.kafka import KafkaUnavailable, ingest_lag
from infra.settings import Settings
from jobs.data_dir import DataDir, ProcessRecord, RunState
from jobs.supervisor import State
from models.outcomes import REMEDIES, Reason

Overall = Literal["running", "degraded", "stopped"]
_EXIT_CODES: dict[Overall, int] = {"running": 0, "degraded": 1, "stopped": 3}


class ProcessStatus(BaseModel):
    """One process now. uptime_s: since it came into this state, None while it does not run; log: a path.

    metrics: the address that Prometheus asks.
    """

    name: str
    state: State
    pid: int | None
    uptime_s: int | None
    restarts: int
    address: str
    metrics: str
    log: str


class Status(BaseModel):
    """What runs. The counts are None where they cannot be had; `problems` says why, a line each.

    ingest_lag: records that wait in Kafka. touches: rows, superseded ones not counted.
    dead_letters: refused events by reason.
    """

    overall: Overall
    data_dir: str
    version: str = ""
    pid: int | None = None
    started_at: datetime | None = None
    processes: list[ProcessStatus] = []
    bi_user: str = ""
    credentials_file: str = ""
    ingest_lag: int | None = None
    touches: int | None = None
    dead_letters: dict[str, int] | None = None
    problems: list[str] = []

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return self.model_dump(mode="json")

    @property
    def exit_code(self) -> int:
        """0 running, 1 degraded, 3 stopped."""
        return _EXIT_CODES[self.overall]


def status_of(settings: Settings) -> Status:
    """What runs on `settings.data_dir`; never raises for what is down, but tells it."""
    folder = DataDir(settings.data_dir)
    state = folder.state()
    if state is None or not state.supervisor.is_alive():
        said = [state.message] if state and state.message else []
        if state and state.phase not in ("stopped", "failed"):
            said.append("the supervisor did not end in good order: `setten up` starts again on the same data")
        return Status(overall="stopped", data_dir=str(folder.path), problems=said)
    found = Status(
        overall="running",
        data_dir=str(folder.path),
        version=state.version,
        pid=state.pid,
        started_at=state.started_at,
        processes=[_now(process) for process in state.processes],
        bi_user=state.bi_user,
        credentials_file=state.credentials_file,
    )
    if state.phase != "running":
        found.problems.append(f"setten is {state.phase}")
    found.problems += [
        f"{p.name} is {p.state}: see {p.log}" for p in found.processes if p.state not in ("ready", "done")
    ]
    _ask(settings, state, found)
    found.overall = "degraded" if found.problems else "running"
    return found


def _now(process: ProcessRecord) -> ProcessStatus:
    runs = process.identity.is_alive()
    state: State = process.state
    if process.pid is not None and not runs:
        state = "restarting"  # the supervisor is about to see it
    since = process.since if runs else None
    return ProcessStatus(
        name=process.name,
        state=state,
        pid=process.pid if runs else None,
        uptime_s=max(0, int((datetime.now(UTC) - since).total_seconds())) if since else None,
        restarts=process.restarts,
        address=process.address,
        metrics=process.metrics,
        log=process.log,
    )


def _ask(settings: Settings, state: RunState, found: Status) -> None:
    """Ask the services themselves: a process may run and not answer."""

    def broker() -> None:
        found.ingest_lag = ingest_lag(settings).records

    def clickhouse() -> None:
        connection = ClickHouse(settings, timeout_s=10)
        try:
            found.touches = int(connection.statement("SELECT count() FROM touches FINAL"))
            found.dead_letters = {
                row["reason"]: int(row["events"]) for row in connection.rows("dead_letters_by_reason")
            }
        finally:
            connection.close()

    asked: dict[str, Callable[[], None]] = {
        "broker": broker,
        "clickhouse": clickhouse,
        "collector": lambda: _collector_health(state, found),
    }
    for process in found.processes:
        if process.state != "ready" or process.name not in asked:
            continue
        where = urlsplit(process.address if "//" in process.address else f"//{process.address}")
        if not accepts(where.hostname or "", where.port or 0):  # else a client would wait its whole patience
            found.problems.append(f"{process.name} at {process.address} takes no connection: see {process.log}")
            continue
        try:
            asked[process.name]()
        except (KafkaUnavailable, ClickHouseUnavailable, QueryFailed) as error:
            found.problems.append(str(error))


def _collector_health(state: RunState, found: Status) -> None:
    process = next(p for p in state.processes if p.name == "collector")
    where = urlsplit(process.address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            found.problems.append(f"collector at {process.address} does not answer: {type(error).__name__}")
        else:
            if answer != 200:
                found.problems.append(f"collector at {process.address} answers {answer}: see {process.log}")


def print_status(found: Status, out: Console) -> None:
    """For people."""
    out.print(f"setten is {found.overall} on {found.data_dir}", markup=False, soft_wrap=True)
    if found.processes:
        out.print(_table(found))
    for process in found.processes:
        if process.metrics:
            out.print(f"{process.name}'s metrics: {process.metrics}", markup=False, soft_wrap=True)
    dead = found.dead_letters
    counts = {
        "records waiting": found.ingest_lag,
        "touches": found.touches,
        "dead letters": None if dead is None else sum(dead.values()),
    }
    known = [f"{value:,} {name}" for name, value in counts.items() if value is not None]
    if known:
        out.print(", ".join(known))
    for reason, events in sorted((dead or {}).items()):
        remedy = REMEDIES[Reason(reason)] if reason in set(Reason) else ""
        out.print(f"  {events:>6,} {reason}: {remedy}", markup=False, soft_wrap=True)
    for problem in found.problems:
        out.print(f"! {problem}", markup=False, soft_wrap=True)


def _table(found: Status) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("process", "state", "pid", "up", "restarts", "address"):
        table.add_column(column)
    for p in found.processes:
        up = "" if p.uptime_s is None else f"{p.uptime_s // 3600}:{p.uptime_s // 60 % 60:02}:{p.uptime_s % 60:02}"
        table.add_row(p.name, p.state, "" if p.pid is None else str(p.pid), up, str(p.restarts), p.address)
    return table

"""`setten up` and `setten down`: the whole of Setten on this machine, with one command."""

import argparse
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from rich.console import Console

from infra.embedded.processes import identify, is_port_free, python
from infra.settings import Settings, SettingsError, load_settings
from jobs.data_dir import DataDir, Phase, ProcessRecord, RunState, UpError
from jobs.detached import REPORT_FD, reporter, start_detached
from jobs.embedded import BI_USER, LISTENERS, METRICS, Embedded, Ports, environment, hosts_of, refuse_other_servers
from jobs.supervisor import Event, GaveUp, ProcessSpec, Supervisor

# Longer than the supervisor's own patience with all of its processes together.
DOWN_TIMEOUT_S = 100

_PHASES: dict[str, Phase] = {"up": "running", "stopping": "stopping", "failed": "failed"}


def _collector_port(settings: Settings) -> int:
    """The port that is set. The default is only a wish: a second Setten on a machine is no error."""
    wished = settings.collector_port
    return wished if "collector_port" in settings.model_fields_set or is_port_free(wished) else 0


def setten_version() -> str:
    """Of the installed distribution."""
    try:
        return version("setten")
    except PackageNotFoundError:
        return "not installed"


def up(
    settings: Settings,
    *,
    detach: bool = False,
    broker_port: int = 0,
    clickhouse_port: int = 0,
    collector_port: int | None = None,
    console: Console | None = None,
) -> int:
    """Run everything on `settings.data_dir`: until a signal, or, detached, return when everything is ready.

    Ports: 0 = a free one, kept from run to run where it can be; collector_port None = the setting, and where nothing
    is set the default, or a free one where that is taken.
    Answers the exit code: 0; where it runs already, that is said, and the code is as of `setten status`:
    0 when all of it is ready, 1 when not. Raises UpError with one clear line.
    """
    console = console or Console(stderr=True)
    folder = DataDir(settings.data_dir)
    asked = {
        "broker": broker_port,
        "clickhouse": clickhouse_port,
        "collector": _collector_port(settings) if collector_port is None else collector_port,
    }
    running = folder.state()
    if running and running.supervisor.is_alive():
        return _already(running, {**asked, "collector": collector_port or 0}, console)
    if detach:
        with _showing(console) as show:
            command = python("jobs.up", *(f"--{name}-port={port}" for name, port in asked.items()))
            start_detached(command, env=environment(settings), folder=folder, report=show)
        started = folder.state()
        if started:
            _tell_addresses(started, console)
        return 0
    with _showing(console) as show:

        def show_all(event: Event) -> None:
            show(event)
            now = folder.state() if event.kind == "up" else None
            if now:
                _tell_addresses(now, console)

        supervise(settings, asked, show_all)
    return 0


def down(settings: Settings, *, console: Console | None = None) -> int:
    """Stop what runs on `settings.data_dir` and wait until it is gone. Answers the exit code: 0, also when nothing ran.

    Raises UpError.
    """
    console = console or Console(stderr=True)
    folder = DataDir(settings.data_dir)
    with console.status("stopping"):
        stopped = _stop(folder)
    console.print("setten is stopped" if stopped else f"nothing is running on {folder.path}", markup=False)
    return 0


def _stop(folder: DataDir) -> bool:
    """Answers whether anything ran."""
    state = folder.state()
    if state is None:
        return False
    was_alive = state.supervisor.is_alive()
    if was_alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(state.pid, signal.SIGTERM)
        deadline = time.monotonic() + DOWN_TIMEOUT_S
        while state.supervisor.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)  # polls a condition: it is not our child
        if not state.supervisor.kill():
            raise UpError(f"the supervisor (pid {state.pid}) does not end, even when killed")
    state = folder.state() or state
    was_alive = was_alive or any(process.identity.is_alive() for process in state.processes)
    state.end_leftovers()
    folder.run_file.unlink(missing_ok=True)  # a supervisor that was killed left it behind
    return was_alive


def supervise(
    settings: Settings,
    asked_ports: Mapping[str, int],
    report: Callable[[Event], None],
    specs: Callable[[Embedded], Sequence[ProcessSpec]] = Embedded.specs,
) -> None:
    """Hold the data directory and run the processes until a signal. Raises UpError. Main thread only.

    specs: what to run, given this run's ports and settings.
    """
    folder = DataDir(settings.data_dir)
    folder.create()
    with folder.lock():
        before = folder.state()
        if before:
            before.end_leftovers()
            if "collector" in before.free_ports and asked_ports["collector"] == before.ports["collector"]:
                # Nobody asked for it: settings read it from what the last run, killed, left behind.
                asked_ports = {**asked_ports, "collector": 0}
        refuse_other_servers(settings, folder.found())
        asked_ports = {**asked_ports, **{setting: getattr(settings, setting) for setting in METRICS.values()}}
        ports = Ports(asked_ports, before=before.ports if before else {}, hosts=hosts_of(settings))
        embedded = Embedded(settings, folder, ports)
        try:
            _Run(folder, ports, report).run(specs(embedded))
        finally:
            folder.run_file.unlink(missing_ok=True)


class _Run:
    """Runs the processes, and keeps the state file true meanwhile."""

    def __init__(self, folder: DataDir, ports: Ports, report: Callable[[Event], None]) -> None:
        me = identify(os.getpid())
        assert me is not None
        self._folder = folder
        self._ports = ports
        self._report = report
        self._supervisor: Supervisor | None = None
        self._state = RunState(
            version=setten_version(),
            pid=me.pid,
            started=me.started,
            started_at=datetime.now(UTC),
            phase="starting",
            ports=ports.by_name,
            free_ports=sorted(ports.free),
            bi_user=BI_USER,
            credentials_file=str(folder.credentials_file),
        )
        folder.save(self._state)

    def run(self, specs: Sequence[ProcessSpec]) -> None:
        self._supervisor = Supervisor(specs, logs=self._folder.logs, cwd=self._folder.run, report=self._note)
        try:
            self._supervisor.run()
        except GaveUp as error:
            self._state.message = str(error)
            self._note(Event("failed", "", str(error)))
            raise UpError(str(error)) from error
        self._state.phase = "stopped"
        self._folder.save(self._state)

    def _note(self, event: Event) -> None:
        assert self._supervisor is not None
        self._state.phase = _PHASES.get(event.kind, self._state.phase)
        self._state.ports = dict(self._ports.by_name)
        self._state.processes = [
            ProcessRecord(
                name=service.spec.name,
                state=service.state,
                pid=service.child.pid if service.child else None,
                started=service.child.identity.started if service.child else "",
                since=datetime.fromtimestamp(service.since, UTC) if service.since else None,
                restarts=service.restarts,
                address=service.spec.address(),
                metrics=service.spec.metrics(),
                log=str(service.log),
            )
            for service in self._supervisor.services
        ]
        self._folder.save(self._state)
        self._folder.log(event.kind, event.process, event.text)
        self._report(event)


@contextlib.contextmanager
def _showing(console: Console) -> Iterator[Callable[[Event], None]]:
    """Show the events as they come: what is being waited for in the status line, what happened above it."""
    with console.status("starting") as line:

        def show(event: Event) -> None:
            match event.kind:
                case "starting" | "stopping":
                    line.update(f"{event.kind} {event.process}")
                    line.start()
                case "ready":
                    console.print(f"[green]✓[/green] {event.process} {event.text}", highlight=False)
                case "died":
                    console.print(f"[red]✗[/red] {event.process} {event.text}", highlight=False, markup=True)
                case "restarting":
                    console.print(f"  {event.process} is started again {event.text}", highlight=False)
                case "up":
                    line.stop()

        yield show


def _tell_addresses(state: RunState, console: Console) -> None:
    console.print(f"setten is {state.phase} (pid {state.pid}); `setten down` stops it", highlight=False)
    for process in state.processes:
        if process.address:
            console.print(f"  {process.name:<11} {process.address}", highlight=False)
    console.print(
        f"  BI tools connect to clickhouse as user {state.bi_user}; the password is in {state.credentials_file}",
        highlight=False,
        soft_wrap=True,
    )


def _already(state: RunState, asked: Mapping[str, int], console: Console) -> int:
    others = [name for name in LISTENERS if asked[name] and asked[name] != state.ports.get(name)]
    if others:
        raise UpError(
            f"setten already runs here (pid {state.pid}) with another port for {', '.join(others)}: `setten down` first"
        )
    console.print("setten already runs here", highlight=False)
    _tell_addresses(state, console)
    return 0 if state.is_ready else 1


def main(
    arguments: Sequence[str] | None = None, specs: Callable[[Embedded], Sequence[ProcessSpec]] = Embedded.specs
) -> int:
    """The supervisor's own process when detached: settings from the environment, its words to the given descriptor."""
    parser = argparse.ArgumentParser()
    parser.add_argument(REPORT_FD, type=int, required=True)
    for name in LISTENERS:
        parser.add_argument(f"--{name}-port", type=int, required=True)
    told = parser.parse_args(arguments)
    report = reporter(told.report_fd)
    try:
        supervise(load_settings(), {name: getattr(told, f"{name}_port") for name in LISTENERS}, report, specs)
    except (UpError, SettingsError) as error:
        report(Event("failed", "", str(error)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Start processes in the order of their needs, restart the ones that die, stop them all in reverse. One thread."""

import contextlib
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from infra.embedded.processes import Child

QUICK_DEATH_S = 30
QUICK_DEATHS_AT_MOST = 5
STABLE_S = 300
_PAUSE_AT_MOST_S = 30.0
_LOOK_EVERY_S = 0.05
_LINE_AT_MOST = 240
# Clients whose server has died often wait for it and not for us; they lose nothing by being killed.
_UPSTREAM_GONE_GRACE_S = 1.0

State = Literal["waiting", "starting", "ready", "done", "restarting", "stopped"]
EventKind = Literal["starting", "ready", "died", "restarting", "up", "stopping", "stopped", "failed"]


class GaveUp(Exception):
    """A process cannot be kept running; the message names it, its log and what it said last."""


def _same() -> bool:
    return False


def _nothing(_hurry: Callable[[], bool]) -> None:
    return None


@dataclass(frozen=True)
class ProcessSpec:
    """One process to keep running.

    command, env: asked at each start, so that they can follow a port that had to change.
    is_ready: a condition, looked at while the process starts; it must answer within seconds and not raise.
    needs: processes that must be ready before it starts. restarts_with: processes whose death it must not survive.
    once: it is a step; ready when it has exited with 0.
    move: called when it died before it was ever ready; answers whether it now has another port to try.
    settle: called before it is stopped in good order, with a condition that says to hurry.
    """

    name: str
    command: Callable[[], Sequence[str]]
    env: Callable[[], Mapping[str, str]]
    is_ready: Callable[[Child], bool]
    address: Callable[[], str] = str
    metrics: Callable[[], str] = str
    needs: tuple[str, ...] = ()
    restarts_with: tuple[str, ...] = ()
    once: bool = False
    move: Callable[[], bool] = _same
    settle: Callable[[Callable[[], bool]], None] = _nothing
    start_timeout_s: float = 60
    grace_s: float = 10


@dataclass(frozen=True)
class Event:
    """Something that happened to a process, or to all of them (process '')."""

    kind: EventKind
    process: str = ""
    text: str = ""


class Deaths:
    """How long to wait before a process that died is started again, and when that has no use."""

    def __init__(self) -> None:
        self._in_a_row = 0
        self._quick_in_a_row = 0

    def pause_s(self, lived_s: float) -> float | None:
        """Seconds until the next start: 0.5, 1, 2, 4 ... 30; None after five deaths in a row, each within 30 s."""
        self._quick_in_a_row = self._quick_in_a_row + 1 if lived_s < QUICK_DEATH_S else 0
        self._in_a_row = self._in_a_row + 1 if lived_s < STABLE_S else 1
        if self._quick_in_a_row >= QUICK_DEATHS_AT_MOST:
            return None
        return float(min(_PAUSE_AT_MOST_S, 0.5 * 2 ** (self._in_a_row - 1)))


class Service:
    """A process as the supervisor sees it: its state now and its history."""

    def __init__(self, spec: ProcessSpec, log: Path) -> None:
        self.spec = spec
        self.log = log
        self.state: State = "waiting"
        self.child: Child | None = None
        self.since = 0.0
        self.restarts = 0
        self.deaths = Deaths()
        self.not_before = 0.0
        self.was_ready = False

    @property
    def is_ready(self) -> bool:
        return self.state in ("ready", "done")


class Supervisor:
    """Runs the processes until SIGTERM, SIGINT or SIGHUP; a second signal kills what is slow to end."""

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        *,
        logs: Path,
        cwd: Path,
        report: Callable[[Event], None],
    ) -> None:
        """specs: in the order in which they start; the reverse is the order in which they stop.

        logs: folder of one log a process. report: told of each event, after `services` shows it.
        """
        self.services = [Service(spec, logs / f"{spec.name}.log") for spec in specs]
        self._by_name = {service.spec.name: service for service in self.services}
        self._cwd = cwd
        self._report = report
        self._signals = 0
        self._is_up = False

    def run(self) -> None:
        """Start, keep running, and stop on a signal. Raises GaveUp, with everything stopped. Main thread only."""
        with self._waking_on_signals() as wait:
            try:
                while not self._signals:
                    self._reap()
                    self._advance()
                    wait(_LOOK_EVERY_S if any(not s.is_ready for s in self.services) else 1.0)
            finally:
                self._stop_all(gracefully=bool(self._signals))

    def _reap(self) -> None:
        for service in self.services:
            if service.child is None or (code := service.child.exit_code()) is None:
                continue
            if service.spec.once and code == 0:
                service.child = None
                self._set(service, "done", Event("ready", service.spec.name))
            else:
                how = f"was ended by signal {-code}" if code < 0 else f"exited with {code}"
                self._died(service, service.child, how)

    def _advance(self) -> None:
        now = time.monotonic()
        for service in self.services:
            spec = service.spec
            if service.state in ("waiting", "restarting"):
                if now >= service.not_before and all(self._by_name[name].is_ready for name in spec.needs):
                    service.child = Child(spec.command(), env=spec.env(), cwd=self._cwd, log=service.log)
                    self._set(service, "starting", Event("starting", spec.name))
            elif service.state == "starting" and service.child is not None:
                self._look_whether_ready(service, service.child)
        is_up = all(service.is_ready for service in self.services)
        if is_up and not self._is_up:
            self._report(Event("up"))
        self._is_up = is_up

    def _look_whether_ready(self, service: Service, child: Child) -> None:
        spec = service.spec
        if child.exit_code() is not None:
            return  # seen to at the next look
        if not spec.once and spec.is_ready(child):
            service.was_ready = True
            self._set(service, "ready", Event("ready", spec.name, spec.address()))
        elif child.age_s > spec.start_timeout_s:
            child.stop(0)
            self._died(service, child, f"was not ready within {spec.start_timeout_s:g} s")

    def _died(self, service: Service, child: Child, how: str) -> None:
        spec, lived_s = service.spec, child.age_s
        service.child = None
        service.restarts += 1
        said = child.last_lines(5)
        self._set(service, "restarting", Event("died", spec.name, how))
        pause_s = service.deaths.pause_s(lived_s)
        if pause_s is None:
            tail = "".join(f"\n  {line[:_LINE_AT_MOST]}" for line in said) or "\n  (nothing)"
            raise GaveUp(
                f"{spec.name} {how}, {QUICK_DEATHS_AT_MOST} times in a row; the end of its log, {service.log}:{tail}"
            )
        if not service.was_ready and spec.move():
            pause_s = 0.0
        service.not_before = time.monotonic() + pause_s
        self._report(Event("restarting", spec.name, f"in {pause_s:g} s"))
        for other in reversed(self.services):
            if spec.name in other.spec.restarts_with and other.state != "waiting":
                self._stop(other, _UPSTREAM_GONE_GRACE_S)
                other.restarts += 1
                self._set(other, "waiting", Event("restarting", other.spec.name, f"since {spec.name} died"))

    def _stop(self, service: Service, grace_s: float) -> None:
        if service.child is not None:
            service.child.stop(grace_s, hurry=self._in_a_hurry)
            service.child = None

    def _stop_all(self, *, gracefully: bool) -> None:
        self._is_up, was_up = False, self._is_up
        for service in reversed(self.services):
            if service.child is not None:
                self._report(Event("stopping", service.spec.name))
                if gracefully and was_up:
                    service.spec.settle(self._in_a_hurry)
                self._stop(service, service.spec.grace_s)
            self._set(service, "stopped", Event("stopped", service.spec.name))

    def _in_a_hurry(self) -> bool:
        return self._signals > 1

    def _set(self, service: Service, state: State, event: Event) -> None:
        service.state = state
        service.since = time.time()
        self._report(event)

    @contextlib.contextmanager
    def _waking_on_signals(self) -> Iterator[Callable[[float], None]]:
        """Count the signals that ask to stop; the given function waits for a time, or until any signal or death."""

        def asked(_number: int, _frame: object) -> None:
            self._signals += 1

        def wait(seconds: float) -> None:
            if select.select([reader], [], [], seconds)[0]:
                reader.recv(4096)

        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        before = {signal.SIGCHLD: signal.signal(signal.SIGCHLD, lambda *_: None)}
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup and a shell's `&` mean what they say
                before[number] = signal.signal(number, asked)
        fd_before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield wait
        finally:
            signal.set_wakeup_fd(fd_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            reader.close()
            writer.close()

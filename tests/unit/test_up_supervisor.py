"""The supervisor on stand-in processes: order, readiness, restarts, giving up, stopping."""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from infra.embedded.processes import Child
from jobs.supervisor import Deaths, Event, GaveUp, ProcessSpec, Supervisor

SERVES = "import time; print('serving', flush=True); time.sleep(600)"


def serving(child: Child) -> bool:
    return "serving" in child.output()


def spec(name: str, code: str = SERVES, **options: object) -> ProcessSpec:
    made = ProcessSpec(
        name, lambda: [sys.executable, "-c", code], lambda: dict(os.environ), serving, start_timeout_s=20
    )
    return replace(made, **options)


class Script:
    """Runs a supervisor here, answers to its events, and stops it; remembers all of them."""

    def __init__(self, tmp_path: Path, *specs: ProcessSpec, on: Callable[[Event], None] | None = None) -> None:
        self.events: list[tuple[str, str]] = []
        self.on = on or self.stop_when_up
        self.supervisor = Supervisor(specs, logs=tmp_path, cwd=tmp_path, report=self._note)

    def _note(self, event: Event) -> None:
        self.events.append((event.kind, event.process))
        self.on(event)

    def stop_when_up(self, event: Event) -> None:
        if event.kind == "up":
            os.kill(os.getpid(), signal.SIGTERM)

    def pid(self, name: str) -> int:
        child = next(s.child for s in self.supervisor.services if s.spec.name == name)
        assert child is not None
        return child.pid

    def run(self) -> list[tuple[str, str]]:
        self.supervisor.run()
        return self.events


def test_each_starts_when_what_it_needs_is_ready_and_all_stop_in_reverse(tmp_path: Path) -> None:
    events = Script(
        tmp_path,
        spec("broker"),
        spec("migrate", "print('done')", once=True, needs=("broker",)),
        spec("worker", needs=("migrate",)),
    ).run()
    assert events == [
        ("starting", "broker"),
        ("ready", "broker"),
        ("starting", "migrate"),
        ("ready", "migrate"),
        ("starting", "worker"),
        ("ready", "worker"),
        ("up", ""),
        ("stopping", "worker"),
        ("stopped", "worker"),
        ("stopped", "migrate"),
        ("stopping", "broker"),
        ("stopped", "broker"),
    ]


def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    pids = []

    def kill_once(event: Event) -> None:
        if event.kind == "up":
            pids.append(script.pid("worker"))
            os.kill(pids[-1] if len(pids) == 1 else os.getpid(), signal.SIGKILL if len(pids) == 1 else signal.SIGTERM)

    script = Script(tmp_path, spec("worker"), on=kill_once)
    events = script.run()
    assert events[:7] == [
        ("starting", "worker"),
        ("ready", "worker"),
        ("up", ""),
        ("died", "worker"),
        ("restarting", "worker"),
        ("starting", "worker"),
        ("ready", "worker"),
    ]
    assert pids[0] != pids[1]
    assert script.supervisor.services[0].restarts == 1


def test_what_must_not_survive_the_broker_is_started_again_after_it_in_order(tmp_path: Path) -> None:
    ups = []

    def kill_broker_once(event: Event) -> None:
        if event.kind == "up":
            ups.append(script.pid("collector"))
            os.kill(script.pid("broker") if len(ups) == 1 else os.getpid(), signal.SIGTERM)

    script = Script(
        tmp_path,
        spec("broker"),
        spec("migrate", "print('done')", once=True, needs=("broker",), restarts_with=("broker",)),
        spec("worker", needs=("broker", "migrate"), restarts_with=("broker",)),
        spec("collector", needs=("migrate",)),
        on=kill_broker_once,
    )
    events = script.run()
    after = events[events.index(("died", "broker")) :]
    again = [event for event in after[: after.index(("up", ""))] if event[0] in ("starting", "ready")]
    assert again == [
        ("starting", "broker"),
        ("ready", "broker"),
        ("starting", "migrate"),
        ("ready", "migrate"),
        ("starting", "worker"),
        ("ready", "worker"),
    ]
    assert ups[0] == ups[1], "the collector lived on"


def test_a_process_that_keeps_dying_stops_everything_and_is_named_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.supervisor._PAUSE_AT_MOST_S", 0.01)
    script = Script(tmp_path, spec("broker"), spec("worker", "print('no table touches'); raise SystemExit(4)"))
    with pytest.raises(GaveUp) as failure:
        script.run()
    message = str(failure.value)
    assert message.startswith("worker exited with 4, 5 times in a row")
    assert str(tmp_path / "worker.log") in message
    assert message.endswith("no table touches")
    assert script.events.count(("starting", "worker")) == 5
    assert script.events[-1] == ("stopped", "broker")
    assert all(service.child is None for service in script.supervisor.services)


def test_a_process_that_never_gets_ready_counts_as_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.supervisor._PAUSE_AT_MOST_S", 0.01)
    mute = spec("worker", "import time; time.sleep(600)", start_timeout_s=0.05)
    with pytest.raises(GaveUp, match=r"worker was not ready within 0\.05 s, 5 times in a row"):
        Script(tmp_path, mute).run()


def test_a_process_that_lost_its_port_before_it_was_ready_tries_another_at_once(tmp_path: Path) -> None:
    ports = iter(["taken", "free"])
    port = [next(ports)]

    def move() -> bool:
        port[0] = next(ports)
        return True

    listener = spec(
        "broker",
        command=lambda: [sys.executable, "-c", SERVES if port[0] == "free" else "raise SystemExit('address in use')"],
        move=move,
    )
    events = Script(tmp_path, listener).run()
    assert events.count(("starting", "broker")) == 2
    assert ("up", "") in events


def test_before_a_process_is_stopped_in_good_order_it_may_settle(tmp_path: Path) -> None:
    was_running = []
    script = Script(tmp_path, spec("worker", settle=lambda hurry: was_running.append((script.pid("worker"), hurry()))))
    script.run()
    assert [hurry for _, hurry in was_running] == [False]


def test_a_second_signal_does_not_wait_for_a_process_that_is_slow_to_end(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVES

    def ask_twice(event: Event) -> None:
        if event.kind in ("up", "stopping"):
            os.kill(os.getpid(), signal.SIGINT)

    began = time.monotonic()
    Script(tmp_path, spec("worker", deaf, grace_s=120), on=ask_twice).run()
    assert time.monotonic() - began < 60


def test_a_signal_while_starting_stops_what_has_been_started(tmp_path: Path) -> None:
    def stop_early(event: Event) -> None:
        if event == Event("starting", "worker"):
            os.kill(os.getpid(), signal.SIGTERM)

    script = Script(tmp_path, spec("broker"), spec("worker", needs=("broker",)), on=stop_early)
    events = script.run()
    assert ("up", "") not in events
    assert events[-1] == ("stopped", "broker")


def test_the_signal_handlers_of_the_caller_are_put_back(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)]
    Script(tmp_path, spec("worker")).run()
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)] == before


def test_pauses_double_up_to_half_a_minute_and_start_anew_after_a_long_life() -> None:
    deaths = Deaths()
    assert [deaths.pause_s(60) for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert deaths.pause_s(3600) == 0.5


def test_five_quick_deaths_in_a_row_are_enough_and_a_longer_life_between_them_counts_anew() -> None:
    deaths = Deaths()
    assert [deaths.pause_s(1) for _ in range(4)] == [0.5, 1, 2, 4]
    assert deaths.pause_s(31) is not None
    assert [deaths.pause_s(1) is None for _ in range(5)] == [False, False, False, False, True]

"""Child processes: identity, logs, stopping, and that none outlives the process that started it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.embedded import processes
from infra.embedded.processes import Child, ProcessIdentity, free_port, identify, is_port_free

PATIENCE_S = 20


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def start(tmp_path: Path, code: str) -> Child:
    return Child([sys.executable, "-c", code], env=dict(os.environ), cwd=tmp_path, log=tmp_path / "child.log")


def test_a_child_writes_its_log_for_its_owner_alone_and_tells_its_exit_code(tmp_path: Path) -> None:
    child = start(tmp_path, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")
    until(lambda: child.exit_code() is not None)
    assert child.exit_code() == 7
    assert sorted(child.last_lines(5)) == ["err", "out"]
    assert (tmp_path / "child.log").stat().st_mode & 0o777 == 0o600


def test_output_is_of_this_run_only_while_the_log_keeps_all(tmp_path: Path) -> None:
    for word in ("first", "second"):
        child = start(tmp_path, f"print({word!r})")
        until(lambda child=child: child.exit_code() is not None)
    assert child.output() == "second\n"
    assert (tmp_path / "child.log").read_text() == "first\nsecond\n"


def test_a_log_over_the_limit_is_set_aside_at_the_next_start(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    log.write_bytes(b"x" * (processes.LOG_MAX_BYTES + 1))
    child = start(tmp_path, "print('new')")
    until(lambda: child.exit_code() is not None)
    assert log.read_text() == "new\n"
    assert (tmp_path / "child.log.1").stat().st_size == processes.LOG_MAX_BYTES + 1


def test_a_command_that_cannot_be_run_exits_and_says_why_in_the_log(tmp_path: Path) -> None:
    child = Child(["/no/such/program"], env={}, cwd=tmp_path, log=tmp_path / "child.log")
    until(lambda: child.exit_code() is not None)
    assert child.exit_code() != 0
    assert "No such file" in child.output()


def test_a_child_that_ignores_the_request_to_end_is_killed_with_what_it_started(tmp_path: Path) -> None:
    child = start(
        tmp_path,
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, flush=True)\n"
        "time.sleep(600)",
    )
    until(child.output)
    grandchild = identify(int(child.output()))
    assert grandchild is not None
    child.stop(0.2)
    assert child.exit_code() == -signal.SIGKILL
    until(lambda: not grandchild.is_alive())


def test_an_identity_is_not_that_of_another_process_with_the_pid() -> None:
    me = identify(os.getpid())
    assert me is not None
    assert me.is_alive()
    assert not ProcessIdentity(me.pid, me.started + "0").is_alive()
    assert not ProcessIdentity(me.pid, "").is_alive()
    assert ProcessIdentity(me.pid, "").kill(), "killing what is gone is no work, and never hits who has its pid now"


def test_a_zombie_is_not_alive() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as child:
        until(lambda: identify(child.pid) is None)
        assert child.poll() == 0


STARTS_A_CHILD = """
import os, sys, time
from pathlib import Path
from infra.embedded.processes import Child
child = Child([sys.executable, "-c", "import time; print('runs', flush=True); time.sleep(600)"],
              env=dict(os.environ), cwd=Path("."), log=Path("child.log"))
while not child.output():
    time.sleep(0.01)
print(child.pid, flush=True)
input()
"""

WATCHES_A_CHILD = """
import os, subprocess, sys
code = "import sys; from infra.embedded import tether; sys.exit(tether.watch(int(sys.argv[1]), sys.argv[2:]))"
sleeper = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", code, str(os.getpid()), sys.executable, "-c", sleeper])
input()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel does it on Linux only")
def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    _dies_with_its_parent(STARTS_A_CHILD, tmp_path)


def test_a_watched_child_dies_with_a_parent_that_is_killed_where_the_kernel_does_not_help(tmp_path: Path) -> None:
    _dies_with_its_parent(WATCHES_A_CHILD, tmp_path)


def _dies_with_its_parent(code: str, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": processes.python_path()}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = identify(int(parent.stdout.readline()))
        assert child is not None
        assert child.is_alive()
        parent.kill()
    until(lambda: not child.is_alive())


def test_a_watched_child_gets_the_request_to_end_and_its_exit_code_comes_back(tmp_path: Path) -> None:
    code = "import sys; from infra.embedded import tether; sys.exit(tether.watch(int(sys.argv[1]), sys.argv[2:]))"
    polite = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(os.getpid()), sys.executable, "-c", polite],
        env={**os.environ, "PYTHONPATH": processes.python_path()},
        stdout=subprocess.PIPE,
        text=True,
    ) as watcher:
        assert watcher.stdout is not None
        assert watcher.stdout.readline() == "ready\n"
        watcher.terminate()
        assert watcher.wait(PATIENCE_S) == 5


def test_a_taken_port_is_not_free_and_another_is_chosen() -> None:
    port = free_port()
    assert free_port(port) == port
    with socket.create_server((processes.LOOPBACK, port)):
        assert not is_port_free(port)
        assert free_port(port) != port

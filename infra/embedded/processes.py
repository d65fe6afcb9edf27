"""Child processes: started with a log, tied to us, told apart from a reused pid, stopped for certain; free ports."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from infra.embedded import tether

LOG_MAX_BYTES = 5 << 20
LOOPBACK = "127.0.0.1"

# Below the ports that systems give to outgoing connections (Linux from 32768, macOS from 49152): there, while a service
# is being restarted, a client's connection, even its own retry, could take the port away.
_FREE_PORTS = range(20_000, 32_000)


class ProcessIdentity(NamedTuple):
    """A process that cannot be mistaken for a later one with its pid. started: an opaque word for when it began."""

    pid: int
    started: str

    def is_alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        return bool(self.started) and _started(self.pid) == self.started

    def kill(self, *, timeout_s: float = 10) -> bool:
        """Kill it and its process group, and wait; answers whether it is gone."""
        deadline = time.monotonic() + timeout_s
        while self.is_alive():
            _kill_group(self.pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)  # polls a condition: it is not our child, so it cannot be waited for
        return True


def identify(pid: int) -> ProcessIdentity | None:
    """The identity of a running process, None if there is none with that pid."""
    started = _started(pid)
    return ProcessIdentity(pid, started) if started else None


def _started(pid: int) -> str:
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if fields[0] in "ZX" else f"{boot}/{fields[19]}"
    shown = subprocess.run(  # noqa: S603
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    ).stdout.split(maxsplit=1)
    return "" if len(shown) < 2 or shown[0].startswith("Z") else shown[1].strip()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


class Child:
    """A running child process in a session of its own, so that a Ctrl-C in the terminal reaches only the supervisor."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path) -> None:
        """Start it, output appended to `log`. Must be called from the main thread: the tie is to the calling thread.

        A command that cannot be run shows as an exit with its reason in the log.
        """
        _rotate(log)
        self.log = log
        with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
            self._written_before = out.tell()
            self._popen = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        self.pid = self._popen.pid
        # A process that is gone already has no identity; an empty word never matches one.
        self.identity = identify(self.pid) or ProcessIdentity(self.pid, "")
        self.started_at = time.monotonic()

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.started_at

    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it. What it left behind in its session is killed."""
        code = self._popen.poll()
        if code is not None:
            _kill_group(self.pid)
        return code

    def output(self) -> str:
        """What this run has written to its log."""
        try:
            with self.log.open("rb") as file:
                file.seek(self._written_before)
                return file.read(LOG_MAX_BYTES).decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def last_lines(self, count: int) -> list[str]:
        return [line for line in self.output().splitlines() if line.strip()][-count:]

    def stop(self, grace_s: float, hurry: Callable[[], bool] = lambda: False) -> None:
        """Ask it to end, kill it after `grace_s` or when told to hurry; on return it is gone."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        while time.monotonic() < deadline and not hurry():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(0.05)
                break
        _kill_group(self.pid)
        self._popen.wait()


def _rotate(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_MAX_BYTES:
            log.replace(log.with_name(log.name + ".1"))


def python(module: str, *arguments: str) -> list[str]:
    """The command to run one of our modules; `-P`, since a folder `models` where the user stands is not ours."""
    return [sys.executable, "-P", "-m", module, *arguments]


def python_path() -> str:
    """PYTHONPATH for a child elsewhere on the disk: it finds the modules that we run from."""
    root = Path(__file__).resolve().parents[2]
    told = [str(Path(part).resolve()) for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    installed = str(root) in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    return os.pathsep.join(told if installed or str(root) in told else [*told, str(root)])


def is_port_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a service could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(preferred: int = 0) -> int:
    """A port that is free now: the preferred one if it is. Another process may be faster; be ready to ask again."""
    if preferred and is_port_free(preferred):
        return preferred
    while True:
        port = secrets.choice(_FREE_PORTS)
        if is_port_free(port):
            return port


def accepts(host: str, port: int, *, timeout_s: float = 1) -> bool:
    """Whether something listens there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout_s):
        return True
    return False

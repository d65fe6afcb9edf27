"""Run a command that never outlives the process that asked for it, even when that one is killed with SIGKILL.

Usage: `python -I -S tether.py PARENT_PID COMMAND...`, standard library only, so that it costs a few milliseconds.

Linux: the kernel is told to kill us when our parent dies, and we become the command (same pid; nothing stays between).
Elsewhere (macOS): we stay as its parent, look a few times a second whether ours is still there, and pass SIGTERM and
SIGINT on; a command may then live up to WATCH_EVERY_S longer than the parent.
"""

import ctypes
import os
import signal
import subprocess
import sys

WATCH_EVERY_S = 0.2
_PR_SET_PDEATHSIG = 1
_PARENT_GONE = 120


def become(parent: int, command: list[str]) -> None:
    """Linux: replace this process by the command, to be killed when the parent's thread that started it dies."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the kernel refuses to tie this process to its parent")
    if os.getppid() != parent:  # it died before we could ask
        sys.exit(_PARENT_GONE)
    os.execvp(command[0], command)  # noqa: S606  # the command is the supervisor's own


def watch(parent: int, command: list[str]) -> int:
    """Elsewhere: run the command as a child, kill it when the parent is gone; answers its exit code."""
    child = subprocess.Popen(command)  # noqa: S603
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, _frame: child.send_signal(n))
    while True:
        try:
            code = child.wait(WATCH_EVERY_S)
            return code if code >= 0 else 128 - code
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:
                child.kill()
                child.wait()
                return _PARENT_GONE


if __name__ == "__main__":
    parent_pid, arguments = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        become(parent_pid, arguments)
    sys.exit(watch(parent_pid, arguments))

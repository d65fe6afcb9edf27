"""What processes use, from /proc: processor time and resident memory of a process and all below it. Linux only."""

import os
from pathlib import Path

_TICKS_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cpu_s(pid: int) -> float:
    """Processor seconds, user and system, of a process, its children, and those of its children that have ended."""
    return sum(_cpu_s(process) for process in _tree(pid))


def rss_mb(pid: int) -> float:
    """Resident memory of a process and its children, MB. Pages that they share count once for each."""
    return sum(_rss_mb(process) for process in _tree(pid))


def _cpu_s(pid: int) -> float:
    fields = _stat(pid)
    return sum(map(int, fields[11:15])) / _TICKS_S if fields else 0.0


def _rss_mb(pid: int) -> float:
    fields = _stat(pid)
    return int(fields[21]) * _PAGE_BYTES / 1e6 if fields else 0.0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat behind the name, from the third on; none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _tree(pid: int) -> list[int]:
    found = [pid]
    for process in found:
        for tasks in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                found += map(int, tasks.read_text("ascii").split())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found

"""A file that a running process follows: read again when it has changed."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
log = logging.getLogger("setten.files")

_Stamp = tuple[int, int, int] | None


class Watched(Generic[T]):
    """What a file says. A change is seen within `every_s`; one that cannot be read is logged, and what stood stays.

    A file that is not there says what `read` makes of None: whoever takes it away takes back what it allowed.
    """

    def __init__(self, path: Path, read: Callable[[bytes | None], T], every_s: float = 1.0) -> None:
        """read: the value of the file's bytes. It raises ValueError for bytes that say nothing.

        Raises what it raises at this first reading, and OSError.
        """
        self._path, self._read, self._every_s = path, read, every_s
        self._looked_at = float("-inf")
        self._stamp: _Stamp = self._look()
        self._value = read(self._bytes())

    def value(self, now_s: float) -> T:
        """now_s: a clock that never goes back. Looks at the file's time and size at most once in `every_s`."""
        if now_s - self._looked_at >= self._every_s:
            self._looked_at = now_s
            try:
                stamp = self._look()
                if stamp != self._stamp:
                    told = self._bytes()
                    self._stamp = stamp
                    self._value = self._read(told)
                    log.info("%s has changed and is in force", self._path.name)
            except (OSError, ValueError) as error:  # a file that is being mended by hand must not stop what runs
                log.error("%s is not in force, what stood before is: %s", self._path.name, error)
        return self._value

    def _look(self) -> _Stamp:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        # A file that is replaced has another inode, even within one tick of the clock and with the same size.
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _bytes(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None

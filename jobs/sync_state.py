"""Where a sync goes on: one file a calendar in the data directory, for its user alone, written all or nothing."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from pydantic import ValidationError

from jobs.data_dir import write_private
from models.calendar_sync import CalendarState


class SyncFailed(Exception):
    """A sync could not be done; the message says why and what to do."""


class StateFile:
    """What is known of one calendar. name: tells it apart; it may be a secret and is in no file's name."""

    def __init__(self, data_dir: Path, kind: str, name: str) -> None:
        digest = blake2b(name.encode(), digest_size=8).hexdigest()
        self._folder = data_dir.expanduser().absolute() / "sync"
        self.path = self._folder / f"{kind}-{digest}.json"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other syncs of this calendar out; the system lets go however this ends. Raises SyncFailed."""
        try:
            if not self._folder.parent.exists():
                self._folder.parent.mkdir(mode=0o700, parents=True)
                (self._folder.parent / ".gitignore").write_text("*\n", "utf-8")
            self._folder.mkdir(mode=0o700, exist_ok=True)
            lock = open(os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600), "w")  # noqa: SIM115
        except OSError as error:
            raise SyncFailed(f"{error.filename}: {error.strerror}: what is synchronised is noted there") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SyncFailed("another `setten sync` is at this calendar: wait until it is done") from error
            yield

    def load(self) -> CalendarState:
        """What is known; nothing without a file that this version can read, and then all is looked at again."""
        try:
            return CalendarState.model_validate_json(self.path.read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValidationError):
            return CalendarState()

    def save(self, state: CalendarState) -> None:
        """Raises SyncFailed."""
        try:
            write_private(self.path, state.model_dump_json())
        except OSError as error:
            raise SyncFailed(f"{self.path}: {error.strerror}: what was sent is sent again next time") from error

"""Open a Maildir: one mail a file, in `new` and `cur`, and in those of the folders inside it.

A mail program may be at work in it meanwhile: what is renamed while it is read (read, answered, moved out of `new`) is
found under its new name, what is gone is passed over. `tmp` holds what is not there yet.
"""

import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

from jobs.files import FileUnreadable
from models.sources.canonical import MAX_EVENT_BYTES

_GZIP_MAGIC = b"\x1f\x8b"
# One byte more than an event may have; what is cut off is body, which no adapter reads.
_CUT_AT = MAX_EVENT_BYTES + 1
_PLACES = ("new", "cur")


class MaildirRecords(Iterator[bytes]):
    """The mails of a Maildir, in the order of their folders and unique names.

    size: the bytes of all mails when it was opened. bytes_read: of those read so far.
    Raises FileUnreadable at once where there is no Maildir; and, after every mail that could be read, when there is
    one that could not.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._found = list(_mails(path))
        except OSError as error:
            raise FileUnreadable(Path(error.filename or path), (error.strerror or str(error)).lower()) from error
        if not self._found and not any((path / place).is_dir() for place in _PLACES):
            why = "is no Maildir: it has neither new nor cur" if path.is_dir() else "is no folder"
            raise FileUnreadable(path, why if path.exists() else "does not exist")
        self.size = sum(size for _, size in self._found)
        self.bytes_read = 0
        self._records = self._read()

    def __next__(self) -> bytes:
        return next(self._records)

    def _read(self) -> Iterator[bytes]:
        damaged: list[FileUnreadable] = []
        for path, size in self._found:
            try:
                mail = _content(path)
            except FileUnreadable as error:
                damaged.append(error)
                continue
            self.bytes_read += size
            if mail:
                yield mail
        if damaged:
            others = f" (and {len(damaged) - 1:,} more)" if len(damaged) > 1 else ""
            raise FileUnreadable(damaged[0].path, f"{damaged[0].why}{others}; all other mails were read")


def _mails(folder: Path) -> Iterator[tuple[Path, int]]:
    """Every mail below a folder, and its size. Links are not followed: they may lead round in circles."""
    with os.scandir(folder) as entries:
        inside = sorted(entries, key=lambda entry: entry.name)
    for entry in inside:
        if not entry.is_dir(follow_symlinks=False):
            continue
        if entry.name not in (*_PLACES, "tmp"):
            yield from _mails(Path(entry.path))
            continue
        if entry.name == "tmp":
            continue
        with os.scandir(entry.path) as entries:
            files = [one for one in entries if one.is_file(follow_symlinks=False) and not one.name.startswith(".")]
        for file in sorted(files, key=lambda one: one.name):
            try:
                yield Path(file.path), file.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                yield Path(file.path), 0


def _content(path: Path) -> bytes | None:
    """The mail at a path, or under the name that it has by now; None for one that is gone."""
    for _ in range(3):
        try:
            with path.open("rb") as file:
                packed = file.read(2) == _GZIP_MAGIC
                file.seek(0)
                return (gzip.GzipFile(fileobj=file) if packed else file).read(_CUT_AT)
        except FileNotFoundError:
            renamed = _renamed(path)
            if renamed is None:
                return None
            path = renamed
        except (OSError, EOFError, zlib.error) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise FileUnreadable(path, f"cannot be read: {why}") from error
    return None


def _renamed(path: Path) -> Path | None:
    """Where a mail is now: its unique name stays, its flags behind the colon change."""
    unique = path.name.partition(":")[0]
    for place in _PLACES:
        try:
            for name in os.listdir(path.parent.parent / place):
                if name.partition(":")[0] == unique:
                    return path.parent.parent / place / name
        except FileNotFoundError:
            continue
    return None

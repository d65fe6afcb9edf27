"""Open a file and split it into records: bodies as received, which the adapters of `models.sources` interpret."""

import gzip
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from models.sources.attendance import csv_rows
from models.sources.attendee_lists import listed_rows
from models.sources.canonical import MAX_EVENT_BYTES

LINES_PER_RECORD = 200
BYTES_PER_RECORD = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# One byte more than an event may have, so that the adapter sees it is too large.
_CUT_AT = MAX_EVENT_BYTES + 1


class FileUnreadable(Exception):
    """A file that cannot be read, or not to its end. why: what is wrong with it, for a person."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path = path
        self.why = why


class FileRecords(Iterator[bytes]):
    """The records of one file, read as they are asked for.

    size: the file's bytes. bytes_read: how many of them were read so far, compressed ones if the file is.
    Raises FileUnreadable at once when the file cannot be opened; and, after every record that could be read, when its
    end is damaged or it holds no record. ValueError: no file can be read with this adapter.
    """

    def __init__(self, path: Path, adapter: str) -> None:
        if adapter not in _SPLITTERS:
            raise ValueError(f"adapter {adapter!r} reads no files; use one of {', '.join(_SPLITTERS)}")
        self.path = path
        self.size = _size(path)
        self.bytes_read = 0
        self._records = self._read(_SPLITTERS[adapter])

    def __next__(self) -> bytes:
        return next(self._records)

    def _read(self, split: "Callable[[Lines], Iterator[bytes]]") -> Iterator[bytes]:
        found = 0
        with self.path.open("rb") as file:
            lines = Lines(file)
            for record in split(lines):
                found += 1
                self.bytes_read = file.tell()
                yield record
        if lines.damage:
            raise FileUnreadable(self.path, f"is damaged after {found:,} records: {lines.damage}") from lines.damage
        if not found:
            raise FileUnreadable(self.path, "is empty")


def records(path: Path, adapter: str) -> FileRecords:
    """Split a file, compressed with gzip or not, as its adapter needs it; memory does not grow with the file.

    canonical, access-log: up to 200 lines a record. attendance, attendees, host-log, snowplow-enriched: the header line
    and up to 200 rows. mbox: one message with its envelope line, byte for byte up to 1 MiB; what is cut off is body,
    which no adapter reads.
    """
    return FileRecords(path, adapter)


def _size(path: Path) -> int:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise FileUnreadable(path, "is a directory; name the files in it")
        if not stat.S_ISREG(found.st_mode):
            raise FileUnreadable(path, "is not a regular file; save its content to one first")
        with path.open("rb"):
            return found.st_size
    except FileNotFoundError as error:
        raise FileUnreadable(path, "does not exist") from error
    except (OSError, ValueError) as error:
        raise FileUnreadable(path, f"cannot be opened: {getattr(error, 'strerror', None) or error}") from error


class Lines:
    """The lines of a file, unpacked. One that is too long is cut; a damaged end is kept in `damage`, not raised.

    The line in which the damage lies is not handed out: half a line can look like another whole one.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.damage: Exception | None = None
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        mark = _BYTE_ORDER_MARK
        try:
            packed = self._file.read(2) == _GZIP_MAGIC
            self._file.seek(0)
            # No buffer around GzipFile: filling one loses the good lines that come just before the damage.
            stream = gzip.GzipFile(fileobj=self._file) if packed else self._file
            while line := stream.readline(_CUT_AT):
                if len(line) == _CUT_AT and not line.endswith(b"\n"):
                    while (rest := stream.readline(_CUT_AT)) and not rest.endswith(b"\n"):
                        pass
                    line += b"\n"
                yield line.removeprefix(mark)
                mark = b""
        except (EOFError, OSError, zlib.error) as error:
            self.damage = error


def _messages(lines: Lines) -> Iterator[bytes]:
    """mbox: a message begins at a line that starts with `From ` at the file's start or after an empty line."""
    message: list[bytes] = []
    size, begun, after_empty = 0, False, True
    for line in lines:
        if after_empty and begun and line.startswith(b"From "):
            yield b"".join(message)
            message, size, begun = [], 0, False
        after_empty = line in (b"\n", b"\r\n")
        begun = begun or bool(line.strip())
        if size < _CUT_AT:
            message.append(line[: _CUT_AT - size])
            size += len(line)
    # Of a message cut short by damage some recipients may be missing: better no event than half of one.
    if begun and not lines.damage:
        yield b"".join(message)


def _batches(lines: Iterable[bytes], header: bytes = b"") -> Iterator[bytes]:
    batch: list[bytes] = []
    size = 0
    for line in lines:
        if not line.strip():
            continue
        if len(batch) == LINES_PER_RECORD or (batch and size + len(line) > BYTES_PER_RECORD):
            yield header + b"".join(batch)
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield header + b"".join(batch)


def _batches_below_header(lines: Iterable[bytes]) -> Iterator[bytes]:
    rows = (line for line in lines if line.strip())
    header = next(rows, None)
    if header is None:
        return
    below = _batches(rows, header)
    yield next(below, header)  # a header alone is for the adapter to answer
    yield from below


def _csv_batches(lines: Iterable[bytes]) -> Iterator[bytes]:
    return _batches_below_header(csv_rows(lines))


def _list_batches(lines: Iterable[bytes]) -> Iterator[bytes]:
    return _batches_below_header(listed_rows(lines))


_SPLITTERS: dict[str, Callable[[Lines], Iterator[bytes]]] = {
    "canonical": _batches,
    "mbox": _messages,
    "attendance": _csv_batches,
    "attendees": _list_batches,
    "snowplow-enriched": _csv_batches,
    "access-log": _batches,
    "host-log": _batches_below_header,
}

"""chDB: opening the data directory, and handles on which one statement at a time runs.

All calls block; the server makes them on threads. Handles are independent: current database, settings, temporary
tables and the role live and die with one.
"""

import fcntl
import re
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from chdb import _chdb as _extension

from infra.embedded.clickhouse.config import SETTEN_ROLE, STARTUP_ROLE, write_config
from infra.embedded.clickhouse.errors import QueryError, from_engine
from infra.embedded.clickhouse.statement import Canonical

# An extension module without stubs.
_chdb: Any = _extension
_CANONICAL_CACHE = 1024
_CANONICAL_CACHE_TEXT = 16_384
# The first four mean something in the address of a database, the others in the name of a file to insert.
_NOT_IN_PATHS = "?&%#*{}"
# At the end of the head of an INSERT; the clause that names the file goes before it.
_SETTINGS_CLAUSE = re.compile(r"\sSETTINGS(\s+\w+\s*=\s*('([^'\\]|\\.)*'|[\w.+-]+)\s*,?)+\s*$", re.IGNORECASE)
_IN_FILE = re.compile(r":? ?\(in file/uri [^)]*\)(: While executing File)?|: data for INSERT was parsed from file")
_POSITION = re.compile(r"(?<=failed at position )\d+")


class DataDirectoryUnusable(Exception):
    """The directory cannot be opened; the message says why and what to do, on one line."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a statement did; in rows, bytes and seconds."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    result_bytes: int = 0
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Classified:
    """The engine's own parse of a text: what its statements would do, and how many there are (0: it does not parse)."""

    name: str
    count: int


def quote(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_name(name: str) -> str:
    """A quoted identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


class Handle:
    """One independent connection to the engine. Not for two threads at once. Every method raises QueryError."""

    def __init__(self, path: str, role: str) -> None:
        self._connection = _chdb.connect(path)
        self.database = "default"
        self.run(f"SET ROLE {role}")

    def run(
        self, sql: str, output: str = "TSV", parameters: Mapping[str, str] | None = None, token: str = ""
    ) -> tuple[bytes, Progress]:
        """Run a statement to its end; answer the encoded result and what was done. Values are escaped as in TSV.

        `token` is how Engine.kill finds it.
        """
        mark = _mark(token)
        try:
            result = self._connection.query(mark + sql, output, params=dict(parameters or {}))
            return bytes(result.bytes()), _progress(result)
        except RuntimeError as error:
            raise _unmarked(error, mark) from None

    def stream(
        self, sql: str, output: str, parameters: Mapping[str, str], token: str
    ) -> Iterator[tuple[bytes, Progress]]:
        """Run a query; yield each block as the engine makes it, encoded as if it were the whole, and its progress.

        The last block may have bytes (totals, or the header of an empty result) and no rows. `token` is how
        Engine.kill finds the query. Leaving the iterator early cancels the query.
        """
        mark = _mark(token)
        stream: Any = None
        try:
            stream = self._connection.send_query(mark + sql, output, params=dict(parameters))
            while True:
                block = self._connection.streaming_fetch_result(stream)
                if block is None:
                    stream = None
                    return
                rows = block.rows_read()
                data = bytes(block.bytes())
                if not rows:
                    stream = None
                yield data, _progress(block)
                if not rows:
                    return
        except RuntimeError as error:
            stream = None
            raise _unmarked(error, mark) from None
        finally:
            if stream is not None:
                self._connection.streaming_cancel_query(stream)

    def insert(self, head: str, input_format: str, data: Path) -> Progress:
        """Run an INSERT of a file's rows; `head` has no FORMAT clause. When this returns they are stored and visible.

        chDB's own stream of an insert (`send_insert`) is no choice: it answers well and stores nothing when the table
        refuses the rows, for too many parts, a full disk or a constraint.
        """
        settings = _SETTINGS_CLAUSE.search(head)
        at = settings.start() if settings else len(head)
        infile = f" FROM INFILE {quote(str(data))} COMPRESSION 'none'"
        try:
            return self.run(f"{head[:at]}{infile}{head[at:]} FORMAT {input_format}")[1]
        except QueryError as error:
            # The client sent rows and knows of no file.
            error.message = _IN_FILE.sub("", error.message.replace(infile, ""))
            raise

    def classify(self, sql: str) -> Classified:
        """How the engine parses a text, without running it."""
        found = self._connection.classify_query(sql)
        return Classified(found["query_class"].name, found["statement_count"])

    def bind(self, parameters: Mapping[str, str]) -> None:
        """Bind parameters for the head of an INSERT, which takes none of its own. Values are escaped as in TSV."""
        self.run("SET " + ", ".join(f"param_{name} = {quote(value)}" for name, value in parameters.items()))

    def use(self, database: str) -> None:
        """Change the current database of this handle."""
        if database != self.database:
            self.run(f"USE {quote_name(database)}")
            self.database = database

    def close(self) -> None:
        """Let go of the handle; its temporary tables are gone. Idempotent."""
        self._connection.close()


class Engine:
    """The engine of this process, over one data directory."""

    def __init__(self, directory: Path, readable: Sequence[str]) -> None:
        """Open or create the directory. readable: the databases that `bi` may read. Raises DataDirectoryUnusable."""
        self._lock = _lock(directory)
        self._path = str(directory.resolve() / "engine")
        if set(self._path) & set(_NOT_IN_PATHS):
            raise DataDirectoryUnusable(f"{self._path}: the path may not contain any of {' '.join(_NOT_IN_PATHS)}")
        self._spool = directory.resolve() / "spool"
        shutil.rmtree(self._spool, ignore_errors=True)  # what a killed process left
        self._spool.mkdir(mode=0o700)
        config = write_config(directory.resolve(), readable)
        try:
            self._keeper = _chdb.connect(f"{self._path}?config-file={config}")
            self._replace_overlay(directory)
            self.version, self.timezone = self._column("SELECT arrayJoin([version(), timezone()])")
            self.settings = dict(zip(*self._columns("SELECT name, value FROM system.settings"), strict=True))
            self.table_functions = frozenset(
                name.lower() for name in self._column("SELECT name FROM system.table_functions")
            )
        except RuntimeError as error:
            raise DataDirectoryUnusable(f"{directory}: {str(error).splitlines()[0]}") from None
        self._canonical: OrderedDict[str, Canonical] = OrderedDict()
        self._canonical_lock = threading.Lock()

    def open(self, role: str = SETTEN_ROLE) -> Handle:
        """A fresh handle in a role; the engine itself then enforces the grants of that role."""
        return Handle(self._path, role)

    def spool(self) -> "IO[bytes]":
        """A file for the data of an INSERT; it is gone when closed."""
        return NamedTemporaryFile(dir=self._spool, buffering=0)

    def canonical(self, handle: Handle, sql: str) -> Canonical:
        """One statement as the engine itself writes it. Raises QueryError 62 for what does not parse."""
        with self._canonical_lock:
            if found := self._canonical.get(sql):
                self._canonical.move_to_end(sql)
                return found
        escaped = sql.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
        escaped = escaped.replace("\0", "\\0")
        try:
            text, _ = handle.run("SELECT formatQuerySingleLine({sql:String})", "RawBLOB", {"sql": escaped})
        except QueryError as error:
            error.message = error.message.partition(": In scope SELECT formatQuery")[0]
            raise
        canonical = Canonical(text.decode())
        if len(sql) <= _CANONICAL_CACHE_TEXT:
            with self._canonical_lock:
                self._canonical[sql] = canonical
                while len(self._canonical) > _CANONICAL_CACHE:
                    self._canonical.popitem(last=False)
        return canonical

    def kill(self, token: str) -> None:
        """Stop the streaming query that was started with this token; nothing happens when it has ended."""
        self._kill(f"startsWith(query, {quote(_mark(token))})")

    def kill_all(self) -> None:
        """Stop every running statement, before the process ends."""
        self._kill("query_id != queryID()")

    def close(self) -> None:
        """Flush and close the engine, and let go of the directory."""
        self._keeper.close()
        self._lock.close()

    def _kill(self, condition: str) -> None:
        handle = self.open()
        try:
            handle.run(f"KILL QUERY WHERE {condition} ASYNC")
        finally:
            handle.close()

    def _replace_overlay(self, directory: Path) -> None:
        """Make `default` an ordinary database.

        chDB opens it as an overlay that takes unknown table names for files of the host. The tables stored in
        it stay: what is detached is the overlay, what is attached is the database below. An empty one is made anew,
        because chDB forgets its identity and could not attach it again.
        """
        self._keeper.query(f"SET ROLE {STARTUP_ROLE}", "Null")
        stored = directory / "engine" / "metadata" / "default"
        if stored.is_dir() and any(stored.glob("*.sql")):
            self._keeper.query("DETACH DATABASE default", "Null")
            self._keeper.query("ATTACH DATABASE default", "Null")
        else:
            self._keeper.query("DROP DATABASE default", "Null")
            self._keeper.query("CREATE DATABASE default ENGINE = Atomic", "Null")

    def _column(self, sql: str) -> list[str]:
        return bytes(self._keeper.query(sql, "TSVRaw").bytes()).decode().splitlines()

    def _columns(self, sql: str) -> tuple[list[str], list[str]]:
        rows = [line.split("\t") for line in bytes(self._keeper.query(sql, "TSV").bytes()).decode().splitlines()]
        return [row[0] for row in rows], [row[1] for row in rows]


def _lock(directory: Path) -> IO[str]:
    """Take the directory for this process; the lock goes with the process, however it ends."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        file = (directory / "lock").open("w")
    except OSError as error:
        raise DataDirectoryUnusable(f"{directory}: {error.strerror}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise DataDirectoryUnusable(
            f"{directory} is in use by another process: stop it, or give another --data-dir"
        ) from None
    return file


def _mark(token: str) -> str:
    return f"/*{token}*/ " if token else ""


def _unmarked(error: Exception, mark: str) -> QueryError:
    """The error of a statement, as if it had been sent without its mark."""
    failure = from_engine(error)
    failure.message = _POSITION.sub(lambda at: str(int(at[0]) - len(mark)), failure.message)
    return failure


def _progress(result: Any) -> Progress:
    return Progress(
        read_rows=result.storage_rows_read(),
        read_bytes=result.storage_bytes_read(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        result_rows=result.rows_read(),
        result_bytes=result.bytes_read(),
        elapsed_s=result.elapsed(),
    )

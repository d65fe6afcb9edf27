"""A handle made ready for one request: its role, its external tables, its settings; and put back afterwards."""

import logging
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from infra.embedded.clickhouse import access
from infra.embedded.clickhouse.access import ROLES, User
from infra.embedded.clickhouse.engine import Engine, Handle, quote, quote_name
from infra.embedded.clickhouse.errors import BAD_ARGUMENTS, QueryError
from infra.embedded.clickhouse.formats import FRAMING_SETTINGS, STREAMING
from infra.embedded.clickhouse.request import Asked, External
from infra.embedded.clickhouse.sessions import Session, Sessions, timeout_of
from infra.embedded.clickhouse.statement import Canonical, Insert

# A result that has to be collected is held several times over: in blocks, encoded, and on its way out.
MAX_COLLECTED_BYTES = 128 << 20
_BI_MAX_EXECUTION_S = 300

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Lease:
    """What one request has of the engine. All methods block; `open` and `examine` raise QueryError."""

    engine: Engine
    sessions: Sessions
    user: User
    asked: Asked
    handle: Handle
    session: Session | None = None
    undo: list[str] = field(default_factory=list)
    broken: bool = False

    @classmethod
    def open(cls, engine: Engine, sessions: Sessions, user: User, asked: Asked) -> "Lease":
        """Open a handle, or take the one of the session. `bi` has no sessions: it has nothing to keep in one."""
        if not asked.session_id or user == "bi":
            return cls(engine, sessions, user, asked, engine.open(ROLES[user]))
        timeout_s = timeout_of(asked.session_timeout)
        session = sessions.take(asked.session_id, must_exist=asked.session_check, timeout_s=timeout_s)
        try:
            if session.handle is None:
                session.handle = engine.open(ROLES[user])
        except QueryError:
            sessions.give_back(session, broken=True)
            raise
        return cls(engine, sessions, user, asked, session.handle, session)

    def examine(self, statement: str | Insert) -> tuple[str, str, Canonical]:
        """Check what the user may run and get the handle ready for it; answer the SQL, its format, and its parse.

        For `bi` the SQL answered is the engine's canonical text, so that what was checked is what runs.
        """
        access.check_settings(self.asked.settings)
        database = self.asked.database or (self.session.database if self.session else "default")
        if self.user == "bi" and database == "system":
            raise QueryError(
                497, "bi: `system` cannot be the current database; name its tables as system.tables", "ACCESS_DENIED"
            )
        self.handle.use(database)
        sql = statement if isinstance(statement, str) else _whole(statement, self.asked)
        canonical = self._checked(sql)
        if isinstance(statement, Insert):
            if canonical.format != (statement.format or self.asked.default_format) and canonical.format != "Values":
                raise QueryError(
                    BAD_ARGUMENTS, "The format of this INSERT cannot be told: put FORMAT last, then a newline"
                )
            sql = statement.head
        for table in self.asked.external:
            self._load(table)
        self._apply_settings(canonical)
        return canonical.text if self.user == "bi" else sql, canonical.format or self.asked.default_format, canonical

    def chose_database(self, canonical: Canonical) -> None:
        """Remember a USE that succeeded: it holds for the rest of the session."""
        if self.session and canonical.words[:1] == ("USE",):
            data, _ = self.handle.run("SELECT currentDatabase()", "TSVRaw")
            self.session.database = self.handle.database = data.decode().removesuffix("\n")

    def streams(self, output: str, canonical: Canonical) -> bool:
        """Whether the result can be sent block by block."""
        framed = any(name in self.asked.settings or name in canonical.text for name in FRAMING_SETTINGS)
        return canonical.returns_rows and output in STREAMING and not framed

    def close(self) -> None:
        """Give the handle back: a session's without what was for this request only, any other is closed."""
        if self.session is None:
            self.handle.close()
            return
        try:
            for sql in self.undo:
                self.handle.run(sql)
        except QueryError as error:
            log.warning("session %s is dropped: %s", self.session.name, error)
            self.broken = True
        self.sessions.give_back(self.session, broken=self.broken)

    def _checked(self, sql: str) -> Canonical:
        classified = self.handle.classify(sql)
        access.check_class(self.user, classified.name, classified.count, readonly=self.asked.readonly)
        canonical = self.engine.canonical(self.handle, sql)
        access.check_statement(self.user, canonical, self.asked.parameters, self.engine.table_functions)
        return canonical

    def _load(self, table: External) -> None:
        """Make a temporary table of what the client sent along."""
        sql = f"CREATE TEMPORARY TABLE {quote_name(table.name)} ({table.columns}) ENGINE = Memory"
        canonical = self.engine.canonical(self.handle, sql)
        access.check_statement("setten", canonical, {}, self.engine.table_functions)
        if canonical.words[:3] != ("CREATE", "TEMPORARY", "TABLE") or not canonical.text.endswith(") ENGINE = Memory"):
            raise QueryError(BAD_ARGUMENTS, f"The columns of the external table '{table.name}' are no columns")
        self.handle.run(sql)
        self.undo.append(f"DROP TEMPORARY TABLE IF EXISTS {quote_name(table.name)}")
        with self.engine.spool() as spool:
            shutil.copyfileobj(table.file.file, spool)
            self.handle.insert(f"INSERT INTO {quote_name(table.name)}", table.format, Path(spool.name))

    def _apply_settings(self, canonical: Canonical) -> None:
        settings = dict(self.asked.settings)
        if self.user == "bi":
            settings = {"max_execution_time": str(_BI_MAX_EXECUTION_S)} | access.readable_settings(settings)
        if canonical.returns_rows and not self.streams(canonical.format or self.asked.default_format, canonical):
            settings = {"max_result_bytes": str(MAX_COLLECTED_BYTES), "result_overflow_mode": "throw"} | settings
        if self.user == "bi":
            # Last: after it the handle takes no other setting, from anyone.
            settings["readonly"] = "1"
        if not settings:
            return
        if self.session:
            self.undo.append(self._restoring(settings))
        self.handle.run("SET " + ", ".join(f"{name} = {quote(value)}" for name, value in settings.items()))

    def _restoring(self, settings: dict[str, str]) -> str:
        """The SET that gives a session back the values it has now."""
        names = ", ".join(quote(name) for name in settings)
        data, _ = self.handle.run(f"SELECT name, value FROM system.settings WHERE name IN ({names})", "TSV")  # noqa: S608
        now = dict(line.split("\t", 1) for line in data.decode().splitlines())
        # The escapes of TSV are those of a string literal.
        return "SET " + ", ".join(f"{name} = '{value}'" for name, value in now.items())


def _whole(insert: Insert, asked: Asked) -> str:
    """An INSERT without its data, as the engine parses it."""
    if insert.format == "Values":
        return f"{insert.head} VALUES"
    return f"{insert.head} FORMAT {insert.format or asked.default_format}"

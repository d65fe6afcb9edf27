"""The shadow: a database beside the live one, in which a replay builds the tables anew before they are exchanged."""

from typing import NamedTuple
from uuid import uuid4

from infra.clickhouse import ClickHouse, QueryFailed, load_sql
from infra.settings import Settings
from infra.store import Store
from infra.suppressions import Suppressions

# What follows from bodies and facts alone, in the order in which it is exchanged; see Shadow.exchange.
_FIRST = ("dead_letters", "events", "touches", "fact_sources")
_THEN = ("contact_day", "accounts", "contacts", "revenue", "bound_epochs")
DERIVED = (*_FIRST, *_THEN)
# Built as well, and never exchanged: in the shadow they say which bodies and facts it was built from.
SOURCES = ("archive", "facts", "corrections")
# Copied, and never exchanged: who is forgotten, so that no replay brings them back.
FORGOTTEN = ("erasures", "erasure_key", "erasure_pending")

_ACCESS_DENIED = 497
_UNKNOWN = frozenset({60, 81})  # UNKNOWN_TABLE, UNKNOWN_DATABASE
# Bodies in one comparison: a set of their ids is held by ClickHouse meanwhile, about 300 MB.
_IDS_AT_ONCE = 5_000_000
_LOOKS = 3


class ReplayRefused(Exception):
    """A replay cannot begin, or must not be swapped in; the message says why and what to do."""


class Unfounded(NamedTuple):
    """Rows of a table of which no body is left. oldest: the day of receipt of the first, UTC."""

    table: str
    rows: int
    bodies: int
    oldest: str


def shadow_database(settings: Settings) -> str:
    return f"{settings.clickhouse_database}_replay"


class Shadow:
    """The shadow of one replay. Another replay that begins takes its place: see is_ours."""

    def __init__(self, settings: Settings) -> None:
        """Raises ClickHouseUnavailable."""
        self.live_name = settings.clickhouse_database
        self.name = shadow_database(settings)
        self.live = ClickHouse(settings)
        self._settings = settings
        self._run = uuid4().hex

    def create(self) -> None:
        """Make it, empty, in the place of whatever an earlier replay has left. Raises ReplayRefused."""
        try:
            self.drop()
            self.live.statement(f"CREATE DATABASE {self.name} COMMENT '{self._run}'")
            for table in (*DERIVED, *SOURCES, *FORGOTTEN):
                # As the live one is now, not as the migrations made it: with its retention.
                self.live.statement(f"CREATE TABLE {self.name}.{table} AS {self.live_name}.{table}")
            for table in ("erasures", "erasure_key"):
                self.live.statement(load_sql("copy_into"), {"database": self.name, "table": table})
        except QueryFailed as error:
            raise self._explained(error) from error

    def drop(self) -> None:
        self.live.statement(f"DROP DATABASE IF EXISTS {self.name} SYNC")

    def is_ours(self) -> bool:
        """Whether no other replay has begun since, and nobody has dropped it."""
        sql = "SELECT any(comment) FROM system.databases WHERE name = {name:String}"
        return str(self.live.statement(sql, {"name": self.name})).strip() == self._run

    def check_ours(self) -> None:
        """Raises ReplayRefused."""
        if not self.is_ours():
            raise ReplayRefused(
                f"another replay has taken the place of this one in {self.name}, or somebody has dropped it: "
                "run `setten replay` again"
            )

    def unfounded(self) -> list[Unfounded]:
        """Touches and dead letters whose body neither archive has: no replay brings them back."""
        return [found for table in ("touches", "dead_letters") if (found := self._unfounded(table)).rows]

    def _unfounded(self, table: str) -> Unfounded:
        # Rows that come in between the look at the archive and that at the table seem unfounded, and not twice.
        tries = (self._unfounded_now(table) for _ in range(_LOOKS))
        return min(tries, key=lambda found: found.rows)

    def _unfounded_now(self, table: str) -> Unfounded:
        buckets = self._buckets()
        names = {"table": table, "one": self.live_name, "other": self.name, "buckets": buckets}
        told = [self.live.rows("unfounded", {**names, "bucket": bucket})[0] for bucket in range(buckets)]
        return Unfounded(
            table,
            sum(int(row["row_count"]) for row in told),
            sum(int(row["bodies"]) for row in told),
            min((row["oldest"] for row in told if row["row_count"]), default=""),
        )

    def add_sources(self) -> None:
        """Into the live archive what only the shadow has: what a replay from Kafka found there."""
        buckets = self._buckets()
        for bucket in range(buckets):
            names = {"shadow": self.name, "bucket": bucket, "buckets": buckets}
            self.live.statement(load_sql("add_archived_bodies"), names)

    def add_facts(self) -> None:
        """Into the live facts what only the shadow has: from Kafka, or from bodies that are read otherwise now."""
        self.live.statement(load_sql("add_facts"), {"shadow": self.name})

    def exchange(self) -> None:
        """Put the shadow's tables in the place of the live ones, while workers go on.

        A worker may have read the old tables and write into the new ones. What it computed from the old touches, it
        computed under an epoch from before the exchange of these. So the epoch is raised after that, and what was built
        is told again under the raised one: it stands against all that comes from the old tables. Then the epoch is
        raised once more: what is computed from now on stands against what was built, and whoever writes something old
        sees, when it then looks at the epoch, that it has to compute it again. Only then the rest is exchanged.
        Corrections only ever come in addition, so the epoch never falls. Raises ReplayRefused.
        """
        try:
            # So that the raised epoch is higher than any under which the shadow was built, too.
            self.live.statement(load_sql("add_corrections"), {"shadow": self.name})
            self._exchange(_FIRST)
            store = Store(self.live, self._settings.business_timezone)
            store.add_corrections([uuid4().hex])
            self._raise_to(store.directory_state().epoch)
            store.add_corrections([uuid4().hex])
            self._exchange(_THEN)
        except QueryFailed as error:
            raise self._explained(error) from error

    def _raise_to(self, epoch: int) -> None:
        shadow = ClickHouse(self._settings, database=self.name)
        shadow.statement(load_sql("raise_contact_days"), {"epoch": epoch})
        for table in ("accounts", "contacts", "revenue"):
            shadow.statement(load_sql("raise_directory"), {"table": table, "epoch": epoch})
        shadow.close()

    def _check_nobody_forgotten(self) -> None:
        shadow = ClickHouse(self._settings, database=self.name)
        built_without = Suppressions(shadow).count()
        shadow.close()
        if Suppressions(self.live).count() != built_without:
            raise ReplayRefused("somebody was forgotten while the tables were built: run `setten replay` again")

    def _exchange(self, tables: tuple[str, ...]) -> None:
        self.check_ours()
        self._check_nobody_forgotten()
        pairs = (f"{self.live_name}.{table} AND {self.name}.{table}" for table in tables)
        self.live.statement(f"EXCHANGE TABLES {', '.join(pairs)}")

    def _buckets(self) -> int:
        rows = int(str(self.live.statement("SELECT count() FROM archive")))
        return 1 + rows // _IDS_AT_ONCE

    def _explained(self, error: QueryFailed) -> ReplayRefused:
        if error.code == _ACCESS_DENIED:
            return ReplayRefused(
                f"the ClickHouse user may not build in {self.name}: give it the rights on {self.name}.* that "
                f"docs/operations.md lists ({str(error)[:200]})"
            )
        if error.code in _UNKNOWN:
            return ReplayRefused(f"the store lacks a table: run `setten migrate` first ({str(error)[:200]})")
        return ReplayRefused(f"ClickHouse refused: {error}")

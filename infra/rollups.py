"""Roll-ups for BI tools: small tables at the grain of their views, computed anew where what they follow from changed.

A partition is computed in a table of its own and put in place as a whole, together with its signature: of what it was
computed from, noted before anything was read. So it never claims more than it has, whoever crashed or slept meanwhile.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import uuid4

from infra.clickhouse import ClickHouse, load_sql
from infra.coverage import Coverage
from infra.kpis import phases
from infra.scores import Scores
from infra.settings import Settings
from models.rollups import Calendar, span
from models.score.profile import ScoreProfile

# A table in which a partition is computed is this old only where something broke off. Seconds.
LEFT_OVER_S = 3600
# Of the connection: a year is one statement.
REFRESH_TIMEOUT_S = 600
_STAGING = "rollup_staging_"
_WHOLE = "all"  # ClickHouse's name of the partition of a table without partitions
_TABLES = ["contact_day", "contacts", "accounts", "facts", "revenue", "stage_transitions"]
_SCORE = ("account_id", "as_of", "profile", "score", "change", "stage", "people", "managers")
_FUNNEL = ("account_id", "as_of", "prospect_on", "mql_on", "sql_on", "win_on", "live_on", "mrr_on")
_COVERAGE = ("account_id", "as_of", "known", "engaged", "management", "wanted", "missing", "share_of_strongest")


@dataclass(frozen=True)
class Yearly:
    """A roll-up of contact_day by year. period: its column with a period's first day. persons: it may name some."""

    name: str
    calendar: Calendar
    period: str
    by_seniority: bool = False
    persons: bool = False


@dataclass(frozen=True)
class Whole:
    """A roll-up that is computed as a whole. follows: tables. daily: it tells of today. persons: it may name some."""

    name: str
    follows: tuple[str, ...]
    daily: bool = False
    persons: bool = False


Rollup = Yearly | Whole
ROLLUPS: tuple[Rollup, ...] = (
    Yearly("engagement_rate", "month", "month"),
    Yearly("engagement_rate_quarter", "quarter", "quarter"),
    Yearly("account_week", "week", "week", by_seniority=True),
    Yearly("management_contacts", "quarter", "quarter", by_seniority=True),
    Yearly("unbound_touches", "day", "day"),
    Yearly("contact_activity", "month", "month", persons=True),
    Whole("revenue_quarter", ("revenue",)),
    Whole("pipeline", ("facts", "accounts"), persons=True),
    Whole("opportunity_owners", ("facts",), persons=True),
    Whole("plan_vs_actual", ("facts", "accounts", "revenue")),
    Whole("plan_actions", ("facts",), persons=True),
    Whole("plan_targets", ("facts",)),
    Whole("plan_competitors", ("facts",), persons=True),
    Whole("stakeholders", ("facts",), persons=True),
    Whole("funnel", ("contact_day", "accounts", "facts", "stage_transitions"), daily=True),
    Whole("coverage", ("contact_day", "contacts", "accounts", "facts"), daily=True),
    Whole("engagement_score", ("contact_day", "contacts", "accounts"), daily=True),
)


class Refreshed(NamedTuple):
    """What a refresh did to a roll-up. computed, dropped: partitions, by year or `all`.

    put_off: partitions that were computed and not put in place, as rows were deleted meanwhile of what was read.
    """

    rollup: str
    computed: tuple[str, ...]
    dropped: tuple[str, ...]
    put_off: tuple[str, ...] = ()


class _Part(NamedTuple):
    """A partition as it has to be. begin: the first day of its first period."""

    signature: str
    begin: date | None
    fill: Callable[[str], None]


class _Known(NamedTuple):
    """What a refresh found to be there before it read anything else.

    versions: by table, then partition. deletions: the same, of what was deleted or exchanged only. days: first and last
    day of the partitions of contact_day, by year. views: the texts that statements are computed over, as a number.
    used: the version of the score profile with which stages were last computed.
    """

    versions: Mapping[str, Mapping[str, str]]
    deletions: frozenset[tuple[str, str, str]]
    days: Mapping[int, tuple[date, date]]
    seniorities: int
    views: int
    used: str


class Rollups:
    """The roll-ups of a store."""

    def __init__(self, clickhouse: ClickHouse, settings: Settings, profile: ScoreProfile) -> None:
        self._clickhouse = clickhouse
        self._start_month = settings.fiscal_year_start_month
        self._zone = settings.zone
        self._scores = Scores(clickhouse, profile)
        self._coverage = Coverage(clickhouse, settings.zone, settings.fiscal_year_start_month)

    def refresh(self, now: datetime, *, persons_only: bool = False) -> Iterator[Refreshed]:
        """Compute what has changed, year by year; yields after each roll-up. Doing it again computes nothing.

        now: an aware time; its business day is the one that coverage, scores and the funnel are told of. persons_only:
        only the roll-ups that may name persons.
        """
        self._drop_left_over(now)
        computed_at = {
            row["rollup"]: row["computed_at"].replace(tzinfo=UTC) for row in self._clickhouse.rows("rollup_refreshes")
        }
        known = self._look()
        right: list[tuple[str, datetime, datetime]] = []
        try:
            for rollup in ROLLUPS:
                if persons_only and not rollup.persons:
                    continue
                wanted = dict(self._wanted(rollup, known, now.astimezone(self._zone).date()))
                done = self._bring(rollup, wanted, known, now)
                changed = now if done.computed or done.dropped else computed_at.get(rollup.name, now)
                if not done.put_off:
                    right.append((rollup.name, now, changed))
                yield done
        finally:
            self._clickhouse.insert_rows("rollup_refreshes", ("rollup", "current_at", "computed_at"), right)

    def compute_persons_again(self, now: datetime) -> None:
        """Empty the roll-ups that may name persons, files included, and compute them from what is there now."""
        for rollup in ROLLUPS:
            if rollup.persons:
                # Unlike a replacement this drops the files at once, where the table's old_parts_lifetime is 0.
                self._clickhouse.statement(f"ALTER TABLE rollup_{rollup.name} DROP PARTITION ALL")
        while any(done.put_off for done in self.refresh(now, persons_only=True)):
            pass  # something else was deleted meanwhile: the next one sees it

    def _look(self) -> _Known:
        versions: dict[str, dict[str, str]] = {table: {} for table in _TABLES}
        days = {}
        rows = self._clickhouse.rows("rollup_versions", {"tables": _TABLES})
        for row in rows:
            versions[row["table"]][row["partition_id"]] = row["version"]
            if row["table"] == "contact_day":
                days[int(row["partition_id"])] = (row["first_day"], row["last_day"])
        [told] = self._clickhouse.rows("rollup_seniorities")
        [views] = self._clickhouse.rows("rollup_views")
        [used] = self._clickhouse.rows("score_profile_used")
        return _Known(versions, _deletions(rows), days, int(told["told"]), int(views["told"]), used["profile"])

    def _wanted(self, rollup: Rollup, known: _Known, today: date) -> Iterator[tuple[str, _Part]]:
        """The partitions that follow from what is there."""
        if isinstance(rollup, Yearly):
            for year in sorted({year + after for year in known.days for after in (0, 1)}):
                first, last = span(rollup.calendar, year, self._start_month)
                read = [one for one in sorted({first.year, last.year}) if one in known.days]
                if any(known.days[one][0] <= last and known.days[one][1] >= first for one in read):
                    read_from = [known.versions["contact_day"][str(one)] for one in read]
                    seniorities = known.seniorities if rollup.by_seniority else None
                    days = {"first": first, "last": last}
                    yield str(year), self._part(rollup.name, days, first, (*read_from, seniorities))
            return
        versions = [known.views, *(sorted(known.versions[table].items()) for table in rollup.follows)]
        if not rollup.daily:
            yield _WHOLE, self._part(rollup.name, {}, None, versions)
        elif rollup.name == "funnel":
            told = _signature(versions, today, self._zone.key, known.used)
            yield _WHOLE, _Part(told, None, lambda staging: self._fill_funnel(staging, today, known.used))
        elif rollup.name == "coverage":
            yield _WHOLE, _Part(_signature(versions, today), None, lambda staging: self._fill_coverage(staging, today))
        else:
            told = _signature(versions, today, self._scores.profile.version)
            yield _WHOLE, _Part(told, None, lambda staging: self._fill_scores(staging, today))

    def _part(self, name: str, parameters: dict[str, Any], begin: date | None, follows: Any) -> _Part:
        """One that a statement computes. Its text belongs to what it follows from: another version, another roll-up."""
        sql = load_sql(name, "rollups")
        values = {**parameters, "shift": (self._start_month - 1) % 3, "start_month": self._start_month}

        def fill(staging: str) -> None:
            self._clickhouse.statement(sql, {**values, "staging": staging})

        return _Part(_signature(sql, sorted(values.items()), follows), begin, fill)

    def _fill_coverage(self, staging: str, today: date) -> None:
        rows = [
            (one.account_id, today, c.known, c.engaged, c.management, c.wanted, c.missing, one.share_of_strongest)
            for one in self._coverage.by_account(today)
            for c in (one.counts,)
        ]
        self._clickhouse.insert_rows(staging, _COVERAGE, rows)

    def _fill_funnel(self, staging: str, today: date, profile: str) -> None:
        """By what `setten kpi funnel` and `setten score phases` count by."""
        rows = [
            (one.account_id, today, one.prospect_on, one.mql_on, one.sql_on, one.win_on, one.live_on, one.mrr_on)
            for one in phases(self._clickhouse, self._zone, today, profile)
        ]
        self._clickhouse.insert_rows(staging, _FUNNEL, rows)

    def _fill_scores(self, staging: str, today: date) -> None:
        version = self._scores.profile.version
        rows = [
            (one.account_id, today, version, one.score, one.change, one.stage, one.people, one.managers)
            for one in self._scores.ranked(today)
        ]
        self._clickhouse.insert_rows(staging, _SCORE, rows)

    def _bring(self, rollup: Rollup, wanted: Mapping[str, _Part], known: _Known, now: datetime) -> Refreshed:
        """Make the partitions those that are wanted."""
        table = f"rollup_{rollup.name}"
        rows = self._clickhouse.rows("rollup_signatures", {"rollup": table})
        stored = {row["partition_id"]: row["signature"] for row in rows}
        computed: list[str] = []
        put_off: list[str] = []
        for partition, part in wanted.items():
            if stored.get(partition) != part.signature:
                is_put = self._put(rollup, partition, part, known, now)
                (computed if is_put else put_off).append(partition)
        dropped = sorted(stored.keys() - wanted.keys())
        for partition in dropped:
            self._clickhouse.statement(f"ALTER TABLE {table} DROP PARTITION ID '{partition}'")
        return Refreshed(rollup.name, tuple(computed), tuple(dropped), tuple(put_off))

    def _put(self, rollup: Rollup, partition: str, part: _Part, known: _Known, now: datetime) -> bool:
        """Compute a partition and put it in place; False where it was put off."""
        table, staging = f"rollup_{rollup.name}", f"{_STAGING}{int(now.timestamp())}_{uuid4().hex[:8]}"
        self._clickhouse.statement(f"CREATE TABLE {staging} AS {table}")
        try:
            part.fill(staging)
            signed: dict[str, Any] = {"signature": part.signature}
            if isinstance(rollup, Yearly):
                signed[rollup.period] = part.begin
            self._clickhouse.insert_rows(staging, tuple(signed), [tuple(signed.values())])
            # Somebody who was forgotten while this was computed would be back by it.
            if rollup.persons and _deleted_since(known, self._clickhouse.rows("rollup_versions", {"tables": _TABLES})):
                return False
            self._clickhouse.statement(f"ALTER TABLE {table} REPLACE PARTITION ID '{partition}' FROM {staging}")
            return True
        finally:
            self._clickhouse.statement(f"DROP TABLE IF EXISTS {staging} SYNC")

    def _drop_left_over(self, now: datetime) -> None:
        """Tables of refreshes that broke off. Those of one that runs beside this are younger."""
        before = int((now - timedelta(seconds=LEFT_OVER_S)).timestamp())
        for row in self._clickhouse.rows("rollup_staging", {"prefix": _STAGING}):
            if int(row["name"].removeprefix(_STAGING).split("_")[0]) <= before:
                self._clickhouse.statement(f"DROP TABLE IF EXISTS {row['name']} SYNC")


def _signature(*follows: Any) -> str:
    return sha256(repr(follows).encode()).hexdigest()


def _deletions(rows: Iterable[Mapping[str, Any]]) -> frozenset[tuple[str, str, str]]:
    return frozenset((row["table"], row["partition_id"], row["deletion"]) for row in rows)


def _deleted_since(known: _Known, rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether rows were deleted of what was there, or of a partition that has come since."""
    found = _deletions(rows)
    return not known.deletions <= found or any(not told.endswith(" 0") for _, _, told in found - known.deletions)

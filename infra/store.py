"""The tables, as ingest and assessment speak of them. Every write is idempotent: doing it again changes nothing."""

from base64 import b64decode
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from infra.clickhouse import ClickHouse
from infra.projection import projection
from models.conflicts import Arrival
from models.contact_days import (
    CONTACT_DAYS,
    KEY,
    MOST_CLICKS,
    SCANNED_LINKS,
    SCANNED_WITHIN_S,
    many_clicks,
    with_clicks,
)
from models.directory import Directory
from models.facts import AnyFact, stored_fact
from models.folding import News
from models.outcomes import Reason
from models.people import titles
from models.rebinding import ContactChange
from models.records import Origin
from models.side_facts import SideFact
from models.touch_table import events_of, from_micros

_MICROS = pa.timestamp("us", "UTC")
_MILLIS = pa.timestamp("ms", "UTC")
_RANK_TOP = 1 << 62
_KEYS_PER_RECOMPUTE = 50_000
_FACTS_AT_ONCE = 100_000


class ArchivedBody(NamedTuple):
    """One body as received, with its place in Kafka. received_us: our clock, Unix microseconds."""

    record_id: str
    source: str
    adapter: str
    content_type: str
    own_domains: str
    received_us: int
    topic: str
    partition: int
    offset: int
    body: bytes

    def origin(self) -> Origin:
        """Where it came from, as of the arrival told here."""
        own_domains = tuple(domain for domain in self.own_domains.split(",") if domain)
        return Origin(self.source, self.adapter, from_micros(self.received_us), self.content_type, own_domains)


class StoredDeadLetter(NamedTuple):
    """One refused event, with its place in Kafka. received_us: our clock, Unix microseconds."""

    record_id: str
    position: int
    reason: Reason
    detail: str
    source: str
    adapter: str
    received_us: int
    topic: str
    partition: int
    offset: int
    raw: bytes


class Verdict(NamedTuple):
    """A refusal, or with is_deleted its withdrawal, that holds until one with a higher version speaks."""

    letter: StoredDeadLetter
    version: int
    is_deleted: int


class DirectoryState(NamedTuple):
    """facts, corrections: how many are stored. bound_facts: to how many facts the contact-days are bound.

    titles: by which version of the table (models.people.titles) the titles of contacts were read then.
    """

    facts: int
    corrections: int
    bound_facts: int
    titles: int

    @property
    def epoch(self) -> int:
        """Grows with whatever makes a contact-day that was computed before out of date, however many touches it had."""
        return self.facts + self.corrections


_ARCHIVE = pa.schema(
    [
        ("record_id", pa.string()),
        ("source", pa.string()),
        ("adapter", pa.string()),
        ("content_type", pa.string()),
        ("own_domains", pa.string()),
        ("received_at", _MICROS),
        ("topic", pa.string()),
        ("partition", pa.uint32()),
        ("offset", pa.uint64()),
        ("body", pa.binary()),
    ]
)
_DEAD_LETTERS = pa.schema(
    [
        ("record_id", pa.string()),
        ("position", pa.uint32()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("source", pa.string()),
        ("adapter", pa.string()),
        ("received_at", _MICROS),
        ("topic", pa.string()),
        ("partition", pa.uint32()),
        ("offset", pa.uint64()),
        ("raw", pa.binary()),
    ]
)
_DIRTY = pa.schema([("contact_key", pa.string()), ("day", pa.date32())])
_BATCH = pa.schema([("event_id", pa.string())])
_CORRECTIONS = pa.schema([("correction_id", pa.string())])
_KEY = pa.schema([CONTACT_DAYS.field(name) for name in KEY])
_RECORDS = pa.schema([("record_id", pa.string())])
_FACT_IDS = pa.schema([("fact_id", pa.string())])
_NAMES = pa.schema([("name", pa.string())])
_AFFILIATIONS = pa.schema([("affiliation", pa.string())])
_CONTACTS = pa.schema([("contact_key", pa.string())])
_CONTACT_CHANGES = pa.schema([("contact_key", pa.string()), ("first", pa.date32()), ("last", pa.date32())])
_NOT_STORED = ["content", "position", "first"]


def _columns(schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    return _table(schema, list(zip(*rows, strict=True)) if rows else [()] * len(schema))


def _table(schema: pa.Schema, columns: Sequence[Any]) -> pa.Table:
    """Columns of Python values, or arrays, as a table; times are integers."""
    arrays = [
        pa.array(column, pa.int64()).cast(_MICROS) if field.type == _MICROS else pa.array(column, field.type)
        for field, column in zip(schema, columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def archive_columns(columns: Sequence[Any]) -> pa.Table:
    """Rows of the archive, given by column: the fields of ArchivedBody in their order."""
    return _table(_ARCHIVE, columns)


def archive_rows(bodies: Sequence[ArchivedBody]) -> pa.Table:
    """Rows of the archive."""
    return _columns(_ARCHIVE, bodies)


def archived_bodies(table: pa.Table) -> list[ArchivedBody]:
    """The bodies of archive_columns, one by one."""
    columns = [
        table.column(name).cast(pa.int64()) if name == "received_at" else table.column(name) for name in _ARCHIVE.names
    ]
    return list(map(ArchivedBody._make, zip(*(column.to_pylist() for column in columns), strict=True)))


def _ranked(table: pa.Table) -> pa.Table:
    """Add the version: the earlier received, the higher, so that the first arrival stands in any order of rows."""
    micros = pc.cast(table.column("received_at"), pa.int64())
    return table.append_column("rank", pc.cast(pc.subtract(pa.scalar(_RANK_TOP, pa.int64()), micros), pa.uint64()))


def _facts(table: pa.Table) -> dict[str, AnyFact]:
    told = zip(table.column("fact_id").to_pylist(), table.column("body").to_pylist(), strict=True)
    return {fact_id: stored_fact(body) for fact_id, body in told}


def in_slices(keys: pa.Table) -> Iterator[pa.Table]:
    """Dirty (contact_key, day) keys, a bounded number at a time."""
    for start in range(0, keys.num_rows, _KEYS_PER_RECOMPUTE):
        yield keys.slice(start, _KEYS_PER_RECOMPUTE)


class Store:
    """What ingest, assessment and the jobs do with ClickHouse. zone: the business time zone, whose days are days."""

    def __init__(self, clickhouse: ClickHouse, zone: str) -> None:
        self.clickhouse = clickhouse
        self._zone = zone
        self._counted: tuple[int, int] | None = None  # what was written, and how many facts that is

    # --- ingest -------------------------------------------------------------------------------------------------

    def archive(self, bodies: pa.Table) -> int:
        """Keep bodies as received: archive_columns."""
        return self.clickhouse.insert("archive", _ranked(bodies))

    def keep_dead_letters(self, letters: Sequence[StoredDeadLetter]) -> int:
        return self.clickhouse.insert("dead_letters", _ranked(_columns(_DEAD_LETTERS, letters)))

    def keep_verdicts(self, verdicts: Sequence[Verdict]) -> int:
        """Dead letters that depend on what else has arrived, and can be withdrawn again."""
        table = _columns(_DEAD_LETTERS, [verdict.letter for verdict in verdicts])
        table = table.append_column("rank", pa.array([verdict.version for verdict in verdicts], pa.uint64()))
        marks = pa.array([verdict.is_deleted for verdict in verdicts], pa.uint8())
        return self.clickhouse.insert("dead_letters", table.append_column("is_deleted", marks))

    def archived_bodies(self, record_ids: Sequence[str]) -> dict[str, ArchivedBody]:
        """Bodies of the archive by their record_id; those that it does not have are left out."""
        table = self.clickhouse.query("archived_whole", batch=_columns(_RECORDS, [(r,) for r in record_ids]))
        rows = zip(*(table.column(name).to_pylist() for name in ArchivedBody._fields), strict=True)
        return {row[0]: ArchivedBody(*row)._replace(body=b64decode(row[-1])) for row in rows}

    def claim_events(self, touches: pa.Table) -> int:
        """Note the arrival of the events that these touches tell of, before the touches are stored: see rivals."""
        return self.clickhouse.insert("events", events_of(touches))

    def insert_touches(self, touches: pa.Table) -> pa.Table:
        """Insert touches (models.touch_table); answers their distinct (contact_key, day), the business day."""
        return self._write_touches(touches, is_deleted=0)

    def take_back_touches(self, table: pa.Table) -> pa.Table:
        """Put tombstones over touches that lost their event id to other content; answers as insert_touches does."""
        graves = pc.add(table.column("precedence"), pa.scalar(1, pa.uint64()))
        at = table.schema.get_field_index("precedence")
        return self._write_touches(table.set_column(at, "precedence", graves), is_deleted=1)

    def _write_touches(self, touches: pa.Table, *, is_deleted: int) -> pa.Table:
        day = self.business_days(touches)
        table = touches.drop_columns(_NOT_STORED).append_column("day", day)
        answers = table.column("answers")
        # Only mails answer something: what has no answers leaves the column out, and has its default.
        table = table.drop_columns(["answers"])
        if answers.null_count < len(answers):
            table = table.append_column("answers", pc.fill_null(answers, UUID(int=0).hex))
        marks = pa.repeat(pa.scalar(is_deleted, pa.uint8()), table.num_rows)
        self.clickhouse.insert("touches", table.append_column("is_deleted", marks))
        return table.select(["contact_key", "day"]).group_by(["contact_key", "day"]).aggregate([])

    def business_days(self, touches: pa.Table) -> pa.ChunkedArray:
        """The business day of each touch (models.touch_table)."""
        local = pc.local_timestamp(pc.cast(touches.column("occurred_at"), pa.timestamp("us", self._zone)))
        return pc.cast(pc.floor_temporal(local, unit="day"), pa.date32())

    def business_day(self, unix_us: int) -> date:
        """The business day of a Unix time in microseconds."""
        return from_micros(unix_us).astimezone(ZoneInfo(self._zone)).date()

    def arrived_again(self, events: pa.Table) -> pa.Array:
        """Those ids of these events (models.touch_table.events_of) that arrived more than once, here or elsewhere.

        Asked after they were claimed and their touches stored: of two workers that store two contents of one id at the
        same time, the one that asks later finds the other's claim.
        """
        ids = events.column("event_id")
        here = ids.value_counts()
        here = here.field("values").filter(pc.greater(here.field("counts"), 1))
        found = self.clickhouse.query("arrived_again", batch=events.select(["event_id"])).column("event_id")
        return pa.concat_arrays([here.cast(pa.string()), *(chunk.cast(pa.string()) for chunk in found.chunks)])

    def rivals(self, events: pa.Table) -> list[Arrival]:
        """Arrivals of some events that say something else, or the same with a higher precedence."""
        if not events.num_rows:
            return []
        best = events.sort_by([("precedence", "descending")]).group_by("event_id", use_threads=False)
        batch = best.aggregate([("content", "first"), ("precedence", "first")])
        batch = batch.rename_columns(["event_id", "content", "precedence"])
        table = self.clickhouse.query("rivals", batch=batch)
        return list(map(Arrival._make, zip(*(table.column(name).to_pylist() for name in Arrival._fields), strict=True)))

    def arrivals(self, event_ids: Sequence[str]) -> list[Arrival]:
        """All arrivals of these events, at most the 1,000 of the highest precedence of each."""
        table = self.clickhouse.query("arrivals", batch=_columns(_BATCH, [(e,) for e in event_ids]))
        return list(map(Arrival._make, zip(*(table.column(name).to_pylist() for name in Arrival._fields), strict=True)))

    def add_corrections(self, correction_ids: Sequence[str]) -> int:
        """Raise the epoch: what was computed from touches that have been taken back is out of date."""
        return self.clickhouse.insert("corrections", _columns(_CORRECTIONS, [(c,) for c in correction_ids]))

    def standing_contents(self, event_ids: Sequence[str]) -> dict[str, str]:
        """Of these events, those that have arrived, with the digest of the content that stands."""
        if not event_ids:
            return {}
        table = self.clickhouse.query("standing_contents", batch=_columns(_BATCH, [(e,) for e in event_ids]))
        return dict(zip(table.column("event_id").to_pylist(), table.column("content").to_pylist(), strict=True))

    def dead_letters_of(self, record_ids: Sequence[str]) -> dict[tuple[str, int], str]:
        """The reasons of the refused events of these bodies, by (record, index)."""
        if not record_ids:
            return {}
        table = self.clickhouse.query("dead_letters_of", batch=_columns(_RECORDS, [(r,) for r in record_ids]))
        columns = (table.column(name).to_pylist() for name in ("record_id", "position", "reason"))
        return {(record, int(position)): reason for record, position, reason in zip(*columns, strict=True)}

    def recompute(self, keys: pa.Table) -> pa.Table:
        """The grouped touches of the dirty (contact_key, day) keys: models.contact_days.GROUPS."""
        groups = self.clickhouse.query("contact_day_groups", dirty=keys)
        if not (suspected := many_clicks(groups)).num_rows:
            return groups
        limits = {"links": SCANNED_LINKS, "within_ms": SCANNED_WITHIN_S * 1000, "most": MOST_CLICKS}
        return with_clicks(groups, suspected, self.clickhouse.query("clicked_groups", limits, dirty=suspected))

    def bound_groups(self, keys: pa.Table) -> pa.Table:
        """The keys of the contact-day rows stored for these (contact_key, day) now, whatever account they name."""
        return self.clickhouse.query("bound_groups", dirty=keys).select(KEY).cast(_KEY)

    def insert_contact_days(self, rows: pa.Table) -> int:
        return self.clickhouse.insert("contact_day", rows)

    # --- directory ----------------------------------------------------------------------------------------------

    def directory_state(self) -> DirectoryState:
        row = self.clickhouse.rows("directory_state")[0]
        written, counted = int(row["written"]), self._counted
        if counted is None or counted[0] != written:
            # Counted after it was looked whether there are others: of those that come in between the next look tells.
            counted = self._counted = written, int(self.clickhouse.rows("facts_counted")[0]["facts"])
        return DirectoryState(counted[1], int(row["corrections"]), int(row["bound_facts"]), int(row["titles"]))

    def facts(self) -> list[AnyFact]:
        """All that the directory is the fold of."""
        return list(self.facts_by_id().values())

    def own_domains(self) -> set[str]:
        """Our own side's mail domains."""
        return set(self.clickhouse.query("own_domains").column("domain").to_pylist())

    def facts_by_id(self) -> dict[str, AnyFact]:
        """All facts by their ids, hex."""
        found: dict[str, AnyFact] = {}
        for page in self._pages_of_facts("facts"):
            found |= page
        return found

    def _pages_of_facts(self, query: str) -> Iterator[dict[str, AnyFact]]:
        """A bounded number at a time, by their ids: all may be more than one answer can hold."""
        after = UUID(int=0).hex
        while True:
            table = self.clickhouse.query(query, {"after": after, "most": _FACTS_AT_ONCE})
            yield _facts(table)
            if table.num_rows < _FACTS_AT_ONCE:
                return
            after = table.column("fact_id")[-1].as_py()

    def facts_of(self, fact_ids: Sequence[str]) -> dict[str, AnyFact]:
        """Some facts by their ids, hex."""
        found: dict[str, AnyFact] = {}
        for start in range(0, len(fact_ids), _FACTS_AT_ONCE):
            batch = _columns(_FACT_IDS, [(one,) for one in fact_ids[start : start + _FACTS_AT_ONCE]])
            found |= _facts(self.clickhouse.query("facts_of", batch=batch))
        return found

    def facts_since(self, since_us: int) -> tuple[list[str], int]:
        """The ids (hex) of the facts stored since a moment, and when the last was stored.

        Both moments are by ClickHouse's clock, Unix microseconds.
        """
        table = self.clickhouse.query("facts_since", {"since": max(since_us, 0)})
        return table.column("fact_id").to_pylist(), pc.max(table.column("stored_us")).as_py() or 0

    def facts_stated_by(self, record_ids: Sequence[str]) -> dict[tuple[str, int], str]:
        """The ids (hex) of the facts that these bodies stated, by record_id and position."""
        if not record_ids:
            return {}
        table = self.clickhouse.query("facts_stated_by", batch=_columns(_RECORDS, [(one,) for one in record_ids]))
        columns = (table.column(name).to_pylist() for name in ("record_id", "position", "fact_id"))
        return {(record, int(position)): fact_id for record, position, fact_id in zip(*columns, strict=True)}

    def note_fact_sources(self, stated: Sequence[tuple[AnyFact, str, int]]) -> int:
        """Note which bodies state which facts: fact, record_id, position."""
        rows = [(fact.fact_id, UUID(record), position) for fact, record, position in stated]
        return self.clickhouse.insert_rows("fact_sources", ("fact_id", "record_id", "position"), rows)

    def side_facts(self) -> Iterator[SideFact]:
        """What is told beside the directory, a bounded number at a time: opportunities alone are many."""
        for page in self._pages_of_facts("side_facts"):
            yield from (fact for fact in page.values() if isinstance(fact, SideFact))

    def facts_present(self, fact_ids: Sequence[str]) -> set[str]:
        """Which of these facts, 32 hex digits each, are stored."""
        table = self.clickhouse.query("facts_present", batch=_columns(_FACT_IDS, [(one,) for one in fact_ids]))
        return set(table.column("fact_id").to_pylist())

    def insert_facts(self, facts: Sequence[AnyFact]) -> int:
        rows = [(f.fact_id, f.type, f.recorded_at, f.model_dump_json()) for f in facts]
        return self.clickhouse.insert_rows("facts", ("fact_id", "type", "recorded_at", "body"), rows)

    def affiliations_under(self, names: Collection[str]) -> list[str]:
        """The evidence for a company that touches hold and that one of these names may decide; never fewer.

        names: domains and names of organizations. It reads one column of all touches.
        """
        table = self.clickhouse.query("affiliations_under", names=_columns(_NAMES, [(name,) for name in names]))
        return list(table.column("affiliation").to_pylist())

    def contact_days_of(self, affiliations: Sequence[str]) -> pa.Table:
        """The (contact_key, day) keys whose touches carry one of these affiliations."""
        changed = _columns(_AFFILIATIONS, [(affiliation,) for affiliation in affiliations])
        return self.clickhouse.query("contact_days_of", changed=changed)

    def contact_days_between(self, contacts: Sequence[ContactChange]) -> pa.Table:
        """The (contact_key, day) keys of the touches of contacts between two days each."""
        return self.clickhouse.query("contact_days_between", changed=_columns(_CONTACT_CHANGES, contacts))

    def every_contact_day(self, people: Sequence[str]) -> Iterator[pa.Table]:
        """All (contact_key, day) keys of touches and of contact-days, a bounded number at a time.

        people: contact keys under which the touches of others may have been counted.
        """
        last, most = _columns(_DIRTY, [("", date(1970, 1, 1))]), {"most": _KEYS_PER_RECOMPUTE}
        while (page := self.clickhouse.query("contact_days_page", most, after=last)).num_rows:
            yield page
            last = page.slice(page.num_rows - 1)
        if people:
            yield from in_slices(self.contact_days_as(people))

    def contact_days_as(self, people: Sequence[str]) -> pa.Table:
        """The (contact_key, day) keys under which touches are counted as these people's, whoever they are of."""
        return self.clickhouse.query("contact_days_as", people=_columns(_CONTACTS, [(person,) for person in people]))

    def project_directory(self, directory: Directory, news: News | None = None) -> None:
        """Write the tables that show the directory: accounts, contacts, revenue; with `news` only what it changed."""
        for table, (columns, rows) in projection(directory, news).items():
            epochs = [(*row, directory.epoch) for row in rows]
            self.clickhouse.insert_rows(table, (*columns, "epoch"), epochs)

    def mark_bound(self, facts: int) -> None:
        """Note that the contact-days are bound to the directory of so many facts."""
        self.clickhouse.insert_rows("bound_epochs", ("epoch", "titles"), [(facts, titles.VERSION)])

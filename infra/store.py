"""The tables, as ingest and assessment speak of them. Every write is idempotent: doing it again changes nothing."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from infra.clickhouse import ClickHouse
from models.contact_days import ContactDay, Group, Key
from models.directory import Directory
from models.facts import FACT, AnyFact
from models.outcomes import Reason
from models.touches import Touch

_MICROS = pa.timestamp("us", "UTC")
_MILLIS = pa.timestamp("ms", "UTC")
_RANK_TOP = 1 << 62
_KEYS_PER_RECOMPUTE = 50_000


class ArchivedBody(NamedTuple):
    """One body as received, with its place in Kafka."""

    record_id: str
    source: str
    adapter: str
    content_type: str
    own_domains: str
    received_at: datetime
    topic: str
    partition: int
    offset: int
    body: bytes


class StoredDeadLetter(NamedTuple):
    """One refused event, with its place in Kafka."""

    record_id: str
    position: int
    reason: Reason
    detail: str
    source: str
    adapter: str
    received_at: datetime
    topic: str
    partition: int
    offset: int
    raw: bytes


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
_TOUCHES = pa.schema(
    [
        ("contact_key", pa.string()),
        ("event_id", pa.string()),
        ("occurred_at", _MICROS),
        ("received_at", _MICROS),
        ("kind", pa.string()),
        ("action", pa.string()),
        ("direction", pa.string()),
        ("affiliation", pa.string()),
        ("machine", pa.string()),
        ("campaign", pa.string()),
        ("subject", pa.string()),
        ("source", pa.string()),
    ]
)
_EVENTS = pa.schema([("event_id", pa.string()), ("content", pa.string())])
_CONTACT_DAY = pa.schema(
    [
        ("account_id", pa.string()),
        ("day", pa.date32()),
        ("contact_key", pa.string()),
        ("kind", pa.string()),
        ("action", pa.string()),
        ("direction", pa.string()),
        ("bound_by", pa.string()),
        ("touches", pa.uint32()),
        ("machine_touches", pa.uint32()),
        ("first_at", _MILLIS),
        ("last_at", _MILLIS),
        ("version", pa.uint64()),
        ("is_deleted", pa.uint8()),
    ]
)
_DIRTY = pa.schema([("contact_key", pa.string()), ("day", pa.date32())])
_BATCH = pa.schema([("event_id", pa.string())])
_RECORDS = pa.schema([("record_id", pa.string())])
_CHANGED = pa.schema([("affiliation", pa.string()), ("contact_key", pa.string())])


def _columns(schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    columns: Iterable[tuple[object, ...]] = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for field, column in zip(schema, columns, strict=True)],
        schema=schema,
    )


def _ranked(table: pa.Table) -> pa.Table:
    """Add the version: the earlier received, the higher, so that the first arrival stands in any order of rows."""
    micros = pc.cast(pc.cast(table.column("received_at"), pa.int64()), pa.int64())
    return table.append_column("rank", pc.cast(pc.subtract(pa.scalar(_RANK_TOP, pa.int64()), micros), pa.uint64()))


def in_slices(keys: Sequence[tuple[str, date]]) -> Iterator[Sequence[tuple[str, date]]]:
    """Dirty keys, a bounded number at a time."""
    for start in range(0, len(keys), _KEYS_PER_RECOMPUTE):
        yield keys[start : start + _KEYS_PER_RECOMPUTE]


class Store:
    """What ingest, assessment and the jobs do with ClickHouse. zone: the business time zone, whose days are days."""

    def __init__(self, clickhouse: ClickHouse, zone: str) -> None:
        self.clickhouse = clickhouse
        self._zone = zone

    # --- ingest -------------------------------------------------------------------------------------------------

    def archive(self, bodies: Sequence[ArchivedBody]) -> int:
        return self.clickhouse.insert("archive", _ranked(_columns(_ARCHIVE, bodies)))

    def keep_dead_letters(self, letters: Sequence[StoredDeadLetter]) -> int:
        return self.clickhouse.insert("dead_letters", _ranked(_columns(_DEAD_LETTERS, letters)))

    def insert_touches(self, touches: Sequence[Touch], record_ids: Sequence[str]) -> list[tuple[str, date]]:
        """Insert touches; answers their distinct (contact, business day)."""
        if not touches:
            return []
        table = _ranked(_columns(_TOUCHES, touches))
        table = table.append_column("day", self._business_days(table.column("occurred_at")))
        table = table.append_column("record_id", pa.array(record_ids, pa.string()))
        self.clickhouse.insert("touches", table)
        keys = table.select(["contact_key", "day"]).group_by(["contact_key", "day"]).aggregate([])
        return list(zip(keys.column("contact_key").to_pylist(), keys.column("day").to_pylist(), strict=True))

    def _business_days(self, occurred_at: pa.ChunkedArray) -> pa.ChunkedArray:
        local = pc.local_timestamp(pc.cast(occurred_at, pa.timestamp("us", self._zone)))
        return pc.cast(pc.floor_temporal(local, unit="day"), pa.date32())

    def known_events(self, event_ids: Sequence[str]) -> dict[str, str]:
        """Of these events, those that went all the way through before, with the digest of their content."""
        if not event_ids:
            return {}
        table = self.clickhouse.query("known_events", batch=_columns(_BATCH, [(e,) for e in event_ids]))
        return dict(zip(table.column("event_id").to_pylist(), table.column("content").to_pylist(), strict=True))

    def register_events(self, events: dict[str, str]) -> int:
        return self.clickhouse.insert("events", _columns(_EVENTS, list(events.items())))

    def dead_letters_of(self, record_ids: Sequence[str]) -> dict[tuple[str, int], str]:
        """The reasons of the refused events of these bodies, by (record, index)."""
        if not record_ids:
            return {}
        table = self.clickhouse.query("dead_letters_of", batch=_columns(_RECORDS, [(r,) for r in record_ids]))
        columns = (table.column(name).to_pylist() for name in ("record_id", "position", "reason"))
        return {(record, int(position)): reason for record, position, reason in zip(*columns, strict=True)}

    def recompute(self, keys: Sequence[tuple[str, date]]) -> list[Group]:
        """The grouped touches of the dirty (contact, day) keys."""
        table = self.clickhouse.query("contact_day_groups", dirty=_columns(_DIRTY, keys))
        return list(map(Group._make, zip(*(table.column(name).to_pylist() for name in Group._fields), strict=True)))

    def bound_groups(self, keys: Sequence[tuple[str, date]]) -> list[Key]:
        """The contact-day rows stored for these (contact, day) keys now, whatever account they are bound to."""
        table = self.clickhouse.query("bound_groups", dirty=_columns(_DIRTY, keys))
        names = ("account_id", "day", "contact_key", "kind", "action", "direction")
        return list(zip(*(table.column(name).to_pylist() for name in names), strict=True))

    def insert_contact_days(self, rows: Sequence[ContactDay]) -> int:
        return self.clickhouse.insert("contact_day", _columns(_CONTACT_DAY, rows))

    # --- directory ----------------------------------------------------------------------------------------------

    def directory_state(self) -> tuple[int, int]:
        """(number of facts stored, number of facts that the contact-days are bound to)."""
        row = self.clickhouse.rows("directory_state")[0]
        return int(row["epoch"]), int(row["bound_epoch"])

    def facts(self) -> list[AnyFact]:
        bodies = self.clickhouse.query("facts").column("body").to_pylist()
        return [FACT.validate_json(body) for body in bodies]

    def insert_facts(self, facts: Sequence[AnyFact]) -> int:
        rows = [(f.fact_id, f.type, f.recorded_at, f.model_dump_json()) for f in facts]
        return self.clickhouse.insert_rows("facts", ("fact_id", "type", "recorded_at", "body"), rows)

    def affiliations(self) -> list[str]:
        return list(self.clickhouse.query("affiliations").column("affiliation").to_pylist())

    def contact_days_of(self, affiliations: Sequence[str], contacts: Sequence[str]) -> list[tuple[str, date]]:
        """The (contact, day) keys whose touches carry one of these affiliations or are of one of these contacts."""
        changed = _columns(_CHANGED, [*((a, "") for a in affiliations), *(("", c) for c in contacts)])
        table = self.clickhouse.query("contact_days_of", changed=changed)
        return list(zip(table.column("contact_key").to_pylist(), table.column("day").to_pylist(), strict=True))

    def project_directory(self, directory: Directory) -> None:
        """Write the tables that show the directory: accounts, contacts, revenue."""
        epoch = directory.epoch
        self.clickhouse.insert_rows(
            "accounts",
            ("account_id", "name", "domains", "tier", "kind", "parent_account_id", "epoch"),
            [
                (a.account_id, a.name, list(a.domains), a.tier, a.kind, a.parent_account_id or "", epoch)
                for a in directory.accounts.values()
            ],
        )
        self.clickhouse.insert_rows(
            "contacts",
            ("contact_key", "account_id", "name", "title", "department", "seniority", "epoch"),
            [
                (c.contact_key, c.account_id or "", c.name, c.title, c.department, c.seniority, epoch)
                for c in directory.contacts.values()
            ],
        )
        self.clickhouse.insert_rows(
            "revenue",
            ("account_id", "month", "currency", "amount", "epoch"),
            [(r.account_id, r.month, r.currency, r.amount, epoch) for r in directory.revenue.values()],
        )

    def mark_bound(self, epoch: int) -> None:
        self.clickhouse.insert_rows("bound_epochs", ("epoch",), [(epoch,)])

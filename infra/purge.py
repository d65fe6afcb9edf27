"""Taking bodies and people out of the tables, so that a kill at any point leaves enough to go on from.

The order: what is to be done is noted, redacted bodies are stored beside the old ones, then the old rows go, the
archive's last. Until it does, a search finds the same again; afterwards the notes say what is left to do.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import uuid4

import pyarrow as pa

from infra.kafka import FACTS
from infra.store import ArchivedBody, Store, archive_rows, in_slices
from models.contact_days import bind_groups, tombstones, with_siblings
from models.dead_letters import Identity, Reread, read_again
from models.erasure import Suppressed, redact, redact_origin
from models.facts import AnyFact, StatementErased, stored_fact
from models.folding import fold
from models.rebinding import FIRST_DAY, LAST_DAY, ContactChange
from models.records import record_id
from models.sources.fact_records import without_forgotten

_RECORDS = pa.schema([("record_id", pa.string())])
_DAYS = pa.schema([("contact_key", pa.string()), ("day", pa.date32())])
_WANTED = pa.schema([("pattern", pa.string())])
_NAMED = pa.schema([("contact_key", pa.string())])
_NO_UUID = "0" * 32
_NO_DAY = date(1970, 1, 1)
_BODIES_AT_ONCE = 200
# Of what a body became, in the order in which it goes; the archive holds what the rest is found by.
_TABLES_OF_BODIES = ("events", "touches", "dead_letters", "fact_sources")


class Change(NamedTuple):
    """A body and what it is to become; None: it goes, and nothing comes instead."""

    old: ArchivedBody
    new: ArchivedBody | None


@dataclass
class Plan:
    """What an erasure has to do.

    runs: earlier runs of which it takes over the rest. old, again: record_ids. facts: fact_ids. days: contact-days to
    compute again. forgotten: the contact keys, which are noted nowhere.
    """

    run_id: str = field(default_factory=lambda: uuid4().hex)
    runs: set[str] = field(default_factory=set)
    old: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)
    facts: set[str] = field(default_factory=set)
    days: set[tuple[str, date]] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)


def without(body: ArchivedBody, suppressed: Suppressed) -> ArchivedBody:
    """The body as redaction leaves it; the same where it holds no suppressed address."""
    origin = redact_origin(body.origin(), suppressed)
    content = redact(body.body, origin, suppressed)
    if content is body.body and origin.source == body.source and origin.content_type == body.content_type:
        return body
    record = record_id(origin.source, origin.adapter, content)
    return body._replace(record_id=record, source=origin.source, content_type=origin.content_type, body=content)


class Purge:
    """What erasure takes out of the tables that ingest writes. removed: rows, by table."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._clickhouse = store.clickhouse
        self.removed: dict[str, int] = {}

    # --- finding ------------------------------------------------------------------------------------------------

    def changes(self, pattern: str, contact_keys: Sequence[str], suppressed: Suppressed) -> list[Change]:
        """What is to become of the bodies that hold suppressed addresses."""
        named = set(self._ids("erasure_bodies_of", named=_table(_NAMED, [(key,) for key in contact_keys])))
        holding = set(self._ids("erasure_bodies", wanted=_table(_WANTED, [(pattern,)])))
        found: list[Change] = []
        for body in self._bodies(sorted(named | holding)):
            new = without(body, suppressed)
            if new is not body:
                found.append(Change(body, new))
            elif body.record_id in named:
                # It names somebody in a way that redaction does not know: it goes as a whole.
                found.append(Change(body, None))
        return found

    def _ids(self, query: str, **external: pa.Table) -> list[str]:
        return list(self._clickhouse.query(query, **external).column("record_id").to_pylist())

    def _bodies(self, ids: Sequence[str]) -> Iterator[ArchivedBody]:
        for start in range(0, len(ids), _BODIES_AT_ONCE):
            yield from self._store.archived_bodies(ids[start : start + _BODIES_AT_ONCE]).values()

    def contact_keys_holding(self, pattern: str, suppressed: Suppressed) -> list[str]:
        """Identities that name a suppressed address."""
        table = self._clickhouse.query("erasure_contact_keys", wanted=_table(_WANTED, [(pattern,)]))
        return [key for key in table.column("contact_key").to_pylist() if suppressed.names(key)]

    def broken_off(self) -> Plan:
        """What earlier runs had still to do."""
        plan = Plan()
        for row in self._clickhouse.query("erasure_pending").to_pylist():
            plan.runs.add(row["run_id"])
            match row["kind"]:
                case "old":
                    plan.old.add(row["record_id"])
                case "again":
                    plan.again.add(row["record_id"])
                case "day":
                    plan.days.add((row["contact_key"], row["day"]))
                case "fact":
                    plan.facts.add(row["record_id"])
        return plan

    # --- taking out ---------------------------------------------------------------------------------------------

    def note(self, plan: Plan, changes: Sequence[Change], contact_keys: Sequence[str]) -> None:
        """Put the changes on the plan, note it in the store, and store the redacted bodies beside the old ones.

        Bodies that dispute an event with one of them are read again as well: without the person both may say the same.
        """
        plan.old |= {change.old.record_id for change in changes}
        plan.again |= {change.new.record_id for change in changes if change.new is not None}
        plan.again |= set(self._ids("erasure_rivals", batch=_records(plan.old))) - plan.old
        days = self._clickhouse.query("erasure_days", batch=_records(plan.old | plan.again)).to_pylist()
        forgotten = set(contact_keys)
        plan.days |= {(one["contact_key"], one["day"]) for one in days if one["contact_key"] not in forgotten}
        plan.days |= self._days_of_visitors(forgotten)
        self._write(plan)
        self._store.archive(archive_rows([change.new for change in changes if change.new is not None]))
        self._keep_successors(changes)

    def _days_of_visitors(self, forgotten: set[str]) -> set[tuple[str, date]]:
        """The days of visitors who were identified as forgotten people: they are nobody known from now on."""
        families = fold(self._store.facts()).keys_of
        visitors = {key for one in forgotten for key in families.get(one, ())} - forgotten
        if not visitors:
            return set()
        days = self._store.contact_days_between([ContactChange(key, FIRST_DAY, LAST_DAY) for key in sorted(visitors)])
        return set(zip(days.column("contact_key").to_pylist(), days.column("day").to_pylist(), strict=True))

    def _write(self, plan: Plan) -> None:
        ids = (("old", plan.old), ("again", plan.again), ("fact", plan.facts))
        rows = [(plan.run_id, kind, one, "", _NO_DAY) for kind, found in ids for one in sorted(found)]
        rows += [(plan.run_id, "day", _NO_UUID, key, day) for key, day in sorted(plan.days)]
        self._clickhouse.insert_rows("erasure_pending", ("run_id", "kind", "record_id", "contact_key", "day"), rows)

    def take_out(self, plan: Plan) -> None:
        """Remove all rows that the plan's bodies gave; those to be read again keep their bodies."""
        if not plan.old and not plan.again:
            return
        # What was computed with them is out of date, though it counted more.
        self._store.add_corrections([uuid4().hex])
        pending = (
            f"(SELECT record_id FROM erasure_pending WHERE run_id = toUUID('{plan.run_id}') AND kind IN ({{kinds}}))"
        )
        for table in _TABLES_OF_BODIES:
            self._delete(table, "record_id IN " + pending.format(kinds="'old', 'again'"))
        old = pending.format(kinds="'old'")
        self._delete("dead_letter_successors", f"record_id IN {old} OR sent_as IN {old}")
        self._delete("archive", f"record_id IN {old}")

    def take_out_facts(self, plan: Plan, pattern: str, suppressed: Suppressed) -> None:
        """Remove statements about suppressed people, and their address from others.

        The number of facts is an epoch and must not fall: for each that goes a placeholder comes, and one more, so that
        every worker folds them anew; and as many again once they are gone, as whoever bound facts or rolled up in
        between counted both.
        """
        table = self._clickhouse.query("erasure_facts", wanted=_table(_WANTED, [(pattern,)]))
        kept: list[AnyFact | None] = []
        for fact_id, body in zip(*(table.column(name).to_pylist() for name in ("fact_id", "body")), strict=True):
            fact = stored_fact(body)
            if (left := without_forgotten(fact, suppressed)) is not fact:
                plan.facts.add(fact_id)
                kept.append(left)
        self._replace_facts(plan, [fact for fact in kept if fact is not None])

    def take_out_statements(self, plan: Plan, facts: Sequence[AnyFact]) -> None:
        """Remove these statements, as take_out_facts does; what is left of them comes another way."""
        plan.facts |= {fact.fact_id.hex for fact in facts}
        self._replace_facts(plan, ())

    def _replace_facts(self, plan: Plan, kept: Sequence[AnyFact]) -> None:
        if not plan.facts:
            return
        self._write(plan)
        self._store.insert_facts([*kept, *_placeholders(plan)])
        pending = f"(SELECT record_id FROM erasure_pending WHERE run_id = toUUID('{plan.run_id}') AND kind = 'fact')"
        self._delete("facts", f"fact_id IN {pending}")
        self._store.insert_facts(_placeholders(plan))

    def take_out_contacts(self, contact_keys: Sequence[str], hash_text: Callable[[str], str]) -> None:
        """Remove what is kept by contact.

        hash_text: infra.suppressions. The keys do not go into the statement: servers keep what they were asked.
        """
        for table in ("contact_day", "contacts", "touches"):
            self.delete_hashed(table, "contact_key", [hash_text(key) for key in contact_keys])

    def take_out_names_of_visitors(self, contact_keys: Sequence[str], hash_text: Callable[[str], str]) -> None:
        """Remove the rows that show visitors as these contacts. Newer rows show them as nobody known, or soon will."""
        self.delete_hashed("contacts", "identified_as", [hash_text(key) for key in contact_keys])

    def delete_hashed(self, table: str, text: str, hashes: Sequence[str]) -> None:
        """Remove the rows whose text, an SQL expression, has one of these keyed hashes."""
        if hashes:
            told = ", ".join(f"'{one}'" for one in sorted(hashes))
            self._delete(table, f"{hashed(text)} IN ({told})")

    def _delete(self, table: str, condition: str) -> None:
        count = int(self._clickhouse.statement(f"SELECT count() FROM {table} WHERE {condition}"))
        if count:
            # Not a lightweight DELETE: that leaves the bytes where they are.
            self._clickhouse.statement(f"ALTER TABLE {table} DELETE WHERE {condition} SETTINGS mutations_sync = 2")
        self.removed[table] = self.removed.get(table, 0) + count

    # --- afterwards ---------------------------------------------------------------------------------------------

    def compute_again(self, plan: Plan) -> None:
        """Compute the plan's contact-days from the touches that there are now; what no longer results goes."""
        days = _table(_DAYS, sorted(plan.days))
        epoch = -1
        while epoch != (state := self._store.directory_state()).epoch:
            epoch = state.epoch
            directory = replace(fold(self._store.facts()), epoch=epoch)
            for some in in_slices(days):
                keys = with_siblings(some, directory)
                bound_now = self._store.bound_groups(keys)
                rows = bind_groups(self._store.recompute(keys), directory)
                self._store.insert_contact_days(pa.concat_tables([rows, tombstones(bound_now, rows, epoch)]))

    def done(self, plan: Plan) -> None:
        """Nothing of the plan is left to do."""
        runs = ", ".join(f"toUUID('{run}')" for run in sorted({plan.run_id, *plan.runs}))
        condition = f"run_id IN ({runs})"
        self._clickhouse.statement(f"ALTER TABLE erasure_pending DELETE WHERE {condition} SETTINGS mutations_sync = 2")

    def _keep_successors(self, changes: Sequence[Change]) -> None:
        """A dead letter that was closed stays closed under the new ids of its body and of what it was sent again as."""
        of_old = {change.old.record_id: change for change in changes}
        columns = ("record_id", "position", "event_id", "content", "sent_as")
        kept = []
        for row in self._clickhouse.query("erasure_successors", batch=_records(of_old)).to_pylist():
            letter, sent = of_old.get(row["record_id"]), of_old.get(row["sent_as"])
            if (letter and letter.new is None) or (sent and sent.new is None):
                continue
            event: Reread = Identity(row["event_id"], row["content"])
            if sent and sent.new:
                events = read_again(sent.new.body, sent.new.origin(), facts=sent.new.topic == FACTS)
                event = events[row["position"] if row["sent_as"] == row["record_id"] else 0]
            if isinstance(event, Identity):
                record = letter.new.record_id if letter and letter.new else row["record_id"]
                sent_as = sent.new.record_id if sent and sent.new else row["sent_as"]
                kept.append((record, row["position"], *event, sent_as))
        self._clickhouse.insert_rows("dead_letter_successors", columns, kept)


def _placeholders(plan: Plan) -> list[AnyFact]:
    return [StatementErased(recorded_at=datetime.now(UTC), token=uuid4()) for _ in range(len(plan.facts) + 1)]


def hashed(text: str) -> str:
    """SQL for the keyed hash of a text, an SQL expression; see infra.suppressions."""
    return f"hex(SHA256(concat((SELECT argMin(key, (created_at, key)) FROM erasure_key), {text})))"


def _table(schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    columns: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(column, one.type) for one, column in zip(schema, columns, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _records(ids: Iterable[str]) -> pa.Table:
    return _table(_RECORDS, [(one,) for one in sorted(ids)])

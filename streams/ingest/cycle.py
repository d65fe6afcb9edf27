"""One ingest cycle: its steps in their order. Blocking; the service runs it in a thread."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from threading import Lock
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from infra.clickhouse import ClickHouseUnavailable
from infra.kafka import KafkaUnavailable
from infra.store import Store, in_slices
from models.contact_days import bind_groups, groups_of, tombstones, with_siblings
from models.directory import Directory
from models.people import titles
from models.rebinding import FIRST_DAY, LAST_DAY, ContactChange, affiliations_apart, by_evidence, change, within
from models.touch_table import events_of
from streams.ingest.batch import Batch, Record, Stated, decode_batch
from streams.ingest.disputes import Disputes
from streams.ingest.erase import Erasing
from streams.ingest.knowledge import Knowledge, Unbound
from streams.ingest.left_behind import LeftBehind
from streams.ingest.reports import CycleReport, Settlement


class AccountTouched(NamedTuple):
    """An account got new touches. last_day: the latest business day among them."""

    account_id: str
    last_day: date


@dataclass(slots=True)
class _Stored:
    """What was stored and is not settled yet.

    events: models.touch_table.events_of. dirty: the keys to roll up. received: when the first and the last touch of
    each batch were. known: how many addresses were forgotten when the first of it was archived.
    """

    events: list[pa.Table] = field(default_factory=list)
    dirty: list[pa.Table] = field(default_factory=list)
    received: list[datetime] = field(default_factory=list)
    facts: list[Stated] = field(default_factory=list)
    known: int = 0

    def add(self, batch: Batch, dirty: pa.Table) -> None:
        self.known = min(self.known, batch.known) if self.events else batch.known
        self.events.append(events_of(batch.touches))
        self.dirty.append(dirty)
        self.received += _first_and_last(batch.touches)
        self.facts += batch.facts


class HalfTakenOut(Exception):
    """Bodies were taken out and could not be stored again: the worker has to stop and read their records again."""


class Cycle:
    """Takes batches of records into the store. One per worker; keeps the directory between batches."""

    def __init__(self, store: Store, facts_topic: str, publish: Callable[[list[AccountTouched]], None]) -> None:
        """publish: tells Kafka which accounts were touched, and returns when it has them."""
        self._store = store
        self._facts_topic = facts_topic
        self._publish = publish
        self._erasing = Erasing(store)
        self._disputes = Disputes(store, self._erasing)
        self._knowledge = Knowledge(store)
        self._directory = Directory()
        self._stored = _Stored()
        self._settling: _Stored | None = None  # kept until all of it is settled, as settling may be tried again
        self._taking = Lock()
        self._binding = Lock()  # held by whoever uses the directory

    @property
    def unsettled(self) -> int:
        """Events stored since settle() was last called."""
        return sum(events.num_rows for events in self._stored.events)

    def run(self, records: Sequence[Record]) -> tuple[CycleReport, Settlement]:
        """Decode, archive, store and settle a batch."""
        return self.run_batch(decode_batch(records, self._facts_topic))

    def run_batch(self, batch: Batch) -> tuple[CycleReport, Settlement]:
        """Archive, store and settle what is decoded."""
        return self.store(self.archive(batch)), self.settle()

    def archive(self, batch: Batch) -> Batch:
        """Keep the bodies and what is refused; answers the batch as it is to be stored: without forgotten people.

        A thread of its own may do this while another stores the batch before: nothing is derived from it yet.
        Raises what the store raises; it may then be done again.
        """
        batch = self._erasing.redacted(batch)
        self._archive(batch)
        return batch

    def store(self, batch: Batch) -> CycleReport:
        """Store what was archived. Offsets may be committed once settle() has returned after it.

        A thread of its own may settle meanwhile what was stored before, as another worker might.
        People who were forgotten since the batch was archived are taken out again.
        Raises what the store raises; everything done so far may then be done again.
        """
        report, dirty = self._store_once(batch)
        stored = [(batch, dirty)]
        while (overtaken := self._erasing.overtaken(batch)) is not None:
            batch, plan = overtaken
            self._archive(batch)
            report, dirty = self._store_once(batch)
            stored.append((batch, dirty))
            self._erasing.restored(plan)
        self._is_stored(stored)
        return report

    def _is_stored(self, stored: Sequence[tuple[Batch, pa.Table]]) -> None:
        """Batches, and the keys that they made dirty, are to be settled."""
        with self._taking:
            for batch, dirty in stored:
                self._stored.add(batch, dirty)

    def _store_once(self, batch: Batch) -> tuple[CycleReport, pa.Table]:
        report = CycleReport(
            records=batch.records, facts=len(batch.facts), touches=batch.touches.num_rows, erased=batch.erased
        )
        report.dead.update(letter.reason for letter in batch.dead)
        if batch.facts:
            dirty = self._insert_and_bind(batch, report)
        else:
            with report.timing("insert"):
                dirty = self._insert(batch)
        report.events = events_of(batch.touches).num_rows
        report.median_day = _median_day(dirty)
        return report, dirty

    def settle(self) -> Settlement:
        """Roll up and publish what was stored since the last time, and let the first content of each event id stand.

        A roll-up reads the whole of a contact's day and the look-up of ids most of their index, for many events about
        as much as for few, so that one serves several batches.
        Raises what the store or the publisher raise, and is tried again then; or HalfTakenOut, after which the records
        have to be read again.
        """
        with self._taking:
            if self._settling is None and self._stored.events:
                self._settling, self._stored = self._stored, _Stored()
        taken = self._settling
        if taken is None:
            return Settlement()
        events = pa.concat_tables(taken.events)
        result = Settlement(events=events.num_rows)
        with self._binding:
            bound_to = [self._roll_up_stored(taken, result), self._directory]
        with result.timing("settle"):
            dirty, taken_back = self._disputes.settle(events, result)
        if dirty.num_rows:
            with self._binding:
                self._refresh_directory(rebind=False)
                left = LeftBehind(taken_back=groups_of(taken_back))
                self._publish(self._roll_up_surely(dirty, left))
        shown = _keys_shown(taken, bound_to)
        taken_out = False
        try:
            for batch, plan in self._erasing.overtaken_since(
                taken.known, _records(events, taken.facts), taken.facts, shown
            ):
                self._archive(batch)
                self._is_stored([(batch, self._store_once(batch)[1])])
                self._erasing.restored(plan)
                taken_out = True
        except (ClickHouseUnavailable, KafkaUnavailable) as error:
            # What was taken out is not found again by trying again, but by reading the records again.
            raise HalfTakenOut(f"somebody was forgotten, and then: {error}") from error
        self._settling = None
        if taken_out:  # what is left of those who were forgotten is stored, and to be settled too
            self.settle()
        return result

    def _roll_up_stored(self, taken: "_Stored", result: Settlement) -> Directory:
        """Roll up what was stored, and publish whom it touched; answers the directory that it began with."""
        with result.timing("directory"):
            # The directory is read after the touches are stored: whoever states a fact later rebinds them too.
            self._refresh_directory(rebind=False)
        bound_to = self._directory
        with result.timing("roll_up"):
            keys = pa.concat_tables(taken.dirty).group_by(["contact_key", "day"]).aggregate([])
            # Sorted as the touches are, so that each slice of them reads a part of its own.
            touched = self._roll_up_surely(keys.sort_by([("day", "ascending"), ("contact_key", "ascending")]))
        with result.timing("publish"):
            self._publish(touched)
        if taken.received:
            now = datetime.now(UTC)
            first, last = min(taken.received), max(taken.received)
            result.ages_s = (max(0.0, (now - last).total_seconds()), max(0.0, (now - first).total_seconds()))
        return bound_to

    def _archive(self, batch: Batch) -> None:
        self._store.keep_dead_letters(batch.dead)
        self._store.archive(batch.bodies)

    def _insert(self, batch: Batch) -> pa.Table:
        """Everything else that is stored before anything is derived from it; answers the dirty (contact, day) keys.

        The order is what conflicts are settled by: who sees a claim finds its body, and whoever asks for other claims
        after storing its touches finds all or is found by them.
        """
        self._store.claim_events(batch.touches)
        dirty = self._store.insert_touches(batch.touches)
        if batch.facts:
            facts = self._first_stated(batch.facts)
            # Who finds a fact finds where it comes from.
            self._store.note_fact_sources([stated for stated in facts if stated.record_id])
            self._store.insert_facts([stated.fact for stated in facts])
        return dirty

    def _first_stated(self, facts: Sequence[Stated]) -> list[Stated]:
        """Without what a body states another time than when it was first received.

        A fact may be dated by its receipt, so that the same body received again would state it anew, and later.
        """
        places = self._store.facts_stated_by(sorted({stated.record_id for stated in facts if stated.record_id}))
        found = []
        for stated in facts:
            fact_id = stated.fact.fact_id.hex
            if not stated.record_id or places.setdefault((stated.record_id, stated.position), fact_id) == fact_id:
                found.append(stated)
        return found

    def _insert_and_bind(self, batch: Batch, report: CycleReport) -> pa.Table:
        """_insert, and bind anew what the facts of the batch change."""
        with self._binding:
            with report.timing("directory"):
                # What is bound so far, else nobody could tell what these facts change.
                self._refresh_directory(rebind=False)
            with report.timing("insert"):
                dirty = self._insert(batch)
            with report.timing("directory"):
                self._refresh_directory(rebind=True)
        return dirty

    def _roll_up_surely(self, dirty: pa.Table, left: "LeftBehind | None" = None) -> list[AccountTouched]:
        """_roll_up, under the directory that holds when it is done."""
        touched = self._roll_up(dirty, left)
        while dirty.num_rows and self._store.directory_state().epoch != self._directory.epoch:
            # Another worker bound these days anew while we rolled them up: what we wrote may be what it left behind.
            dirty = with_siblings(dirty, self._directory)
            left = (left or LeftBehind())._replace(before=self._directory)
            self._refresh_directory(rebind=False)
            touched = self._roll_up(dirty, left)
        return touched

    def _roll_up(self, dirty: pa.Table, left: "LeftBehind | None" = None) -> list[AccountTouched]:
        """Recompute the contact-days of the dirty keys. left: mark as gone what no longer results from them."""
        last_days: dict[str, date] = {}
        for some in in_slices(dirty):
            keys = with_siblings(some, self._directory)
            bound = [] if left is None else [self._store.bound_groups(keys)]
            groups = self._store.recompute(keys)
            rows = bind_groups(groups, self._directory)
            if left is not None:
                bound += left.written_late(groups, keys, self._directory)
            gone = [tombstones(pa.concat_tables(bound), rows, self._directory.epoch)] if bound else []
            self._store.insert_contact_days(pa.concat_tables([rows, *gone]))
            for account_id, day in _last_days(rows):
                last_days[account_id] = max(day, last_days.get(account_id, day))
        return [AccountTouched(account, day) for account, day in sorted(last_days.items())]

    def _refresh_directory(self, *, rebind: bool) -> None:
        state = self._store.directory_state()
        rebind = rebind and state.bound_facts < state.facts
        before = self._directory
        self._knowledge.read(state)
        directory = self._knowledge.directory
        epoch = directory.epoch + state.corrections
        if self._directory.epoch != epoch or self._directory.people is not directory.people:
            self._directory = replace(directory, epoch=epoch)
        if rebind and state.bound_facts < self._knowledge.facts:
            # After a crash between storing and binding nobody knows the directory that was bound to: bind all anew.
            self._rebind(self._knowledge.unbound(state.bound_facts), before, state.titles)

    def _rebind(self, unbound: Unbound | None, before: Directory, titles_read: int) -> None:
        """Bind every contact-day that the new directory binds differently, and mark the left behind ones as gone.

        unbound: what is not bound yet, None if nobody knows. before: what somebody who sleeps may be binding to then.
        titles_read: by which version of the table the titles of the contacts shown were read.
        """
        facts, new = self._knowledge.facts, self._directory
        news = unbound and unbound.news
        if news is not None and titles_read < titles.VERSION:
            # Another version may read the title of anybody otherwise.
            news = replace(news, people=set(new.people))
        self._store.project_directory(new, news)
        if unbound is None:
            for dirty in self._store.every_contact_day(list(new.people)):
                self._roll_up_surely(dirty, LeftBehind(before))
        else:
            for dirty in self._bound_by(unbound, new):
                self._roll_up_surely(dirty, LeftBehind(unbound.old))
        self._store.mark_bound(facts)

    def _bound_by(self, unbound: Unbound, new: Directory) -> Iterator[pa.Table]:
        """The (contact, day) keys that the new directory binds differently, with those whose rows they were part of."""
        old, news = unbound.old, unbound.news
        if news is not None and not unbound.exactly:
            # Another worker bound some of it, perhaps to what does not hold any more: all that it can have touched.
            if people := sorted(news.people):
                whole = [ContactChange(key, FIRST_DAY, LAST_DAY) for key in people]
                yield with_siblings(self._store.contact_days_between(whole), old)
                # As whom it counted them only its rows tell.
                yield self._store.contact_days_as(people)
            return
        changed = change(old, new, None if news is None else news.people)
        if changed.contacts:
            yield with_siblings(self._store.contact_days_between(changed.contacts), old)
        under = self._store.affiliations_under(changed.names) if changed.names else []
        for days, affiliations in affiliations_apart(under, old, new).items():
            keys = within(self._store.contact_days_of(affiliations), days)
            yield with_siblings(by_evidence(keys, old, new), old)


def _last_days(rows: pa.Table) -> list[tuple[str, date]]:
    """The last business day of each account in contact-days."""
    found = rows.group_by("account_id").aggregate([("day", "max")])
    accounts = zip(found.column("account_id").to_pylist(), found.column("day_max").to_pylist(), strict=True)
    return [(account_id, day) for account_id, day in accounts if account_id]


def _records(events: pa.Table, facts: Sequence[Stated]) -> Iterator[str]:
    """The bodies that these events and facts came in; asked for only if need be."""
    yield from pc.unique(events.column("record_id")).to_pylist()
    yield from (stated.record_id for stated in facts if stated.record_id)


def _keys_shown(taken: _Stored, directories: Sequence[Directory]) -> Iterator[str]:
    """The contact keys that contact-days of these touches have under these directories; asked for only if need be."""
    for key in pc.unique(pa.concat_tables(taken.dirty).column("contact_key")).to_pylist():
        yield key
        yield from (person.contact_key for one in directories if (person := one.people.get(key)))


def _first_and_last(touches: pa.Table) -> list[datetime]:
    """When the first and the last of these touches were received; nothing where there are none."""
    received = pc.min_max(touches.column("received_at")).as_py()
    return [] if received["min"] is None else [received["min"], received["max"]]


def _median_day(dirty: pa.Table) -> date | None:
    if not dirty.num_rows:
        return None
    day: date = dirty.column("day").sort()[dirty.num_rows // 2].as_py()
    return day

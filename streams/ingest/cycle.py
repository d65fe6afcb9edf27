"""One ingest cycle: its steps in their order. Blocking; the service runs it in a thread."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from infra.store import Store, in_slices
from models.conflicts import Arrival, repetition, settle
from models.contact_days import bind_groups, changed_evidence, tombstones
from models.directory import Directory, fold
from models.facts import AnyFact
from models.outcomes import Reason
from models.touch_table import events_of, touch_table
from streams.ingest.batch import Batch, Record, decode_batch
from streams.ingest.erase import Erasing
from streams.ingest.supersede import supersede


class AccountTouched(NamedTuple):
    """An account got new touches. last_day: the latest business day among them."""

    account_id: str
    last_day: date


@dataclass(slots=True)
class CycleReport:
    """What one cycle did. events: that arrived and were valid, duplicates and conflicts among them.

    erased: events and facts left out for people who were erased. dead: by reason. median_day: of the business days it
    touched, None where it touched none.
    """

    records: int = 0
    events: int = 0
    duplicates: int = 0
    touches: int = 0
    erased: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    facts: int = 0
    median_day: date | None = None


class Cycle:
    """Takes batches of records into the store. One per worker; keeps the directory between batches."""

    def __init__(self, store: Store, facts_topic: str, publish: Callable[[list[AccountTouched]], None]) -> None:
        """publish: tells Kafka which accounts were touched, and returns when it has them."""
        self._store = store
        self._facts_topic = facts_topic
        self._publish = publish
        self._erasing = Erasing(store)
        self._directory = Directory()
        self._facts = 0  # of which the directory is the fold
        self._side = ThreadPoolExecutor(1, thread_name_prefix="ingest-side")

    def run(self, records: Sequence[Record]) -> CycleReport:
        """Decode and store a batch; see store."""
        return self.store(decode_batch(records, self._facts_topic))

    def store(self, batch: Batch) -> CycleReport:
        """Store, settle conflicts, roll up, publish. When this returns the records' offsets may be committed.

        People who are forgotten are left out, and taken out again where that was while the batch was stored.
        Raises what the store or the publisher raise; everything done so far may then be done again.
        """
        batch = self._erasing.redacted(batch)
        report = self._store_once(batch)
        while (overtaken := self._erasing.overtaken(batch)) is not None:
            batch, plan = overtaken
            report = self._store_once(batch)
            self._erasing.restored(plan)
        return report

    def _store_once(self, batch: Batch) -> CycleReport:
        report = CycleReport(
            records=batch.records, facts=len(batch.facts), touches=batch.touches.num_rows, erased=batch.erased
        )
        report.dead.update(letter.reason for letter in batch.dead)
        dirty = self._insert(batch)
        taken_back = self._settle(batch.touches, report)
        dirty = pa.concat_tables([dirty, *taken_back])
        # The directory is read after the touches are stored: whoever states a fact later rebinds them too.
        self._refresh_directory(rebind=bool(batch.facts))
        touched = self._roll_up(dirty, replacing=bool(taken_back))
        while dirty.num_rows and self._store.directory_state().epoch != self._directory.epoch:
            # Another worker bound these days anew while we rolled them up: what we wrote may be what it left behind.
            self._refresh_directory(rebind=False)
            touched = self._roll_up(dirty, replacing=True)
        self._publish(touched)
        report.events = int(pc.sum(batch.touches.column("first")).as_py() or 0)
        report.median_day = _median_day(dirty)
        return report

    def _insert(self, batch: Batch) -> pa.Table:
        """Everything that is stored before anything is derived from it; answers the dirty (contact, day) keys.

        The order is what conflicts are settled by: who sees a claim finds its body, and whoever asks for rival claims
        after storing its touches finds all or is found by them.
        """
        dead = self._side.submit(self._store.keep_dead_letters, batch.dead)
        self._store.archive(batch.bodies)
        self._store.claim_events(batch.touches)
        dirty = self._store.insert_touches(batch.touches)
        if batch.facts:
            self._store.insert_facts(batch.facts)
        dead.result()
        return dirty

    def _settle(self, touches: pa.Table, report: CycleReport) -> list[pa.Table]:
        """Count what had arrived before; take back what lost its id to other content, and answer its dirty keys."""
        rivals = self._store.rivals(touches)
        events = events_of(touches)
        if not rivals and pc.count_distinct(events.column("event_id")).as_py() == events.num_rows:
            return []
        columns = (events.column(name).to_pylist() for name in Arrival._fields)
        mine = list(map(Arrival._make, zip(*columns, strict=True)))
        repeated = repetition(mine, rivals)
        report.duplicates = repeated.duplicates
        if not repeated.disputed:
            return []
        conflicts = settle(mine, self._store.arrivals(sorted(repeated.disputed)))
        standing = {conflict.winner.event_id: conflict.winner for conflict in conflicts}
        for arrival in mine:
            if (winner := standing.get(arrival.event_id)) is not None:
                lost = arrival.content != winner.content
                report.dead.update([Reason.CONFLICTING_DUPLICATE] if lost else [])
                report.duplicates += not lost and arrival != winner
        found = supersede(self._store, conflicts)
        dirty = [
            self._store.take_back_touches(found.gone),
            self._store.insert_touches(touch_table(found.standing)),
        ]
        self._store.keep_verdicts(found.refused)
        self._store.add_corrections(found.corrections)
        return dirty

    def _roll_up(self, dirty: pa.Table, *, replacing: bool = False) -> list[AccountTouched]:
        """Recompute the contact-days of the dirty keys. replacing: mark as gone what no longer results from them."""
        last_days: dict[str, date] = {}
        for keys in in_slices(dirty):
            bound_now = self._store.bound_groups(keys) if replacing else None
            rows = bind_groups(self._store.recompute(keys), self._directory)
            gone = [] if bound_now is None else [tombstones(bound_now, rows, self._directory.epoch)]
            self._store.insert_contact_days(pa.concat_tables([rows, *gone]))
            for account_id, day in _last_days(rows):
                last_days[account_id] = max(day, last_days.get(account_id, day))
        return [AccountTouched(account, day) for account, day in sorted(last_days.items())]

    def _refresh_directory(self, *, rebind: bool) -> None:
        state = self._store.directory_state()
        rebind = rebind and state.bound_facts < state.facts
        if state.facts == self._facts and not rebind:
            if state.epoch != self._directory.epoch:
                self._directory = replace(self._directory, epoch=state.epoch)
            return
        facts: list[AnyFact] = self._store.facts()
        old, old_facts = self._directory, self._facts
        folded = fold(facts)
        self._facts = folded.epoch
        self._directory = replace(folded, epoch=folded.epoch + state.corrections)
        if rebind and state.bound_facts < self._facts:
            # After a crash between storing and binding nobody knows the directory that was bound to: bind all anew.
            self._rebind(old if old_facts == state.bound_facts else None)

    def _rebind(self, old: Directory | None) -> None:
        """Bind every contact-day that the new directory binds differently, and mark the left behind ones as gone."""
        new = self._directory
        self._store.project_directory(new)
        affiliations = self._store.affiliations()
        if old is None:
            changed, contacts = affiliations, list(new.contacts)
        else:
            changed, contacts = changed_evidence(old, new, affiliations)
        if changed or contacts:
            self._roll_up(self._store.contact_days_of(changed, contacts), replacing=True)
        self._store.mark_bound(self._facts)


def _last_days(rows: pa.Table) -> list[tuple[str, date]]:
    """The last business day of each account in contact-days."""
    found = rows.group_by("account_id").aggregate([("day", "max")])
    accounts = zip(found.column("account_id").to_pylist(), found.column("day_max").to_pylist(), strict=True)
    return [(account_id, day) for account_id, day in accounts if account_id]


def _median_day(dirty: pa.Table) -> date | None:
    if not dirty.num_rows:
        return None
    day: date = dirty.column("day").sort()[dirty.num_rows // 2].as_py()
    return day

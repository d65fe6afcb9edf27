"""One ingest cycle: its steps in their order. Blocking; the service runs it in a thread."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from infra.store import Store, in_slices
from models.contact_days import bind_groups, changed_evidence, tombstones
from models.directory import Directory, fold
from models.facts import AnyFact
from streams.ingest.batch import Batch, Record, Sorted, decode_batch, sort_events


class AccountTouched(NamedTuple):
    """An account got new touches. last_day: the latest business day among them."""

    account_id: str
    last_day: date


@dataclass(slots=True)
class CycleReport:
    """What one cycle did, in events. median_day: of the business days it touched, None where it touched none."""

    records: int = 0
    events: int = 0
    duplicates: int = 0
    touches: int = 0
    dead: dict[str, int] = field(default_factory=dict)
    facts: int = 0
    median_day: date | None = None


class Cycle:
    """Takes batches of records into the store. One per worker; keeps the directory between batches."""

    def __init__(self, store: Store, facts_topic: str, publish: Callable[[list[AccountTouched]], None]) -> None:
        """publish: tells Kafka which accounts were touched, and returns when it has them."""
        self._store = store
        self._facts_topic = facts_topic
        self._publish = publish
        self._directory = Directory()
        self._side = ThreadPoolExecutor(2, thread_name_prefix="ingest-side")

    def run(self, records: Sequence[Record]) -> CycleReport:
        """Decode and store a batch; see store."""
        return self.store(decode_batch(records, self._facts_topic))

    def store(self, batch: Batch) -> CycleReport:
        """Store, roll up, publish, register. When this returns the records' offsets may be committed.

        Raises what the store or the publisher raise; everything done so far may then be done again.
        """
        report = CycleReport(records=batch.records, facts=len(batch.facts))
        known = self._store.known_events(list({event.reading.event_id for event in batch.events}))
        sorted_ = sort_events(batch, known)
        dirty = self._insert(sorted_, batch.facts)
        # The directory is read after the touches are stored: whoever states a fact later rebinds them too.
        self._refresh_directory(rebind=bool(batch.facts))
        touched = self._roll_up(dirty)
        while dirty and self._store.directory_state()[0] != self._directory.epoch:
            # Another worker bound these days anew while we rolled them up: what we wrote may be what it left behind.
            self._refresh_directory(rebind=False)
            touched = self._roll_up(dirty, replace=True)
        self._publish(touched)
        self._store.register_events(sorted_.fresh)
        report.events, report.duplicates = len(sorted_.fresh), sorted_.duplicates
        report.touches = len(sorted_.touches)
        report.median_day = sorted(day for _, day in dirty)[len(dirty) // 2] if dirty else None
        for letter in sorted_.dead:
            report.dead[letter.reason] = report.dead.get(letter.reason, 0) + 1
        return report

    def _insert(self, batch: Sorted, facts: Sequence[AnyFact]) -> list[tuple[str, date]]:
        """Everything that is stored before anything is derived from it; answers the dirty (contact, day) keys.

        The tables do not depend on each other, so they are written side by side.
        """
        others = [
            self._side.submit(self._store.archive, batch.bodies),
            self._side.submit(self._store.keep_dead_letters, batch.dead),
        ]
        dirty = self._store.insert_touches(batch.touches, batch.touch_records)
        if facts:
            self._store.insert_facts(facts)
        for other in others:
            other.result()
        return dirty

    def _roll_up(self, dirty: Sequence[tuple[str, date]], *, replace: bool = False) -> list[AccountTouched]:
        """Recompute the contact-days of the dirty keys. replace: mark as gone what no longer results from them."""
        last_days: dict[str, date] = {}
        for keys in in_slices(dirty):
            bound_now = self._store.bound_groups(keys) if replace else []
            rows = bind_groups(self._store.recompute(keys), self._directory)
            self._store.insert_contact_days([*rows, *tombstones(bound_now, rows, self._directory.epoch)])
            for row in rows:
                if row.account_id:
                    last_days[row.account_id] = max(row.day, last_days.get(row.account_id, row.day))
        return [AccountTouched(account, day) for account, day in sorted(last_days.items())]

    def _refresh_directory(self, *, rebind: bool) -> None:
        epoch, bound_epoch = self._store.directory_state()
        if epoch == self._directory.epoch and not (rebind and bound_epoch < epoch):
            return
        facts: list[AnyFact] = self._store.facts()
        old, self._directory = self._directory, fold(facts)
        if rebind and bound_epoch < self._directory.epoch:
            # After a crash between storing and binding nobody knows the directory that was bound to: bind all anew.
            self._rebind(old if old.epoch == bound_epoch else None)

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
            self._roll_up(self._store.contact_days_of(changed, contacts), replace=True)
        self._store.mark_bound(new.epoch)

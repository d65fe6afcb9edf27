"""Keeping forgotten people out of what a cycle stores, whenever in the cycle they were forgotten."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from threading import Lock

import pyarrow as pa
import pyarrow.compute as pc

from infra.kafka import FACTS
from infra.purge import Change, Plan, Purge, without
from infra.store import ArchivedBody, Store, archived_bodies
from infra.suppressions import Suppressions
from models.erasure import Suppressed
from models.facts import people_in
from models.sources.fact_records import without_forgotten
from models.touch_table import TouchRow
from streams.ingest.batch import Batch, Record, Stated, decode_batch, together

_BODIES_AT_ONCE = 1_000
_NOBODY = Suppressed("", ())


class Erasing:
    """One per cycle runner; keeps the suppressions between batches. While there are none it costs one count.

    Two threads may use it: what one has just learnt of the forgotten, the other may know already.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._suppressions = Suppressions(store.clickhouse)
        self._suppressed = _NOBODY
        self._looking = Lock()

    def redacted(self, batch: Batch) -> Batch:
        """The batch as it is to be stored: without the people who are forgotten by now."""
        suppressed = self._look()
        return replace(self._without(batch, suppressed)[0] if suppressed else batch, known=len(suppressed))

    def overtaken(self, batch: Batch) -> tuple[Batch, Plan] | None:
        """What to do when somebody was forgotten since the batch was redacted; None when nobody in it was.

        What was stored of them is gone when this returns. The answer is to be stored: the batch without them, and the
        bodies whose events are disputed with it. Then call restored.
        """
        suppressed = self._look()
        return self._taken_out(batch, suppressed) if len(suppressed) != batch.known else None

    def overtaken_since(
        self, known: int, records: Iterable[str], facts: list[Stated], rolled_up: Iterable[str]
    ) -> Iterator[tuple[Batch, Plan]]:
        """The same for bodies and facts that were stored when `known` addresses were forgotten, and settled since.

        records: their bodies' record_ids. rolled_up: the contact keys of the contact-days that were computed of them,
        as these may name somebody whose bodies are gone by now.
        """
        suppressed = self._look()
        if len(suppressed) == known:
            return
        shown = sorted(key for key in rolled_up if suppressed.names(key))
        Purge(self._store).take_out_contacts(shown, self._suppressions.hash_text)
        record_ids = sorted(set(records))
        for start in range(0, max(len(record_ids), 1), _BODIES_AT_ONCE):
            bodies = self._store.archived_bodies(record_ids[start : start + _BODIES_AT_ONCE])
            batch = decode_batch([_record(body) for body in bodies.values()], FACTS)
            if start == 0:
                batch.facts = [*batch.facts, *facts]
            if (taken_out := self._taken_out(batch, suppressed)) is not None:
                yield taken_out

    def _taken_out(self, batch: Batch, suppressed: Suppressed) -> tuple[Batch, Plan] | None:
        batch = replace(batch, known=len(suppressed))
        left, changes = self._without(batch, suppressed)
        kept = {stated.fact.fact_id for stated in left.facts}
        facts = [stated.fact for stated in batch.facts if stated.fact.fact_id not in kept]
        if not changes and not facts:
            return None
        purge, plan = Purge(self._store), Plan()
        plan.forgotten = {*_forgotten(batch, suppressed), *_stated_of(batch, suppressed)}
        purge.note(plan, changes, sorted(plan.forgotten))
        purge.take_out(plan)
        purge.take_out_contacts(sorted(plan.forgotten), self._suppressions.hash_text)
        purge.take_out_statements(plan, facts)
        stored = set(left.bodies.column("record_id").to_pylist())
        again = self._store.archived_bodies(sorted(plan.again - stored)).values()
        # Another purge may not have come to these yet.
        return _together(left, self._without(decode_batch(list(map(_record, again)), FACTS), suppressed)[0]), plan

    def remembered(self, rows: Sequence[TouchRow]) -> list[TouchRow]:
        """Touches to store again, without the people who are forgotten: their bodies may not be purged yet."""
        suppressed = self._look()
        return [row for row in rows if not suppressed or not suppressed.names(row[0])]

    def restored(self, plan: Plan) -> None:
        """What was to be stored after overtaken is stored."""
        purge = Purge(self._store)
        # Visitors who were known as them have been bound anew, with tombstones under the forgotten key.
        purge.take_out_contacts(sorted(plan.forgotten), self._suppressions.hash_text)
        purge.take_out_names_of_visitors(sorted(plan.forgotten), self._suppressions.hash_text)
        purge.compute_again(plan)
        purge.done(plan)

    def _look(self) -> Suppressed:
        """Who is forgotten by now. What is done with the answer goes by it, whatever another thread learns then."""
        with self._looking:
            if self._suppressions.count() != len(self._suppressed):
                self._suppressed = self._suppressions.load()
            return self._suppressed

    def _without(self, batch: Batch, suppressed: Suppressed) -> tuple[Batch, list[Change]]:
        """The batch without forgotten people, and how its bodies change."""
        bodies = archived_bodies(batch.bodies)
        changes = [Change(body, new) for body in bodies if (new := without(body, suppressed)) is not body]
        left = batch
        if changes:
            left = _leave_out(left, [change.old.record_id for change in changes])
            left = _together(left, decode_batch([_record(change.new) for change in changes if change.new], FACTS))
        forgotten = _forgotten(left, suppressed)
        named = left.touches.filter(pc.is_in(left.touches.column("contact_key"), pa.array(forgotten, pa.string())))
        ids = set(named.column("record_id").to_pylist())
        ids |= {one.record_id for one in left.facts if any(map(suppressed.names, people_in(one.fact)))} - {""}
        if ids:
            # Named in a way that redaction does not know: the body goes as a whole.
            changes = [one._replace(new=None) if one.new and one.new.record_id in ids else one for one in changes]
            changes += [Change(body, None) for body in bodies if body.record_id in ids]
            left = _leave_out(left, sorted(ids))
            left.erased += len(ids)
        facts = [one for stated in left.facts for one in _left_of(stated, suppressed)]
        return replace(left, facts=facts, erased=left.erased + len(left.facts) - len(facts)), changes


def _forgotten(batch: Batch, suppressed: Suppressed) -> list[str]:
    return [key for key in pc.unique(batch.touches.column("contact_key")).to_pylist() if suppressed.names(key)]


def _stated_of(batch: Batch, suppressed: Suppressed) -> Iterator[str]:
    """The forgotten among those of whom facts speak."""
    return (key for stated in batch.facts for key in people_in(stated.fact) if suppressed.names(key))


def _left_of(stated: Stated, suppressed: Suppressed) -> Sequence[Stated]:
    left = without_forgotten(stated.fact, suppressed)
    return () if left is None else (stated._replace(fact=left),)


def _record(body: ArchivedBody) -> Record:
    headers = tuple(body.origin().to_headers())
    return Record(body.topic, body.partition, body.offset, body.received_us // 1000, headers, body.body)


def _leave_out(batch: Batch, record_ids: Sequence[str]) -> Batch:
    gone, ids = set(record_ids), pa.array(record_ids, pa.string())
    return replace(
        batch,
        bodies=batch.bodies.filter(pc.invert(pc.is_in(batch.bodies.column("record_id"), ids))),
        touches=batch.touches.filter(pc.invert(pc.is_in(batch.touches.column("record_id"), ids))),
        facts=[stated for stated in batch.facts if stated.record_id not in gone],
        dead=[letter for letter in batch.dead if letter.record_id not in gone],
    )


def _together(one: Batch, other: Batch) -> Batch:
    """Two batches as one; records count once."""
    return replace(together([one, other]), records=one.records, known=one.known)

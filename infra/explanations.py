"""What the tables have of one contact, of one event, and of the bodies that state facts: what explains a binding."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

import pyarrow as pa

from infra.clickhouse import ClickHouse

_RECORDS = pa.schema([("record_id", pa.string())])
_CONTACTS = pa.schema([("contact_key", pa.string())])
_FACTS = pa.schema([("fact_id", pa.string())])


class Evidence(NamedTuple):
    """What touches of a contact tell of her company. touches: how many carry it, those by machines among them."""

    affiliation: str
    touches: int
    machine_touches: int
    touches_on_day: int
    first_day: date
    last_day: date


class EventTouch(NamedTuple):
    """One touch of an event. machine: '' for a person. is_deleted: 1 where it was taken back."""

    contact_key: str
    day: date
    occurred_at: datetime
    kind: str
    action: str
    direction: str
    affiliation: str
    machine: str
    subject: str
    source: str
    record_id: str
    is_deleted: int


class Place(NamedTuple):
    """Under what a body was received, and where Kafka had it. record_id: 32 hex digits."""

    record_id: str
    source: str
    adapter: str
    received_at: datetime
    topic: str
    partition: int
    offset: int


class StatedBy(NamedTuple):
    """A body that states a fact, and where in it. place: None where the archive does not have it any more."""

    record_id: str
    position: int
    place: Place | None


class Explanations:
    """Reads only. Nothing of it knows whom anything binds."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse

    def evidence_of(self, contact_key: str, day: date) -> list[Evidence]:
        """What touches of the contact carry, the most frequent first; touches_on_day: on this one."""
        wanted = pa.Table.from_arrays([pa.array([contact_key], pa.string())], schema=_CONTACTS)
        rows = self._clickhouse.query("evidence_of_contact", {"day": day}, wanted=wanted)
        return [Evidence(**row) for row in rows.to_pylist()]

    def touches_of(self, event_id: str) -> list[EventTouch]:
        """Of an event, 32 hex digits; by contact."""
        rows = self._clickhouse.query("touches_of_event", {"event_id": event_id})
        return sorted((EventTouch(**row) for row in rows.to_pylist()), key=lambda one: (one.contact_key, one.day))

    def places(self, record_ids: Iterable[str]) -> dict[str, Place]:
        """Where bodies came from, by their ids; those that the archive does not have are left out."""
        ids = sorted(set(record_ids))
        if not ids:
            return {}
        batch = pa.Table.from_arrays([pa.array(ids, pa.string())], schema=_RECORDS)
        return {
            row["record_id"]: Place(**row) for row in self._clickhouse.query("archived_places", batch=batch).to_pylist()
        }

    def stated_by(self, fact_ids: Iterable[str]) -> dict[str, list[StatedBy]]:
        """Which bodies state facts, by the ids of these, 32 hex digits; a fact of the topic `facts` has none."""
        ids = sorted(set(fact_ids))
        if not ids:
            return {}
        batch = pa.Table.from_arrays([pa.array(ids, pa.string())], schema=_FACTS)
        rows = self._clickhouse.query("bodies_stating", batch=batch).to_pylist()
        places = self.places(row["record_id"] for row in rows)
        found: dict[str, list[StatedBy]] = {}
        for row in rows:
            record = row["record_id"]
            found.setdefault(row["fact_id"], []).append(StatedBy(record, row["position"], places.get(record)))
        return found

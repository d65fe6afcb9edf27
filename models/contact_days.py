"""Binding contact-days to accounts: the pure step between the grouped touches and the base aggregate."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from models.directory import Directory

_COUNT_BITS = 32


class Group(NamedTuple):
    """Touches of one contact, day, affiliation, kind, action and direction."""

    contact_key: str
    day: date
    affiliation: str
    kind: str
    action: str
    direction: str
    touches: int
    machine_touches: int
    first_at: datetime
    last_at: datetime


class ContactDay(NamedTuple):
    """One row of the base aggregate; see the table contact_day."""

    account_id: str
    day: date
    contact_key: str
    kind: str
    action: str
    direction: str
    bound_by: str
    touches: int
    machine_touches: int
    first_at: datetime
    last_at: datetime
    version: int
    is_deleted: int


Key = tuple[str, date, str, str, str, str]


def version(epoch: int, touches_read: int) -> int:
    """A version that only grows with what was known: the directory's epoch first, then the touches read.

    Taken from the snapshot and not from a clock, so that a worker that slept cannot overwrite what is newer.
    """
    return (epoch << _COUNT_BITS) | min(touches_read, (1 << _COUNT_BITS) - 1)


def bind_groups(groups: Iterable[Group], directory: Directory) -> list[ContactDay]:
    """Bind each group to its account and sum the groups that fall into the same contact-day."""
    rows: dict[Key, ContactDay] = {}
    for group in groups:
        account_id, bound_by = directory.bind(group.contact_key, group.affiliation)
        key = (account_id, group.day, group.contact_key, group.kind, group.action, group.direction)
        evidence: str = bound_by
        before = rows.get(key)
        touches, machines = group.touches, group.machine_touches
        first_at, last_at = group.first_at, group.last_at
        if before is not None:  # one contact, two pieces of evidence for the same account on one day
            touches += before.touches
            machines += before.machine_touches
            first_at, last_at = min(first_at, before.first_at), max(last_at, before.last_at)
            evidence = min(evidence, before.bound_by)  # any fixed choice, whatever the order
        rows[key] = ContactDay(
            *key, evidence, touches, machines, first_at, last_at, version(directory.epoch, touches + machines), 0
        )
    return list(rows.values())


def tombstones(bound_now: Iterable[Key], rows: Iterable[ContactDay], epoch: int) -> list[ContactDay]:
    """Rows that mark as gone what is stored for the recomputed contact-days but no longer results from them."""
    kept = {row[:6] for row in rows}
    return [
        ContactDay(*key, "unbound", 0, 0, _NEVER, _NEVER, version(epoch, 0), 1) for key in bound_now if key not in kept
    ]


_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def changed_evidence(old: Directory, new: Directory, affiliations: Iterable[str]) -> tuple[list[str], list[str]]:
    """What binds differently under the new directory: affiliations, and contacts declared by name."""
    changed = [a for a in affiliations if old.bind("", a) != new.bind("", a)]
    contacts = [
        key
        for key in {**old.contacts, **new.contacts}
        if _declared_account(old.contacts, key) != _declared_account(new.contacts, key)
    ]
    return changed, contacts


def _declared_account(contacts: Mapping[str, object], key: str) -> str | None:
    declared = contacts.get(key)
    return getattr(declared, "account_id", None)

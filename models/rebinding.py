"""What a newer directory binds differently: names, contacts and days, so that nothing else is recomputed."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

import pyarrow as pa

from models.directory import Directory, Person

# The first and last day that the store knows.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2149, 6, 6)


class ContactChange(NamedTuple):
    """A contact whose touches count differently, whatever evidence they carry. first, last: days, both included."""

    contact_key: str
    first: date
    last: date


class Change(NamedTuple):
    """names: domains, names of organizations, and `corp:` with a number, that stand for somebody else than before."""

    names: frozenset[str]
    contacts: tuple[ContactChange, ...]


def change(old: Directory, new: Directory, among: Iterable[str] | None = None) -> Change:
    """What changed from one directory to another for those who touch us.

    among: the contact keys whose people may be others now, None if nobody knows which.
    """
    names = [
        *(old.own_domains ^ new.own_domains),
        *_differing(old.by_domain, new.by_domain),
        *_differing(old.by_name, new.by_name),
        *_differing(old.by_company, new.by_company),
        *(f"corp:{number}" for number in _differing(old.by_number, new.by_number)),
    ]
    # Of identified visitors the known address decides, of others a company that was named: both may be another's now.
    keys = {*old.people, *new.people} if among is None or names else among
    return Change(frozenset(names), tuple(_changed_contacts(old, new, keys)))


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    return (name for name in {**old, **new} if old.get(name) != new.get(name))


def _changed_contacts(old: Directory, new: Directory, keys: Iterable[str]) -> Iterator[ContactChange]:
    for key in keys:
        before, after = (directory.people.get(key) or Person(key, ()) for directory in (old, new))
        if before == after and before.contact_key == key and not before.evidence:
            continue
        starts = sorted(
            {FIRST_DAY, *(one.since for one in (*before.memberships, *after.memberships) if one.since > FIRST_DAY)}
        )
        ends = [*(start - timedelta(days=1) for start in starts[1:]), LAST_DAY]
        for first, last in zip(starts, ends, strict=True):
            if before.contact_key != after.contact_key or old.bind_person(key, first) != new.bind_person(key, first):
                yield ContactChange(key, first, last)


def by_evidence(keys: pa.Table, old: Directory, new: Directory) -> pa.Table:
    """Of (contact_key, day) keys those whose touches count by the evidence they carry, in either directory."""
    contacts = keys.column("contact_key").combine_chunks().dictionary_encode()
    known = [key in old.people or key in new.people for key in contacts.dictionary.to_pylist()]
    if not any(known):
        return keys
    kept = [
        not known[row]
        or old.bind_person(key := contacts.dictionary[row].as_py(), day) is None
        or new.bind_person(key, day) is None
        for row, day in zip(contacts.indices.to_pylist(), keys.column("day").to_pylist(), strict=True)
    ]
    return keys.filter(pa.array(kept, pa.bool_()))

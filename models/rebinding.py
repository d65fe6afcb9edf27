"""What a newer directory binds differently: names, contacts and days, so that nothing else is recomputed."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from models.directory import Binding, Directory, Person

# The first and last day that the store knows.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2149, 6, 6)
# Stretches of days, both ends included, by their days.
Stretches = tuple[tuple[date, date], ...]


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
    otherwise = set(_differing(old.later, new.later))
    if otherwise:
        names += _names_of(otherwise, old)
    keys = {*old.people, *new.people} if among is None or names else among
    return Change(frozenset(names), tuple(_changed_contacts(old, new, keys, otherwise)))


def affiliations_apart(affiliations: Iterable[str], old: Directory, new: Directory) -> dict[Stretches, list[str]]:
    """The evidence that stands for somebody else than before, by the days on which it does."""
    found: dict[Stretches, list[str]] = {}
    for one in affiliations:
        before, after = old.bind_affiliation(one), new.bind_affiliation(one)
        if days := tuple(_apart(old, new, before, after, FIRST_DAY, LAST_DAY)):
            found.setdefault(days, []).append(one)
    return found


def within(keys: pa.Table, days: Stretches) -> pa.Table:
    """Of (contact_key, day) keys those of these days."""
    if days == ((FIRST_DAY, LAST_DAY),):
        return keys
    column, chosen = keys.column("day"), pa.scalar(False)
    for first, last in days:
        chosen = pc.or_(chosen, pc.and_(pc.greater_equal(column, first), pc.less_equal(column, last)))
    return keys.filter(chosen)


def _names_of(accounts: AbstractSet[str], directory: Directory) -> Iterator[str]:
    """All names that stand for these accounts."""
    for names in (directory.by_domain, directory.by_name, directory.by_company):
        yield from (name for name, whose in names.items() if whose in accounts)
    yield from (f"corp:{number}" for number, whose in directory.by_number.items() if whose in accounts)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    return (name for name in {**old, **new} if old.get(name) != new.get(name))


def _apart(
    old: Directory, new: Directory, before: Binding | None, after: Binding | None, first: date, last: date
) -> Iterator[tuple[date, date]]:
    """The days from first to last on which two bindings differ once mergers with a date are followed."""
    later = [
        *(old.later.get(before.account_id, ()) if before else ()),
        *(new.later.get(after.account_id, ()) if after else ()),
    ]
    if before is None or after is None or not later:
        if before != after:
            yield first, last
        return
    starts = sorted({first, *(since for since, _ in later if first < since <= last)})
    ends = [*(start - timedelta(days=1) for start in starts[1:]), last]
    for start, end in zip(starts, ends, strict=True):
        if old.on(start, before) != new.on(start, after):
            yield start, end


def _changed_contacts(
    old: Directory, new: Directory, keys: Iterable[str], otherwise: AbstractSet[str]
) -> Iterator[ContactChange]:
    """otherwise: accounts of which mergers with a date say something else."""
    for key in keys:
        before, after = (directory.people.get(key) or Person(key, ()) for directory in (old, new))
        unmoved = not otherwise or otherwise.isdisjoint(one.account_id for one in before.memberships)
        if before == after and before.contact_key == key and not before.evidence and unmoved:
            continue
        starts = sorted(
            {FIRST_DAY, *(one.since for one in (*before.memberships, *after.memberships) if one.since > FIRST_DAY)}
        )
        ends = [*(start - timedelta(days=1) for start in starts[1:]), LAST_DAY]
        for first, last in zip(starts, ends, strict=True):
            if before.contact_key != after.contact_key:
                yield ContactChange(key, first, last)
                continue
            told = old.bind_person(key, first), new.bind_person(key, first)
            yield from (ContactChange(key, *days) for days in _apart(old, new, *told, first, last))


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

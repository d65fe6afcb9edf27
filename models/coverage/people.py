"""The people of an account, each with what we have to do with her and what the plan says of her."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models.coverage.history import ENGAGED_WITHIN_DAYS, History, Status
from models.people.titles import read_title

SENIORITIES = ("executive", "management", "staff", "unknown")


@dataclass(frozen=True)
class Contact:
    """Who a contact is. contact_key None: a plan names her without an address. seniority: of SENIORITIES."""

    contact_key: str | None
    name: str
    title: str
    department: str
    seniority: str
    function: str


@dataclass(frozen=True)
class Planned:
    """What a plan says of a stakeholder, in the words of models.plan.people. approval_step: from 1, None: not on it."""

    stakeholder: str
    contact_key: str | None
    name: str
    title: str
    department: str
    relationship: str
    decision_role: str
    approval_step: int | None
    owner: str


@dataclass(frozen=True)
class Person:
    """A person of an account as of a day. engaged_days and channels: of 90 days. planned None: not in the plan."""

    contact: Contact
    status: Status
    last_two_way: date | None
    last_engaged: date | None
    engaged_days: int
    channels: tuple[str, ...]
    planned: Planned | None


def people(
    contacts: Sequence[Contact], found: Mapping[str, History] | None, planned: Iterable[Planned], as_of: date
) -> list[Person]:
    """All who are at the account and all whom its plan names, by seniority, function and name.

    found: by contact key; None where the store knows of no touches so early. Of two stakeholders of a plan with one
    contact the first by key counts; a plan should name her once.
    """
    by_contact: dict[str, Planned] = {}
    known = {one.contact_key for one in contacts}
    persons = []
    for one in sorted(planned, key=lambda one: one.stakeholder):
        if one.contact_key is not None and one.contact_key in known:
            by_contact.setdefault(one.contact_key, one)
        else:
            persons.append(Person(_as_planned(one), "missing", None, None, 0, (), one))
    for contact in contacts:
        key = contact.contact_key or ""
        history = (found or {}).get(key, History())
        persons.append(
            Person(
                contact,
                "unknown" if found is None else history.status(as_of),
                history.last_two_way,
                history.last_engaged,
                len(history.engaged_within(ENGAGED_WITHIN_DAYS, as_of)),
                history.channels_within(ENGAGED_WITHIN_DAYS, as_of),
                by_contact.get(key),
            )
        )
    return sorted(persons, key=_order)


def _as_planned(one: Planned) -> Contact:
    read = read_title(one.title, one.department)
    return Contact(one.contact_key, one.name, one.title, one.department, read.seniority, read.function)


def _order(person: Person) -> tuple[int, str, str, str, str]:
    contact, planned = person.contact, person.planned
    key = planned.stakeholder if planned else ""
    return SENIORITIES.index(contact.seniority), contact.function, contact.name, contact.contact_key or "", key

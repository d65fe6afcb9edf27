"""The directory: the fold of all facts, and the binding of a contact to an account on a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple, TypeVar

from models.chains import ends
from models.crm_facts import CrmFact
from models.domains import ancestors, normalise_domain
from models.facts import (
    AccountDeclared,
    AccountMerged,
    AnyFact,
    ContactDeclared,
    OwnDomainDeclared,
    RevenueRecorded,
    VisitorIdentified,
)
from models.freemail import FREE_MAIL_DOMAINS

Key = TypeVar("Key")
Statement = TypeVar("Statement")

BoundBy = Literal["contact", "domain", "organization", "own", "free_mail", "unbound"]


class Binding(NamedTuple):
    """Whom a touch counts for. account_id is '' unless bound by contact, domain or organization."""

    account_id: str
    bound_by: BoundBy


OWN = Binding("", "own")
FREE_MAIL = Binding("", "free_mail")
UNBOUND = Binding("", "unbound")


class Membership(NamedTuple):
    """The account a person is declared for from a day on; None where the domain decides again."""

    since: date
    account_id: str | None


class Person(NamedTuple):
    """Whom a contact key stands for. contact_key: the key she is known by. memberships: by their first day."""

    contact_key: str
    memberships: tuple[Membership, ...]

    def account_on(self, day: date) -> str | None:
        """The account that she is declared for on a day."""
        found = None
        for membership in self.memberships:
            if membership.since > day:
                break
            found = membership.account_id
        return found

    @property
    def address_host(self) -> str | None:
        """The host of her mail address, if that is what she is known by."""
        return self.contact_key.rpartition("@")[2].rstrip(".") if self.contact_key.startswith("mail:") else None


@dataclass(frozen=True)
class Directory:
    """All facts folded. `epoch` counts the facts, so a fold of more facts has a higher one; the store adds to it.

    declared: by contact key and first day. contacts: what was declared for the last of a person's memberships, by the
    key she is known by. merged: what an account is part of in the end. people: by every contact key that any fact ever
    named. dated: those of them whose account depends on the day. keys_of: all keys of a person who has several, by the
    key she is known by.
    """

    epoch: int = 0
    accounts: dict[str, AccountDeclared] = field(default_factory=dict)
    merges: dict[str, AccountMerged] = field(default_factory=dict)
    declared: dict[tuple[str, date | None], ContactDeclared] = field(default_factory=dict)
    identified: dict[str, VisitorIdentified] = field(default_factory=dict)
    revenue: dict[tuple[str, date, str], RevenueRecorded] = field(default_factory=dict)
    own_domains: frozenset[str] = frozenset()
    merged: dict[str, str] = field(default_factory=dict)
    by_domain: dict[str, str] = field(default_factory=dict)
    by_name: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, ContactDeclared] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    dated: frozenset[str] = frozenset()
    keys_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _bindings: dict[str, Binding] = field(default_factory=dict, repr=False, compare=False)
    _undated: dict[str, Binding | None] = field(default_factory=dict, repr=False, compare=False)

    def bind(self, contact_key: str, affiliation: str, day: date) -> Binding:
        """Whom a touch of this contact on this day, with this evidence for its company, counts for."""
        return self.bind_person(contact_key, day) or self.bind_affiliation(affiliation)

    def bind_person(self, contact_key: str, day: date) -> Binding | None:
        """Whom the contact's touches on a day count for, whatever evidence they carry; None where the evidence decides.

        Of an identified visitor the known address says more than where the visit came from.
        """
        person = self.people.get(contact_key)
        if person is None:
            return None
        if contact_key in self.dated:
            return self._bind_person(person, contact_key, day)
        if contact_key not in self._undated:
            self._undated[contact_key] = self._bind_person(person, contact_key, day)
        return self._undated[contact_key]

    def _bind_person(self, person: Person, contact_key: str, day: date) -> Binding | None:
        account_id = person.account_on(day)
        if account_id is not None:
            return Binding(account_id, "contact")
        if person.contact_key != contact_key and (host := person.address_host) is not None:
            by_address = self.bind_affiliation(host)
            return by_address if by_address.bound_by in ("domain", "own") else None
        return None

    def bind_affiliation(self, affiliation: str) -> Binding:
        """Whom the evidence for a company stands for."""
        found = self._bindings.get(affiliation)
        if found is None:
            found = self._bindings[affiliation] = self._bind_affiliation(affiliation)
        return found

    def _bind_affiliation(self, affiliation: str) -> Binding:
        if affiliation.startswith("org:"):
            account_id = self.by_name.get(name_key(affiliation[4:]))
            return Binding(account_id, "organization") if account_id else UNBOUND
        host = normalise_domain(affiliation)
        for name in ancestors(host):
            # The most specific name decides: a declared subdomain may be another's than its parent domain.
            if name in self.own_domains:
                return OWN
            if account_id := self.by_domain.get(name):
                return Binding(account_id, "domain")
            if name in FREE_MAIL_DOMAINS:
                return FREE_MAIL
        return UNBOUND


def name_key(name: str) -> str:
    """Names that differ in capitals and spaces only are one name."""
    return " ".join(name.casefold().split())


def fold(facts: Iterable[AnyFact]) -> Directory:
    """Fold facts, given in any order and any number of times, into the directory.

    Of two statements about the same thing the later recorded holds; at the same time, the one with the higher id, so
    that the result depends on nothing else. What only a CRM tells is left out, and not counted.
    """
    distinct = {fact.fact_id: fact for fact in facts if not isinstance(fact, CrmFact)}
    ordered = [fact for _, fact in sorted(distinct.items(), key=lambda item: (item[1].recorded_at, item[0].int))]
    accounts: dict[str, AccountDeclared] = {}
    merges: dict[str, AccountMerged] = {}
    declared: dict[tuple[str, date | None], ContactDeclared] = {}
    identified: dict[str, VisitorIdentified] = {}
    revenue: dict[tuple[str, date, str], RevenueRecorded] = {}
    own: set[str] = set()
    named: dict[str, None] = {}
    for fact in ordered:
        match fact:
            case AccountDeclared():
                _state(accounts, fact.account_id, fact)
            case AccountMerged():
                _state(merges, fact.account_id, fact)
            case ContactDeclared():
                _state(declared, (fact.contact_key, fact.since), fact)
                named[fact.contact_key] = None
            case VisitorIdentified():
                _state(identified, fact.visitor_key, fact)
                # Also those it no longer names: rows that show them have to follow.
                named |= dict.fromkeys(key for key in (fact.visitor_key, fact.contact_key) if key)
            case RevenueRecorded():
                _state(revenue, (fact.account_id, fact.month, fact.currency), fact)
            case OwnDomainDeclared():
                own.add(fact.domain)
    merged = ends({one.account_id: one.into for one in merges.values() if one.into is not None})
    known_as = ends({one.visitor_key: one.contact_key for one in identified.values() if one.contact_key is not None})
    statements = _by_person(declared, known_as)
    memberships = {
        key: tuple(Membership(day, _end(merged, fact.account_id)) for day, fact in stated.items())
        for key, stated in statements.items()
    }
    people = {key: Person(who := known_as.get(key, key), memberships.get(who, ())) for key in named}
    return Directory(
        epoch=len(ordered),
        accounts=accounts,
        merges=merges,
        declared=declared,
        identified=identified,
        revenue=revenue,
        own_domains=frozenset(own),
        merged=merged,
        by_domain={d: merged.get(a.account_id, a.account_id) for a in accounts.values() for d in a.domains},
        by_name={name_key(a.name): merged.get(a.account_id, a.account_id) for a in accounts.values()},
        contacts={key: list(stated.values())[-1] for key, stated in statements.items()},
        people=people,
        dated=frozenset(key for key, person in people.items() if any(m.since > date.min for m in person.memberships)),
        keys_of=_keys_of(known_as),
    )


def _state(statements: dict[Key, Statement], about: Key, statement: Statement) -> None:
    """Replace what was stated before; a later statement also comes later in the order, and in claims that follow it."""
    statements.pop(about, None)
    statements[about] = statement


def _end(merged: Mapping[str, str], account_id: str | None) -> str | None:
    return None if account_id is None else merged.get(account_id, account_id)


def _by_person(
    declared: Mapping[tuple[str, date | None], ContactDeclared], known_as: Mapping[str, str]
) -> dict[str, dict[date, ContactDeclared]]:
    """What is declared of a person by any of her keys, by first day in their order; the later statement holds."""
    found: dict[str, dict[date, ContactDeclared]] = {}
    for fact in declared.values():
        person = known_as.get(fact.contact_key, fact.contact_key)
        found.setdefault(person, {})[fact.since or date.min] = fact
    return {person: dict(sorted(stated.items())) for person, stated in found.items()}


def _keys_of(known_as: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    keys: dict[str, set[str]] = {}
    for key, person in known_as.items():
        keys.setdefault(person, {person}).add(key)
    return {person: tuple(sorted(found)) for person, found in keys.items()}

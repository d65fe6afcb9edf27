"""The directory: what all facts say together, and the binding of a contact to an account on a day."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

from immutables import Map

from models.domains import ancestors, anybodys, normalise_domain
from models.facts import (
    AccountDeclared,
    AccountMerged,
    ContactAffiliated,
    ContactDeclared,
    ContactDescribed,
    OrganizationMatched,
    RevenueRecorded,
    VisitorIdentified,
)
from models.identity.naming import account_named
from models.mergers import Later, counted_on

_NONE: Map[Any, Any] = Map()

BoundBy = Literal["contact", "corporate_number", "domain", "organization", "own", "free_mail", "unbound"]


class Binding(NamedTuple):
    """Whom a touch counts for. account_id is '' unless bound by contact, corporate number, domain or name.

    free_mail: of a domain where anybody has an address, be it free mail or one to be thrown away.
    """

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
    """Whom a contact key stands for.

    contact_key: the key she is known by. memberships: by their first day. evidence: for her company, as touches carry
    it, the stronger first.
    """

    contact_key: str
    memberships: tuple[Membership, ...]
    evidence: tuple[str, ...] = ()

    @property
    def is_dated(self) -> bool:
        """Whether her account depends on the day."""
        return any(membership.since > date.min for membership in self.memberships)

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
    """All facts folded (models.folding). `epoch` counts the facts, so a fold of more facts has a higher one; the store
    adds to it.

    Maps are persistent: a directory of a few facts more shares all the rest with the one before, and both stay.

    accounts, merges, own_domains, declared, described, affiliated, identified, matched, revenue: what stands of what
    was stated; declared by contact key and first day, first_days: its days by contact key; matched by plain_key.
    by_name, by_company: account ids by names, see models.identity.naming. by_number: by corporate number.
    merged: what an account is part of on all days; later: what one that is not in merged is part of, from which days on
    (models.mergers). What names, domains and people stand for is told by merged alone, so that only accounts in later
    depend on the day. group: the account at the top of its group, where that is another one (models.groups). leading:
    who was identified as somebody, by whom. known_as: the key that a visitor is known by in the end. people: by every
    contact key that any fact ever named. keys_of: all keys of a person who has several, by the key she is known by.
    contacts: what was declared for the last of a person's
    memberships, by the key she is known by.
    """

    epoch: int = 0
    accounts: Map[str, AccountDeclared] = _NONE
    merges: Map[str, AccountMerged] = _NONE
    own_domains: frozenset[str] = frozenset()
    declared: Map[tuple[str, date | None], ContactDeclared] = _NONE
    first_days: Map[str, frozenset[date | None]] = _NONE
    described: Map[str, ContactDescribed] = _NONE
    affiliated: Map[str, ContactAffiliated] = _NONE
    identified: Map[str, VisitorIdentified] = _NONE
    matched: Map[str, OrganizationMatched] = _NONE
    revenue: Map[tuple[str, date, str], RevenueRecorded] = _NONE
    merged: dict[str, str] = field(default_factory=dict)
    later: dict[str, Later] = field(default_factory=dict)
    group: dict[str, str] = field(default_factory=dict)
    by_domain: dict[str, str] = field(default_factory=dict)
    by_name: dict[str, str] = field(default_factory=dict)
    by_company: dict[str, str] = field(default_factory=dict)
    by_number: dict[str, str] = field(default_factory=dict)
    leading: Map[str, frozenset[str]] = _NONE
    known_as: Map[str, str] = _NONE
    people: Map[str, Person] = _NONE
    keys_of: Map[str, tuple[str, ...]] = _NONE
    contacts: Map[str, ContactDeclared] = _NONE
    _bindings: dict[str, Binding] = field(default_factory=dict, repr=False, compare=False)
    _undated: dict[str, Binding | None] = field(default_factory=dict, repr=False, compare=False)

    def bind(self, contact_key: str, affiliation: str, day: date) -> Binding:
        """Whom a touch of this contact on this day, with this evidence for its company, counts for."""
        return self.on(day, self.bind_person(contact_key, day) or self.bind_affiliation(affiliation))

    def on(self, day: date, binding: Binding) -> Binding:
        """The binding once mergers with a date are followed; it is the same where there are none."""
        later = self.later.get(binding.account_id)
        if later is None:
            return binding
        return binding._replace(account_id=counted_on(later, binding.account_id, day))

    def counted_on(self, account_id: str, day: date = date.max) -> str:
        """The account that an account counts for on a day, by default in the end."""
        account_id = self.merged.get(account_id, account_id)
        return counted_on(self.later.get(account_id, ()), account_id, day)

    def bind_person(self, contact_key: str, day: date) -> Binding | None:
        """Whom the contact's touches on a day count for, whatever evidence they carry; None where the evidence decides.

        Mergers with a date are still to be followed (see on).

        Of an identified visitor the known address says more than where the visit came from, and so does the company
        that a source named for a person.
        """
        person = self.people.get(contact_key)
        if person is None:
            return None
        if person.is_dated:
            return self._bind_person(person, contact_key, day)
        if contact_key not in self._undated:
            self._undated[contact_key] = self._bind_person(person, contact_key, day)
        return self._undated[contact_key]

    def _bind_person(self, person: Person, contact_key: str, day: date) -> Binding | None:
        account_id = person.account_on(day)
        if account_id is not None:
            return Binding(account_id, "contact")
        if (host := person.address_host) is not None:
            by_address = self.bind_affiliation(host)
            if by_address.bound_by in ("domain", "own"):
                # Of a contact by mail the touch carries the same host as its evidence.
                return by_address if person.contact_key != contact_key else None
        for evidence in person.evidence:
            named = self.bind_affiliation(evidence)
            if named.bound_by in ("corporate_number", "domain", "organization", "own"):
                return named
        return None

    def bind_affiliation(self, affiliation: str) -> Binding:
        """Whom the evidence for a company stands for; mergers with a date are still to be followed (see on)."""
        found = self._bindings.get(affiliation)
        if found is None:
            found = self._bindings[affiliation] = self._bind_affiliation(affiliation)
        return found

    def _bind_affiliation(self, affiliation: str) -> Binding:
        if affiliation.startswith("org:"):
            account_id = account_named(affiliation[4:], self.by_name, self.by_company)
            return Binding(account_id, "organization") if account_id else UNBOUND
        if affiliation.startswith("corp:"):
            account_id = self.by_number.get(affiliation[5:], "")
            return Binding(account_id, "corporate_number") if account_id else UNBOUND
        host = normalise_domain(affiliation)
        for name in ancestors(host):
            # The most specific name decides: a declared subdomain may be another's than its parent domain.
            if name in self.own_domains:
                return OWN
            if owner := self.by_domain.get(name):
                return Binding(owner, "domain")
            if anybodys(name):
                return FREE_MAIL
        return UNBOUND

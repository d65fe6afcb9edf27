"""The directory: the fold of all facts, and the binding of a contact to an account."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from models.domains import ancestors, normalise_domain
from models.facts import AccountDeclared, AnyFact, ContactDeclared, OwnDomainDeclared, RevenueRecorded
from models.freemail import FREE_MAIL_DOMAINS

BoundBy = Literal["contact", "domain", "organization", "own", "free_mail", "unbound"]


class Binding(NamedTuple):
    """Whom a touch counts for. account_id is '' unless bound by contact, domain or organization."""

    account_id: str
    bound_by: BoundBy


OWN = Binding("", "own")
FREE_MAIL = Binding("", "free_mail")
UNBOUND = Binding("", "unbound")


@dataclass(frozen=True)
class Directory:
    """All facts folded. `epoch` counts the facts, so a fold of more facts has a higher one; the store adds to it."""

    epoch: int = 0
    accounts: dict[str, AccountDeclared] = field(default_factory=dict)
    contacts: dict[str, ContactDeclared] = field(default_factory=dict)
    revenue: dict[tuple[str, date, str], RevenueRecorded] = field(default_factory=dict)
    own_domains: frozenset[str] = frozenset()
    by_domain: dict[str, str] = field(default_factory=dict)
    by_name: dict[str, str] = field(default_factory=dict)
    _bindings: dict[str, Binding] = field(default_factory=dict, repr=False, compare=False)

    def bind(self, contact_key: str, affiliation: str) -> Binding:
        """Whom a touch of this contact, with this evidence for its company, counts for."""
        declared = self.contacts.get(contact_key)
        if declared is not None and declared.account_id is not None:
            return Binding(declared.account_id, "contact")
        found = self._bindings.get(affiliation)
        if found is None:
            found = self._bindings[affiliation] = self._bind_affiliation(affiliation)
        return found

    def bind_all(self, contact_keys: Iterable[str], affiliations: Iterable[str]) -> list[Binding]:
        """bind() for many."""
        declared, found, bind = self.contacts, self._bindings, self.bind
        return [
            (None if key in declared else found.get(affiliation)) or bind(key, affiliation)
            for key, affiliation in zip(contact_keys, affiliations, strict=True)
        ]

    def _bind_affiliation(self, affiliation: str) -> Binding:
        if affiliation.startswith("org:"):
            account_id = self.by_name.get(_name_key(affiliation[4:]))
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


def _name_key(name: str) -> str:
    return " ".join(name.casefold().split())


def fold(facts: Iterable[AnyFact]) -> Directory:
    """Fold facts, given in any order and any number of times, into the directory.

    Of two statements about the same thing the later recorded holds; at the same time, the one with the higher id, so
    that the result depends on nothing else.
    """
    distinct = {fact.fact_id: fact for fact in facts}
    ordered = [fact for _, fact in sorted(distinct.items(), key=lambda item: (item[1].recorded_at, item[0].int))]
    accounts: dict[str, AccountDeclared] = {}
    contacts: dict[str, ContactDeclared] = {}
    revenue: dict[tuple[str, date, str], RevenueRecorded] = {}
    own: set[str] = set()
    for fact in ordered:
        match fact:
            case AccountDeclared():
                accounts.pop(fact.account_id, None)  # a later statement also comes later in the claims below
                accounts[fact.account_id] = fact
            case ContactDeclared():
                contacts[fact.contact_key] = fact
            case RevenueRecorded():
                revenue[fact.account_id, fact.month, fact.currency] = fact
            case OwnDomainDeclared():
                own.add(fact.domain)
    return Directory(
        epoch=len(ordered),
        accounts=accounts,
        contacts=contacts,
        revenue=revenue,
        own_domains=frozenset(own),
        by_domain={domain: account.account_id for account in accounts.values() for domain in account.domains},
        by_name={_name_key(account.name): account.account_id for account in accounts.values()},
    )

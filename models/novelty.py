"""What a fact is about, and whether it says anything that is not known."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from models.account_profile import AccountProfiled
from models.crm_facts import ProductDeclared
from models.directory import Directory
from models.facts import (
    AccountDeclared,
    AccountMerged,
    AnyFact,
    ContactAffiliated,
    ContactDeclared,
    ContactDescribed,
    OrganizationMatched,
    OwnDomainDeclared,
    RevenueRecorded,
    StatementErased,
    VisitorIdentified,
)
from models.identity.company_names import plain_key
from models.kpi_targets import KpiTargetSet
from models.plan.facts import PlanItemDropped
from models.side_facts import SideFact, subject

News = Literal["new", "changed", "unchanged"]
Subject = tuple[str, ...]


class Held(NamedTuple):
    """What an import needs of a statement that holds: a digest of what it says (content), and whose it is.

    profile: of a profile all that it says, as an import adds to it.
    """

    content: bytes
    account_id: str | None
    profile: AccountProfiled | None = None


def news_of(fact: AnyFact, known: Directory, known_beside: Mapping[Subject, Held]) -> News:
    """Whether what a fact says is known. Saying again what holds is no news, whenever it is said.

    known_beside: see what_holds.
    """
    if isinstance(fact, OwnDomainDeclared):
        return "unchanged" if fact.domain in known.own_domains else "new"
    if isinstance(fact, SideFact):
        said = known_beside.get(subject(fact))
        if said is None:
            return "unchanged" if isinstance(fact, PlanItemDropped) else "new"
        return "unchanged" if said.content == content(fact) else "changed"
    before = _before(fact, known)
    if before is None:
        # What was never merged stands alone as it is.
        return "unchanged" if isinstance(fact, AccountMerged) and fact.into is None else "new"
    return "unchanged" if content(before) == content(fact) else "changed"


def content(fact: AnyFact) -> bytes:
    """A digest of what a fact says, whenever it was stated: hundreds of thousands are held at a time."""
    told = fact.model_dump_json(exclude={"recorded_at"}).encode()
    return hashlib.blake2b(told, digest_size=16, person=b"setten-content").digest()


def what_holds(facts: Iterable[SideFact]) -> dict[Subject, Held]:
    """What holds, by subject: of the latest recorded the one with the highest id, as in the views."""
    found: dict[Subject, tuple[datetime, int, Held]] = {}
    for fact in facts:
        account_id = None if isinstance(fact, ProductDeclared | KpiTargetSet) else fact.account_id
        profile = fact if isinstance(fact, AccountProfiled) else None
        told = (fact.recorded_at, fact.fact_id.int, Held(content(fact), account_id, profile))
        about_it = subject(fact)
        found[about_it] = max(told, found.get(about_it, told), key=lambda one: one[:2])
    return {about_it: said for about_it, (_, _, said) in found.items()}


def about(fact: AnyFact) -> Subject:
    """What a statement is about: of two with the same subject the later recorded holds."""
    match fact:
        case AccountDeclared() | AccountMerged():
            return (fact.type, fact.account_id)
        case ContactDeclared():
            return (fact.type, fact.contact_key, fact.since.isoformat() if fact.since else "")
        case ContactDescribed() | ContactAffiliated():
            return (fact.type, fact.contact_key)
        case VisitorIdentified():
            return (fact.type, fact.visitor_key)
        case OrganizationMatched():
            return (fact.type, plain_key(fact.organization))
        case RevenueRecorded():
            return (fact.type, fact.account_id, fact.month.isoformat(), fact.currency)
        case OwnDomainDeclared():
            return (fact.type, fact.domain)
        case StatementErased():
            return (fact.type, fact.token.hex)
        case _:
            return subject(fact)


def _before(fact: AnyFact, known: Directory) -> AnyFact | None:
    match fact:
        case AccountDeclared():
            return known.accounts.get(fact.account_id)
        case AccountMerged():
            return known.merges.get(fact.account_id)
        case ContactDeclared():
            return known.declared.get((fact.contact_key, fact.since))
        case ContactDescribed():
            return known.described.get(fact.contact_key)
        case ContactAffiliated():
            return known.affiliated.get(fact.contact_key)
        case VisitorIdentified():
            return known.identified.get(fact.visitor_key)
        case OrganizationMatched():
            return known.matched.get(plain_key(fact.organization))
        case RevenueRecorded():
            return known.revenue.get((fact.account_id, fact.month, fact.currency))
    return None

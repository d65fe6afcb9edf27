"""What a fact is about, and whether it says anything that is not known."""

from collections.abc import Mapping
from typing import Literal

from models.crm_facts import CrmFact, subject
from models.directory import Directory
from models.facts import (
    AccountDeclared,
    AccountMerged,
    AnyFact,
    ContactDeclared,
    OwnDomainDeclared,
    RevenueRecorded,
    StatementErased,
    VisitorIdentified,
)

News = Literal["new", "changed", "unchanged"]
Subject = tuple[str, ...]


def news_of(fact: AnyFact, known: Directory, known_of_crm: Mapping[Subject, CrmFact]) -> News:
    """Whether what a fact says is known. Saying again what holds is no news, whenever it is said."""
    if isinstance(fact, OwnDomainDeclared):
        return "unchanged" if fact.domain in known.own_domains else "new"
    before = known_of_crm.get(subject(fact)) if isinstance(fact, CrmFact) else _before(fact, known)
    if before is None:
        # What was never merged stands alone as it is.
        return "unchanged" if isinstance(fact, AccountMerged) and fact.into is None else "new"
    return "unchanged" if content(before) == content(fact) else "changed"


def content(fact: AnyFact) -> dict[str, object]:
    """What a fact says, whenever it was stated."""
    return fact.model_dump(exclude={"recorded_at"})


def about(fact: AnyFact) -> Subject:
    """What a statement is about: of two with the same subject the later recorded holds."""
    match fact:
        case AccountDeclared() | AccountMerged():
            return (fact.type, fact.account_id)
        case ContactDeclared():
            return (fact.type, fact.contact_key, fact.since.isoformat() if fact.since else "")
        case VisitorIdentified():
            return (fact.type, fact.visitor_key)
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
        case VisitorIdentified():
            return known.identified.get(fact.visitor_key)
        case RevenueRecorded():
            return known.revenue.get((fact.account_id, fact.month, fact.currency))
    return None

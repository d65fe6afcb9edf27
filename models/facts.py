"""Facts: dated statements about accounts, contacts and revenue. Events too: never edited, followed by newer ones.

Those that bind nobody are in `crm_facts`, `account_profile` and `plan`, what all have in common in `statements`.
"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationInfo, field_validator, model_validator

from models.account_profile import AccountProfiled
from models.contact_keys import as_touches_have_it
from models.crm_facts import CaseRecorded, NpsAnswered, OpportunityRecorded, ProductDeclared
from models.domains import domain_error, normalise_domain
from models.free_text import holds_address
from models.identity.corporate_number import normalise_number, number_error
from models.kpi_targets import KpiTargetSet
from models.plan.facts import PlanItemDropped, PlanItemStated
from models.statements import STORED, AccountId, Fact, plausible

Seniority = Literal["executive", "management", "staff", "unknown"]


def _usable_domain(told: str, info: ValidationInfo) -> str:
    """A domain as hosts are compared with it. Raises ValueError for one that stands for nobody.

    What is stored was looked at when it was stated: the lists of what stands for nobody grow, and no fact may become
    unreadable by that.
    """
    domain = normalise_domain(told)
    if info.context != STORED and (error := domain_error(domain)):
        raise ValueError(error)
    return domain


def _corporate_number(told: str | None) -> str | None:
    number = normalise_number(told or "")
    if number and (error := number_error(number)):
        raise ValueError(error)
    return number or None


class AccountDeclared(Fact):
    """An account as it now is; replaces what was declared of it before.

    domains: all its mail and web domains; a subdomain belongs to its parent domain's account unless another declares
    it. corporate_number: 法人番号, 13 digits.
    """

    type: Literal["account_declared"] = "account_declared"
    account_id: AccountId
    name: Annotated[str, Field(min_length=1, max_length=256)]
    domains: Annotated[tuple[str, ...], Field(max_length=200)] = ()
    tier: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] = "target"
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] = "customer"
    parent_account_id: AccountId | None = None
    # Left out where it says nothing: facts stated before there was a place for it keep their ids.
    corporate_number: Annotated[str | None, Field(exclude_if=lambda value: value is None)] = None

    _is_number = field_validator("corporate_number")(_corporate_number)

    @field_validator("domains")
    @classmethod
    def _usable(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_usable_domain(domain, info) for domain in value))


class AccountMerged(Fact):
    """An account became part of another: its domains, name, contacts and revenue count for `into`.

    since: the first business day on which they do, None where they always did, past days included. into None: it stands
    alone again. Replaces what was stated before of what became of this account.
    """

    type: Literal["account_merged"] = "account_merged"
    account_id: AccountId
    into: AccountId | None
    # Left out where it says nothing: facts stated before there was a place for it keep their ids.
    since: Annotated[date | None, Field(exclude_if=lambda value: value is None)] = None

    @model_validator(mode="after")
    def _into_another(self) -> "AccountMerged":
        if self.into == self.account_id:
            raise ValueError(f"account {self.account_id!r} cannot become part of itself: name another one in `into`")
        if self.since is not None:
            plausible(self.since)
            if self.into is None:
                raise ValueError(
                    f"`since` {self.since} needs `into`: an account stands alone on all days, or name another"
                )
        return self


class OwnDomainDeclared(Fact):
    """A domain of our own side: its people are colleagues, not contacts."""

    type: Literal["own_domain_declared"] = "own_domain_declared"
    domain: str

    _usable = field_validator("domain")(_usable_domain)


class ContactDeclared(Fact):
    """A person, and from a day on the account she belongs to; replaces what was declared of the contact for that day.

    since: the first business day, None where she always did. It holds until the next one that is declared of the
    contact begins. account_id None: the domain decides, as for a contact that nobody declared. title_tells: whether the
    title is asked (models.people) where the seniority is unknown; False where somebody says that nobody knows it.
    """

    type: Literal["contact_declared"] = "contact_declared"
    contact_key: Annotated[str, Field(pattern=r"^(mail|id|anon|host|ip):.+$", max_length=512)]
    account_id: AccountId | None = None
    name: Annotated[str, Field(max_length=256)] = ""
    title: Annotated[str, Field(max_length=256)] = ""
    department: Annotated[str, Field(max_length=256)] = ""
    seniority: Seniority = "unknown"
    # Left out where they say nothing: facts stated before there were these keep their ids.
    title_tells: Annotated[bool, Field(exclude_if=lambda value: value)] = True
    since: Annotated[date | None, Field(exclude_if=lambda value: value is None)] = None

    _normalise = field_validator("contact_key")(as_touches_have_it)

    @field_validator("since")
    @classmethod
    def _in_range(cls, value: date | None) -> date | None:
        if value is not None:
            plausible(value)
        return value


class VisitorIdentified(Fact):
    """Who a visitor turned out to be: all days of the visitor count as the known contact's.

    contact_key None: nobody known after all. Replaces what was stated of the same visitor before.
    """

    type: Literal["visitor_identified"] = "visitor_identified"
    visitor_key: Annotated[str, Field(pattern=r"^(id|anon|host|ip):.+$", max_length=512)]
    contact_key: Annotated[str, Field(pattern=r"^(mail|id):.+$", max_length=512)] | None

    _normalise = field_validator("visitor_key")(as_touches_have_it)

    @field_validator("contact_key")
    @classmethod
    def _normalise_contact(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else as_touches_have_it(value, info)

    @model_validator(mode="after")
    def _as_another(self) -> "VisitorIdentified":
        if self.contact_key == self.visitor_key:
            raise ValueError(f"{self.visitor_key!r} cannot be identified as itself: name a known contact")
        return self


class ContactDescribed(Fact):
    """What a source tells of a person: replaces what was told of the contact before.

    Of her account it says nothing, so a tracker cannot take away what a CRM declared. What is declared of her
    (ContactDeclared) is shown before it.
    """

    type: Literal["contact_described"] = "contact_described"
    contact_key: Annotated[str, Field(pattern=r"^(mail|id|anon|host|ip):.+$", max_length=512)]
    name: Annotated[str, Field(max_length=256)] = ""
    title: Annotated[str, Field(max_length=256)] = ""
    department: Annotated[str, Field(max_length=256)] = ""

    _normalise = field_validator("contact_key")(as_touches_have_it)


class ContactAffiliated(Fact):
    """The company that a source names for a person, by its number, a domain or a name; all empty: none after all.

    Evidence, no membership: a declared account and her own mail domain say more. Which account it is, is decided as
    for all evidence. Replaces what was told of the contact's company before.
    """

    type: Literal["contact_affiliated"] = "contact_affiliated"
    contact_key: Annotated[str, Field(pattern=r"^(mail|id|anon|host|ip):.+$", max_length=512)]
    domain: str = ""
    organization: Annotated[str, Field(max_length=256)] = ""
    corporate_number: Annotated[str | None, Field(exclude_if=lambda value: value is None)] = None

    _is_number = field_validator("corporate_number")(_corporate_number)
    _normalise = field_validator("contact_key")(as_touches_have_it)

    @field_validator("domain")
    @classmethod
    def _usable(cls, value: str, info: ValidationInfo) -> str:
        return _usable_domain(value, info) if value else ""

    @property
    def evidence(self) -> tuple[str, ...]:
        """Affiliations as touches carry them, the stronger first."""
        number = f"corp:{self.corporate_number}" if self.corporate_number else ""
        return tuple(filter(None, (number, self.domain, f"org:{self.organization}" if self.organization else "")))


class OrganizationMatched(Fact):
    """Which account a company name stands for, as a person decided; replaces what was decided of this name before.

    organization: as it is written in the signals. It holds for every name that is for certain the same
    (models.identity.company_names), unless that has a decision, or an account, of its own. account_id None: for none.
    """

    type: Literal["organization_matched"] = "organization_matched"
    organization: Annotated[str, Field(min_length=1, max_length=256)]
    account_id: AccountId | None

    @field_validator("organization")
    @classmethod
    def _names_no_person(cls, value: str) -> str:
        if holds_address(value):
            raise ValueError("it holds a mail address: name the company alone, and declare the contact by its address")
        return value


class RevenueRecorded(Fact):
    """Revenue of an account in one month, in one currency; a later record of the same month replaces it."""

    type: Literal["revenue_recorded"] = "revenue_recorded"
    account_id: AccountId
    month: Annotated[date, Field(description="the month's first day")]
    amount: Annotated[float, Field(allow_inf_nan=False)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "JPY"

    @field_validator("month")
    @classmethod
    def _first_day(cls, value: date) -> date:
        plausible(value)
        return value.replace(day=1)


class StatementErased(Fact):
    """Stands where a statement about a person was erased: the number of facts is an epoch and never falls."""

    type: Literal["statement_erased"] = "statement_erased"
    token: UUID


AnyFact = (
    AccountDeclared
    | AccountMerged
    | OwnDomainDeclared
    | ContactDeclared
    | ContactDescribed
    | ContactAffiliated
    | VisitorIdentified
    | OrganizationMatched
    | RevenueRecorded
    | StatementErased
    | OpportunityRecorded
    | CaseRecorded
    | NpsAnswered
    | ProductDeclared
    | AccountProfiled
    | KpiTargetSet
    | PlanItemStated
    | PlanItemDropped
)
FACT: TypeAdapter[AnyFact] = TypeAdapter(Annotated[AnyFact, Field(discriminator="type")])


def stored_fact(body: str | bytes) -> AnyFact:
    """A fact as it was stored. Raises ValidationError for what was never one."""
    return FACT.validate_json(body, context=STORED)


def people_in(fact: AnyFact) -> tuple[str, ...]:
    """The contact keys that a fact names."""
    match fact:
        case ContactDeclared() | ContactDescribed() | ContactAffiliated():
            return (fact.contact_key,)
        case VisitorIdentified():
            return tuple(filter(None, (fact.visitor_key, fact.contact_key)))
    return ()

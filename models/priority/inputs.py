"""What the factors are made of: an account with all that was known of it by a day."""

from dataclasses import dataclass
from datetime import date

from models.account_profile import AccountProfiled
from models.crm_facts import Outcome
from models.facts import Seniority
from models.plan.people import DecisionRole, Relationship


@dataclass(frozen=True)
class Profiled:
    """The account as a company, and the business day on which that was stated."""

    told: AccountProfiled
    stated_on: date


@dataclass(frozen=True)
class Opportunity:
    """An opportunity as it stood at the end of the day asked as of. amount None: not known. Days are business days."""

    opportunity_id: str
    name: str
    product: str
    stage: str
    outcome: Outcome
    amount: float | None
    currency: str | None
    opened_on: date | None
    closed_on: date | None
    expected_on: date | None


@dataclass(frozen=True)
class RevenueMonth:
    """Our revenue of a month. month: its first day."""

    month: date
    currency: str
    amount: float


@dataclass(frozen=True)
class PlanStakeholder:
    """Whom the account's plan names. contact_key None: we have no address of hers."""

    key: str
    name: str
    title: str
    contact_key: str | None
    relationship: Relationship
    decision_role: DecisionRole
    stated_on: date


@dataclass(frozen=True)
class PlanTarget:
    """What the account's plan wants a product to bring in the fiscal year that holds the day asked as of.

    fiscal_year: named by the calendar year in which it begins.
    """

    product: str
    currency: str
    fiscal_year: int
    amount: float
    stated_on: date


@dataclass(frozen=True)
class InTouch:
    """A person of the account who came to us or met us. last_on: last day on which she did."""

    contact_key: str
    name: str
    title: str
    seniority: Seniority
    last_on: date


@dataclass(frozen=True)
class KnownAccount:
    """An account and what was known of it. profile None: nobody profiled it."""

    account_id: str
    name: str
    tier: str
    kind: str
    profile: Profiled | None = None
    opportunities: tuple[Opportunity, ...] = ()
    revenue: tuple[RevenueMonth, ...] = ()
    targets: tuple[PlanTarget, ...] = ()
    stakeholders: tuple[PlanStakeholder, ...] = ()
    in_touch: tuple[InTouch, ...] = ()


def month_number(day: date) -> int:
    """Consecutive months differ by one."""
    return day.year * 12 + day.month - 1


def month_after(day: date) -> date:
    """The first day of the month after that of the day."""
    number = month_number(day) + 1
    return date(number // 12, number % 12 + 1, 1)

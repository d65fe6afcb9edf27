"""Everything the rules look at, of one account: days and statements in their order, to be cut off at any day.

Days are ordinals (date.toordinal), so that a cut is a bisection and a difference is days. Nothing here knows today:
what happened after the day of a question is there too, and whoever asks cuts it off.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from models.facts import Seniority
from models.plan.facts import OneItem
from models.plan.fold import About, Step

Day = int
# Sorted, without repetition.
Days = Sequence[Day]


@dataclass(frozen=True, slots=True)
class ContactHistory:
    """One person known by address or id, at one account.

    inbound: days on which she came to us; mutual: we met; outbound: we wrote and it was not turned back; engaged:
    inbound or mutual; bounced: mail to her was turned back for good. All by people. moves: where facts say that she
    is, from a day on, the earliest first; '' where they name no account. first_named: when facts first told of her,
    None where none did. Title, seniority and function are the last ones told.
    """

    contact_key: str
    name: str = ""
    title: str = ""
    seniority: Seniority = "unknown"
    job_function: str = "unknown"
    inbound: Days = ()
    outbound: Days = ()
    mutual: Days = ()
    engaged: Days = ()
    bounced: Days = ()
    moves: tuple[tuple[Day, str], ...] = ()
    first_named: Day | None = None

    @property
    def is_manager(self) -> bool:
        """Of management or above."""
        return self.seniority in ("executive", "management")

    def at(self, account_id: str, day: Day) -> bool:
        """Whether she is at the account on a day: by the last move until then, else by having been there or named by
        then."""
        place = None
        for since, account in self.moves:
            if since > day:
                break
            place = account
        if place:
            return place == account_id
        first = min((days[0] for days in (self.engaged, self.outbound) if days), default=self.first_named)
        return first is not None and first <= day

    @property
    def shown(self) -> str:
        """Name, or the key where nobody told it."""
        return self.name or self.contact_key.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity as the CRM last told it. Days None: not told. outcome: open, won or lost; closed_on says since
    when."""

    opportunity_id: str
    name: str
    product: str
    stage: str
    outcome: str
    amount: float | None
    currency: str | None
    opened_on: Day | None
    expected_on: Day | None
    closed_on: Day | None
    told_on: Day

    def known_on(self, day: Day) -> bool:
        """Whether it had been opened by then; where nobody told when, by the day of its last statement."""
        known = [one for one in (self.opened_on, self.closed_on) if one is not None]
        return min(known, default=self.told_on) <= day

    def outcome_on(self, day: Day) -> str:
        """What was closed later was open still."""
        return "open" if self.closed_on is not None and self.closed_on > day else self.outcome


@dataclass(frozen=True, slots=True)
class Case:
    """A support case. closed_on None: it is open."""

    case_id: str
    severity: str
    opened_on: Day
    closed_on: Day | None

    def is_open(self, day: Day) -> bool:
        return self.opened_on <= day and (self.closed_on is None or self.closed_on > day)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to the NPS question, 0 to 10."""

    score: int
    answered_on: Day
    contact_key: str = ""


@dataclass(frozen=True, slots=True)
class OwnPerson:
    """Somebody of our own side, and the days on which she was in signals together with people of the account."""

    contact_key: str
    name: str
    job_function: str
    days: Days


@dataclass(frozen=True)
class PlanHistory:
    """What was stated of the plan, the first first (models.plan.fold.history), each with the business day it was
    stated on."""

    days: tuple[Day, ...] = ()
    steps: tuple[Step, ...] = ()

    def at(self, day: Day) -> Mapping[About, OneItem]:
        """The items that stood at the end of a day; empty where there was no plan."""
        count = bisect_right(self.days, day)
        return self._folded(count) if count else {}

    def _folded(self, count: int) -> Mapping[About, OneItem]:
        # Asked week after week of one account: what stands changes only where something was stated.
        if (known := self._cache.get(count)) is None:
            standing: dict[About, OneItem] = {}
            for step in self.steps[:count]:
                if step.after is None:
                    standing.pop(step.about, None)
                else:
                    standing[step.about] = step.after
            known = self._cache[count] = standing
        return known

    @cached_property
    def _cache(self) -> dict[int, Mapping[About, OneItem]]:
        return {}


NO_PLAN = PlanHistory()


@dataclass(frozen=True)
class AccountHistory:
    """One account.

    engaged: days on which anybody of it came to us or met us, visitors known by a cookie only included; sent: we
    wrote to somebody; met: meetings. channels: engaged days by kind of signal (web, email, event, meeting). revenue:
    by month (year * 12 + month - 1) in `currency`, the one with the most months recorded; a month without is unknown.
    own: None where no signal names anybody of ours. known_since: the first day of which the store has touches of
    anybody.
    """

    account_id: str
    name: str
    tier: str
    kind: str
    contacts: tuple[ContactHistory, ...] = ()
    engaged: Days = ()
    sent: Days = ()
    met: Days = ()
    channels: Mapping[str, Days] = field(default_factory=dict)
    revenue: Mapping[int, float] = field(default_factory=dict)
    currency: str = ""
    deals: tuple[Deal, ...] = ()
    cases: tuple[Case, ...] = ()
    answers: tuple[Answer, ...] = ()
    plan: PlanHistory = NO_PLAN
    own: tuple[OwnPerson, ...] | None = None
    known_since: Day | None = None

    @property
    def is_strategic(self) -> bool:
        """A strategic customer."""
        return self.tier == "strategic" and self.kind == "customer"

    def revenue_of_quarter(self, quarter: int, start_month: int) -> float | None:
        """Revenue of a fiscal quarter (ordinal of models.days.fiscal_quarter); None where a month of it is unknown."""
        first = quarter * 3 + start_month - 1
        amounts = [self.revenue.get(month) for month in range(first, first + 3)]
        return None if None in amounts else sum(amount for amount in amounts if amount is not None)


def count_within(days: Days, first: Day, last: Day) -> int:
    """How many of the days are from first to last, both included."""
    return bisect_right(days, last) - bisect_left(days, first)


def any_within(days: Days, first: Day, last: Day) -> bool:
    """Whether one of the days is from first to last, both included."""
    at = bisect_left(days, first)
    return at < len(days) and days[at] <= last


def last_until(days: Days, day: Day) -> Day | None:
    """The last of the days that is not after `day`."""
    at = bisect_right(days, day)
    return days[at - 1] if at else None


def shown_day(day: Day) -> str:
    """ISO 8601."""
    return date.fromordinal(day).isoformat()

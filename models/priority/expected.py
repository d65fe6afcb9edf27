"""Expected revenue (期待売上): what is open, weighted, and what comes again; or what the account's plan wants."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from models.identity.company_names import plain_key
from models.priority.inputs import KnownAccount, Opportunity, PlanTarget, RevenueMonth, month_after, month_number
from models.priority.model import ExpectedRevenue

_HORIZON = timedelta(days=365)
_RECENT_MONTHS, _MONTHS = 6, 12
_RECENT_WEIGHT = 2.0

Basis = Literal["stage", "win_rate", "otherwise"]
LeftOut = Literal["without_amount", "later", "forgotten"]


@dataclass(frozen=True)
class WinRate:
    """What became of the opportunities closed lately. rate None: too few of them."""

    won: int
    lost: int
    rate: float | None


@dataclass(frozen=True)
class OpenOpportunity:
    """An open opportunity and what of it counts. left_out: why it does not, None where it does."""

    opportunity: Opportunity
    probability: float
    basis: Basis
    weighted: float | None
    left_out: LeftOut | None


@dataclass(frozen=True)
class Recurring:
    """Revenue that comes again: twelve times the mean month. earlier and recent: means of the two half-years."""

    amount: float
    months: int
    earlier: float | None
    recent: float | None


@dataclass(frozen=True)
class Planned:
    """What the account's plan wants of the fiscal year, of all products together. weighted: what of it counts."""

    target: float
    weighted: float
    targets: tuple[PlanTarget, ...]


@dataclass(frozen=True)
class InCurrency:
    """What is expected in one currency. None: not known. score None: the model has no scale for the currency.

    amount: the larger of pipeline + recurring and of what counts of the plan, as both tell of the same money.
    """

    currency: str
    pipeline: float | None
    recurring: Recurring | None
    planned: Planned | None
    amount: float
    score: float | None


@dataclass(frozen=True)
class Expected:
    """score: the highest of the currencies, as nothing is converted; None where nothing is known."""

    score: float | None
    amounts: tuple[InCurrency, ...]
    opportunities: tuple[OpenOpportunity, ...]


def win_rate(opportunities: Iterable[Opportunity], model: ExpectedRevenue, as_of: date) -> WinRate:
    """Won / (won + lost) of all that was closed in the last win_rate_days."""
    since = as_of - timedelta(days=model.win_rate_days)
    closed = [one.outcome for one in opportunities if one.closed_on and since < one.closed_on <= as_of]
    won, lost = closed.count("won"), closed.count("lost")
    return WinRate(won, lost, won / (won + lost) if won + lost >= model.win_rate_least else None)


def expected_revenue(account: KnownAccount, model: ExpectedRevenue, won_of_all: WinRate, as_of: date) -> Expected:
    """What an account is expected to bring.

    An account of which opportunities are recorded and none is open is expected to bring nothing, unless it has revenue:
    of too few months nobody knows what recurs. One of which nothing is recorded is unknown.
    """
    seen = [_open(one, model, won_of_all, as_of) for one in account.opportunities if one.outcome == "open"]
    seen.sort(key=lambda one: (-(one.weighted or 0.0), one.opportunity.opportunity_id))
    amounts = _amounts(seen, account, model, as_of)
    scores = [one.score for one in amounts if one.score is not None]
    none_open = bool(account.opportunities) and all(one.left_out != "without_amount" for one in seen)
    nothing = none_open and not amounts and not account.revenue
    return Expected(max(scores) if scores else 0.0 if nothing else None, amounts, tuple(seen))


def _amounts(
    seen: Sequence[OpenOpportunity], account: KnownAccount, model: ExpectedRevenue, as_of: date
) -> tuple[InCurrency, ...]:
    """The parts of what is expected, by currency."""
    weighted: dict[str, list[float]] = defaultdict(list)
    for one in seen:
        if one.weighted is not None:
            weighted[one.opportunity.currency or ""].append(one.weighted)
    months: dict[str, list[RevenueMonth]] = defaultdict(list)
    for month in account.revenue:
        months[month.currency].append(month)
    targets: dict[str, list[PlanTarget]] = defaultdict(list)
    for target in account.targets:
        targets[target.currency].append(target)
    found = []
    for currency in sorted({*weighted, *months, *targets}):
        pipeline = math.fsum(weighted[currency]) if currency in weighted else None
        again = recurring(months.get(currency, ()), model.least_months, as_of)
        planned = _planned(targets[currency], model.plan_confidence) if currency in targets else None
        if pipeline is None and again is None and planned is None:
            continue
        amount = max((pipeline or 0.0) + (again.amount if again else 0.0), planned.weighted if planned else 0.0)
        scale = model.scale.get(currency)
        found.append(InCurrency(currency, pipeline, again, planned, amount, scale.score(amount) if scale else None))
    return tuple(found)


def _planned(targets: Sequence[PlanTarget], confidence: float) -> Planned:
    largest_first = sorted(targets, key=lambda one: (-one.amount, one.product, one.stated_on))
    target = math.fsum(one.amount for one in targets)
    return Planned(target, target * confidence, tuple(largest_first))


def recurring(revenue: Iterable[RevenueMonth], least_months: int, as_of: date) -> Recurring | None:
    """Revenue of the last twelve complete months, made a year; the newer six months count double.

    None where fewer than least_months of them are known: what is not recorded is not zero.
    """
    last = month_number(as_of) if month_after(as_of) == as_of + timedelta(days=1) else month_number(as_of) - 1
    known = [(last - month_number(one.month), one.amount) for one in revenue]
    recent = [amount for age, amount in known if 0 <= age < _RECENT_MONTHS]
    earlier = [amount for age, amount in known if _RECENT_MONTHS <= age < _MONTHS]
    if len(recent) + len(earlier) < least_months:
        return None
    weight = _RECENT_WEIGHT * len(recent) + len(earlier)
    mean = (_RECENT_WEIGHT * math.fsum(recent) + math.fsum(earlier)) / weight
    return Recurring(max(0.0, 12 * mean), len(recent) + len(earlier), _mean(earlier), _mean(recent))


def _mean(amounts: Sequence[float]) -> float | None:
    return math.fsum(amounts) / len(amounts) if amounts else None


def _open(one: Opportunity, model: ExpectedRevenue, won_of_all: WinRate, as_of: date) -> OpenOpportunity:
    probability, basis = _probability(one.stage, model, won_of_all)
    told_on = one.expected_on or one.opened_on
    left_out: LeftOut | None = None
    if one.expected_on and one.expected_on > as_of + _HORIZON:
        left_out = "later"
    elif told_on and told_on < as_of - timedelta(days=model.forgotten_after_days):
        left_out = "forgotten"
    elif one.amount is None:
        left_out = "without_amount"
    weighted = None if left_out or one.amount is None else max(0.0, one.amount) * probability
    return OpenOpportunity(one, probability, basis, weighted, left_out)


def _probability(stage: str, model: ExpectedRevenue, won_of_all: WinRate) -> tuple[float, Basis]:
    by_stage = {plain_key(name): share for name, share in model.stages.items()}
    if (share := by_stage.get(plain_key(stage))) is not None:
        return share, "stage"
    return (model.otherwise, "otherwise") if won_of_all.rate is None else (won_of_all.rate, "win_rate")

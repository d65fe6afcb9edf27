"""ICP fit (理想顧客適合度): how much of the ideal customer an account is, of what is known of it."""

import math
from dataclasses import dataclass
from datetime import date

from models.account_profile import AccountProfiled
from models.priority.criteria import AmountBetween, Between, Criterion
from models.priority.inputs import Profiled
from models.priority.model import TOP, IcpFit


@dataclass(frozen=True)
class CriterionSeen:
    """A criterion held against a profile. found: what the profile says, '' where nothing. matches None: not known."""

    field: str
    wanted: str
    found: str
    weight: float
    matches: bool | None


@dataclass(frozen=True)
class Fit:
    """percent: weight of what matches / weight of what is known; None where too little is. score: a tenth of it.

    known: share of the criteria's weight of which anything is known. stated_on: business day of the profile.
    """

    score: float | None
    percent: float | None
    known: float
    criteria: tuple[CriterionSeen, ...]
    stated_on: date | None


def icp_fit(profiled: Profiled | None, model: IcpFit) -> Fit:
    """Hold a profile against the ideal customer."""
    profile = profiled.told if profiled else None
    seen = tuple(_seen(one, profile) for one in model.criteria)
    whole = math.fsum(one.weight for one in seen)
    known = math.fsum(one.weight for one in seen if one.matches is not None)
    matched = math.fsum(one.weight for one in seen if one.matches)
    share = known / whole
    percent = 100 * matched / known if known and share >= model.minimum_known else None
    score = None if percent is None else percent * TOP / 100
    return Fit(score, percent, share, seen, profiled.stated_on if profiled else None)


def _seen(criterion: Criterion, profile: AccountProfiled | None) -> CriterionSeen:
    matches = None if profile is None else criterion.matches(profile)
    found = "" if profile is None else _found(criterion.field, profile)
    return CriterionSeen(criterion.field, _wanted(criterion, profile), found, criterion.weight, matches)


def _wanted(criterion: Criterion, profile: AccountProfiled | None) -> str:
    match criterion:
        case Between():
            return _range(criterion.at_least, criterion.at_most, grouped=criterion.field == "employees")
        case AmountBetween():
            named = sorted({*criterion.at_least, *criterion.at_most})
            own = profile.currency if profile and profile.currency in named else None
            return "; ".join(
                f"{currency} {_range(criterion.at_least.get(currency), criterion.at_most.get(currency), grouped=True)}"
                for currency in ([own] if own else named)
            )
    return ", ".join(criterion.any_of)


def _range(low: float | None, high: float | None, *, grouped: bool) -> str:
    def shown(value: float) -> str:
        return f"{value:,.0f}" if grouped else f"{value:.0f}"

    if low is None or high is None:
        return f"≥ {shown(low)}" if low is not None else f"≤ {shown(high)}" if high is not None else ""
    return f"{shown(low)}–{shown(high)}"


def _found(field: str, profile: AccountProfiled) -> str:
    match field:
        case "employees":
            return "" if profile.employees is None else f"{profile.employees:,}"
        case "annual_revenue":
            return "" if profile.annual_revenue is None else f"{profile.currency or ''} {profile.annual_revenue:,.0f}"
        case "labels":
            return ", ".join(profile.labels)
    value = getattr(profile, field)
    return "" if value is None else str(value)

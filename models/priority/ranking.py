"""The ranked list: four factors of each account, what each adds to the total, and who cannot be ranked."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from models.priority.expected import Expected, WinRate, expected_revenue, win_rate
from models.priority.icp import Fit, icp_fit
from models.priority.inputs import KnownAccount, Opportunity
from models.priority.model import FACTORS, FactorKey, PriorityModel
from models.priority.purchases import Purchases, purchase_history
from models.priority.relations import Relations, decision_makers


@dataclass(frozen=True)
class Priority:
    """The priority of an account. total: 0 to 10, the sum of the contributions; None where no factor is known.

    known: share of the weight of which a factor is known. contributions: to the total, in hundredths; None where the
    factor is unknown. rank: None where too little is known.
    """

    account: KnownAccount
    rank: int | None
    total: float | None
    known: float
    contributions: Mapping[FactorKey, float | None]
    icp_fit: Fit
    expected_revenue: Expected
    purchase_history: Purchases
    decision_makers: Relations

    def score(self, key: FactorKey) -> float | None:
        """0 to 10, None where it is unknown."""
        found: Fit | Expected | Purchases | Relations = getattr(self, key)
        return found.score


@dataclass(frozen=True)
class Ranking:
    """All accounts: ranked by total, the highest first; unranked by what is known, the best known first."""

    as_of: date
    model: PriorityModel
    won_of_all: WinRate
    ranked: tuple[Priority, ...]
    unranked: tuple[Priority, ...]


def rank(
    accounts: Iterable[KnownAccount], nobodys: Iterable[Opportunity], model: PriorityModel, as_of: date
) -> Ranking:
    """Rank the accounts of the model's kinds.

    nobodys: opportunities of none of these accounts: nobody knows whose they are, or theirs has since become part of
    another. In the win rate they count like all others.
    """
    told = tuple(accounts)
    everything = chain(nobodys, (one for account in told for one in account.opportunities))
    won_of_all = win_rate(everything, model.expected_revenue, as_of)
    assessed = [assess(one, model, won_of_all, as_of) for one in told if one.kind in model.kinds]
    enough = [one for one in assessed if one.total is not None and one.known >= model.minimum_known]
    enough.sort(key=lambda one: (-(one.total or 0.0), -one.known, one.account.account_id))
    others = [one for one in assessed if one.total is None or one.known < model.minimum_known]
    others.sort(key=lambda one: (-one.known, -(one.total or 0.0), one.account.account_id))
    ranked = tuple(replace(one, rank=place) for place, one in enumerate(enough, 1))
    return Ranking(as_of, model, won_of_all, ranked, tuple(others))


def assess(account: KnownAccount, model: PriorityModel, won_of_all: WinRate, as_of: date) -> Priority:
    """Score one account. What is unknown is left out of the mean and is not 0."""
    fit = icp_fit(account.profile, model.icp_fit)
    expected = expected_revenue(account, model.expected_revenue, won_of_all, as_of)
    bought = purchase_history(account.opportunities, account.revenue, model.purchase_history, as_of)
    related = decision_makers(account.stakeholders, account.in_touch, model.decision_makers, as_of)
    scores: dict[FactorKey, float | None] = {
        "icp_fit": fit.score,
        "expected_revenue": expected.score,
        "purchase_history": bought.score,
        "decision_makers": related.score,
    }
    weights = {key: model.weights.of(key) for key in FACTORS}
    known = math.fsum(weights[key] for key in FACTORS if scores[key] is not None)
    contributions: dict[FactorKey, float | None] = {
        key: None if score is None or not known else round(weights[key] * score / known, 2)
        for key, score in scores.items()
    }
    told = [one for one in contributions.values() if one is not None]
    return Priority(
        account=account,
        rank=None,
        total=round(math.fsum(told), 2) if told else None,
        known=known / math.fsum(weights.values()),
        contributions=contributions,
        icp_fit=fit,
        expected_revenue=expected,
        purchase_history=bought,
        decision_makers=related,
    )

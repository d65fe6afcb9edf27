"""Purchase history (購買実績): how lately, how often, how much and how broadly an account bought."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from models.identity.company_names import plain_key
from models.priority.inputs import Opportunity, RevenueMonth, month_after, month_number
from models.priority.model import TOP, PurchaseHistory


@dataclass(frozen=True)
class Bought:
    """Amounts of the window in one currency. revenue and won tell of the same money: the larger counts."""

    currency: str
    revenue: float | None
    won: float | None
    score: float | None


@dataclass(frozen=True)
class Purchases:
    """Each part 0 to 10. score: their weighted mean, of those known; None where nothing was ever recorded.

    last_on: last purchase whose day is known. months: of the window, with such a purchase. products: ever bought.
    undated: opportunities won on a day that nobody knows. When and how often alone they tell nothing of.
    """

    score: float | None
    recency: float | None
    frequency: float | None
    monetary: float | None
    breadth: float | None
    last_on: date | None
    months: int
    undated: int
    amounts: tuple[Bought, ...]
    products: tuple[str, ...]


def purchase_history(
    opportunities: Sequence[Opportunity], revenue: Sequence[RevenueMonth], model: PurchaseHistory, as_of: date
) -> Purchases:
    """What an account bought. A month with revenue is a purchase, and so is an opportunity won.

    The window is the last window_months complete months and the running one, which alone cannot be missing yet.
    Who was asked and never bought, or whose revenue is nil, scores 0; of whom nothing is recorded is unknown.
    What was won on a day that nobody knows may have been won in the window: then no purchase there is unknown, not 0.
    """
    won = [one for one in opportunities if one.outcome == "won" and (one.closed_on is None or one.closed_on <= as_of)]
    undated = sum(one.closed_on is None for one in won)
    recorded = [one for one in revenue if one.month <= as_of]
    paid = [one for one in recorded if one.amount > 0]
    days = [one.closed_on for one in won if one.closed_on]
    days += [min(month_after(one.month) - timedelta(days=1), as_of) for one in paid]
    products = tuple(sorted({plain_key(one.product): one.product for one in won if one.product}.values()))
    if not days and not undated:
        score = 0.0 if opportunities or recorded else None
        return Purchases(score, score, score, score, score, None, 0, 0, (), products)
    last_on, first = max(days, default=None), month_number(as_of) - model.window_months
    months = len({month_number(day) for day in days if month_number(day) >= first})
    amounts = _amounts(won, recorded, model, first)
    untold = undated and not months
    parts = (
        None if last_on is None else TOP * 0.5 ** ((as_of - last_on).days / model.recency_half_life_days),
        None if untold else min(TOP, TOP * months / model.window_months),
        None if untold else _monetary(amounts, months),
        # Whoever bought anything has a product, though nobody says which.
        TOP * min(1.0, max(1, len(products)) / model.all_products),
    )
    return Purchases(_mean(parts, model), *parts, last_on, months, undated, amounts, products)


def _amounts(
    won: Sequence[Opportunity], recorded: Sequence[RevenueMonth], model: PurchaseHistory, first: int
) -> tuple[Bought, ...]:
    by_revenue: dict[str, list[float]] = defaultdict(list)
    for month in recorded:
        if month_number(month.month) >= first:
            by_revenue[month.currency].append(month.amount)
    by_won: dict[str, list[float]] = defaultdict(list)
    for one in won:
        if one.closed_on and month_number(one.closed_on) >= first and one.amount is not None:
            by_won[one.currency or ""].append(one.amount)
    found = []
    for currency in sorted({*by_revenue, *by_won}):
        told = math.fsum(by_revenue[currency]) if currency in by_revenue else None
        sold = math.fsum(by_won[currency]) if currency in by_won else None
        scale = model.scale.get(currency)
        amount = max(one for one in (told, sold) if one is not None)
        found.append(Bought(currency, told, sold, scale.score(amount) if scale else None))
    return tuple(found)


def _monetary(amounts: Sequence[Bought], months: int) -> float | None:
    """The highest of the currencies; 0 where nothing was bought in the window, unknown where nobody knows how much."""
    scores = [one.score for one in amounts if one.score is not None]
    return max(scores) if scores else None if months else 0.0


def _mean(parts: tuple[float | None, ...], model: PurchaseHistory) -> float:
    weights = (model.weights.recency, model.weights.frequency, model.weights.monetary, model.weights.products)
    known = [(part, weight) for part, weight in zip(parts, weights, strict=True) if part is not None]
    return math.fsum(part * weight for part, weight in known) / math.fsum(weight for _, weight in known)

"""The plan of an account as its facts fold to it, and how it came to be."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from models.plan.facts import OneItem, PlanFact, PlanItemStated

# Part and key of an item.
About = tuple[str, str]
Items = Mapping[About, OneItem]
Change = Literal["stated", "changed", "dropped"]


class Step(NamedTuple):
    """What one statement made of one item. before, after: None where there was or is none."""

    recorded_at: datetime
    about: About
    before: OneItem | None
    after: OneItem | None

    @property
    def change(self) -> Change:
        if self.after is None:
            return "dropped"
        return "stated" if self.before is None else "changed"


def about(fact: PlanFact) -> About:
    """What a statement of a plan is about."""
    return (fact.item.part if isinstance(fact, PlanItemStated) else fact.part, fact.key)


def fold_plan(facts: Iterable[PlanFact]) -> dict[About, OneItem]:
    """The items that stand, by part and key, of one account's facts in any order and given any number of times.

    Of two statements about the same item the later recorded holds; at the same time, the one with the higher id.
    """
    standing: dict[About, OneItem] = {}
    for step in history(facts):
        if step.after is None:
            standing.pop(step.about, None)
        else:
            standing[step.about] = step.after
    return dict(sorted(standing.items()))


def history(facts: Iterable[PlanFact]) -> list[Step]:
    """What changed the plan of one account, the first first; saying again what stands changes nothing."""
    standing: dict[About, OneItem] = {}
    steps: list[Step] = []
    for fact in sorted(facts, key=lambda one: (one.recorded_at, one.fact_id.int)):
        key = about(fact)
        before, after = standing.get(key), fact.item if isinstance(fact, PlanItemStated) else None
        if before == after:
            continue
        steps.append(Step(fact.recorded_at, key, before, after))
        if after is None:
            del standing[key]
        else:
            standing[key] = after
    return steps

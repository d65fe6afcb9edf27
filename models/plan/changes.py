"""What a plan file changes of the plan that stands, item by item, and the facts that say so."""

from collections.abc import Sequence
from datetime import datetime

from models.plan.document import ORDER, plain
from models.plan.facts import OneItem, PlanFact, PlanItemDropped, PlanItemStated
from models.plan.fold import Items, Step


def changes(standing: Items, wanted: Items, recorded_at: datetime) -> list[Step]:
    """From what stands to what is wanted, in the order of the parts; what is not wanted is dropped."""
    found = [
        Step(recorded_at, about, standing.get(about), wanted.get(about))
        for about in {**standing, **wanted}
        if standing.get(about) != wanted.get(about)
    ]
    return sorted(found, key=lambda one: (ORDER[one.about[0]], one.about[1]))


def facts_of(account_id: str, steps: Sequence[Step]) -> list[PlanFact]:
    """The facts that make these changes."""
    made: list[PlanFact] = []
    for step in steps:
        part, key = step.about
        told = {"recorded_at": step.recorded_at, "account_id": account_id, "key": key}
        if step.after is None:
            made.append(PlanItemDropped.model_validate({**told, "part": part}))
        else:
            made.append(PlanItemStated.model_validate({**told, "item": step.after}))
    return made


def drops_much(standing: Items, steps: Sequence[Step]) -> bool:
    """Whether over half of what stands would be dropped: somebody may have taken the wrong file."""
    return 2 * sum(step.after is None for step in steps) > len(standing)


def fields_changed(before: OneItem | None, after: OneItem | None) -> list[str]:
    """The fields in which two states of an item differ, in their order."""
    old, new = (plain(one) if one else {} for one in (before, after))
    return [name for name in {**old, **new} if old.get(name) != new.get(name)]

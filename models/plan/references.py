"""References from one item of a plan to another: a file that is to be imported again may not refer to nothing."""

from collections import defaultdict

from models.plan.direction import Competitor
from models.plan.facts import OneItem
from models.plan.fold import About, Items
from models.plan.money import Term
from models.plan.people import TeamMember
from models.plan.work import Action


def without_dangling(items: Items) -> dict[About, OneItem]:
    """The items without references to what does not stand, as after `setten forget`.

    A term of a product that does not stand is left out: without its product it would be the term of all products.
    """
    keys: dict[str, set[str]] = defaultdict(set)
    for part, key in items:
        keys[part].add(key)
    found = {about: _sound(about[1], item, keys) for about, item in items.items()}
    return {about: item for about, item in found.items() if item is not None}


def _sound(key: str, item: OneItem, keys: dict[str, set[str]]) -> OneItem | None:
    match item:
        case Action():
            gone = [one for one in ("stakeholder", "product", "target") if getattr(item, one) not in {None, *keys[one]}]
            return item.model_copy(update=dict.fromkeys(gone)) if gone else item
        case Term():
            return item if item.product in {None, *keys["product"]} else None
        case Competitor():
            kept = tuple(one for one in item.positions if one.priority in keys["priority"])
            return item if len(kept) == len(item.positions) else item.model_copy(update={"positions": kept})
        case TeamMember():
            known = item.backs_up in {None, *keys["team"]} - {key}
            return item if known else item.model_copy(update={"backs_up": None})
    return item

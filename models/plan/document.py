"""A plan as people write it, one file an account, and as items. Either way nothing is lost."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, Field

from models.plan.direction import Competitor, Priority, Profile, Selection, Strategy, Vision
from models.plan.facts import OneItem
from models.plan.fold import About, Items
from models.plan.item import KEY_PATTERN, WHOLE, Told, says
from models.plan.money import Product, Term
from models.plan.partner import ActivityGoal, JointGoal, NumberGoal, PartnerAction, PartnerReview
from models.plan.people import Stakeholder, Target, TeamMember
from models.plan.references import without_dangling
from models.plan.work import Action, Cadence, Request
from models.statements import AccountId

_MOST = 500
_Named = Annotated[str, Field(pattern=KEY_PATTERN)]


class PartnerSection(BaseModel):
    """What only the plan of a partner says."""

    model_config = Told.model_config

    joint_goal: Annotated[JointGoal | None, says("Joint goal", "共同目標")] = None
    activity_goals: Annotated[
        dict[_Named, ActivityGoal], says("Activity goals: first", "活動目標: まずこちら", max_length=_MOST)
    ] = {}
    number_goals: Annotated[
        dict[_Named, NumberGoal], says("Number goals: later", "数値目標: その後", max_length=_MOST)
    ] = {}
    actions: Annotated[
        dict[_Named, PartnerAction], says("Actions: of each month or week", "アクション: 月次・週次", max_length=_MOST)
    ] = {}
    review: Annotated[PartnerReview | None, says("Review", "レビュー")] = None


class PlanFile(BaseModel):
    """The plan of one account. Keys of items are yours: a key says which item it is, so keep it when you change one."""

    model_config = Told.model_config

    version: Annotated[Literal[1], WHOLE, says("Version: of the format", "形式の版")]
    account: Annotated[AccountId, says("Account: its account_id", "アカウント: account_id")]
    kind: Annotated[
        Literal["customer", "partner"], says("Kind: partner for a partner account", "種類: 顧客またはパートナー")
    ] = "customer"
    profile: Annotated[Profile | None, says("Profile", "プロフィール")] = None
    selection: Annotated[Selection | None, says("Selection", "選定")] = None
    vision: Annotated[Vision | None, says("Vision", "ビジョン")] = None
    strategies: Annotated[dict[_Named, Strategy], says("Strategies", "戦略", max_length=_MOST)] = {}
    stakeholders: Annotated[dict[_Named, Stakeholder], says("Stakeholders", "ステークホルダー", max_length=_MOST)] = {}
    targets: Annotated[tuple[Target, ...], says("Targets: contacts we want", "必要接点", max_length=_MOST)] = ()
    priorities: Annotated[
        dict[_Named, Priority], says("Priorities: of the customer", "顧客の優先事項", max_length=_MOST)
    ] = {}
    competitors: Annotated[dict[_Named, Competitor], says("Competitors", "競合", max_length=_MOST)] = {}
    products: Annotated[
        dict[_Named, Product], says("Products: mid-term revenue", "製品: 中期の売上", max_length=_MOST)
    ] = {}
    terms: Annotated[tuple[Term, ...], says("Terms: this term", "今期の計画", max_length=_MOST)] = ()
    team: Annotated[dict[_Named, TeamMember], says("Team", "チーム", max_length=_MOST)] = {}
    actions: Annotated[dict[_Named, Action], says("Actions", "アクション", max_length=_MOST)] = {}
    requests: Annotated[
        dict[_Named, Request], says("Requests: to our own company", "社内への要望", max_length=_MOST)
    ] = {}
    cadence: Annotated[tuple[Cadence, ...], says("Cadence: reviews", "レビューの頻度", max_length=_MOST)] = ()
    partner: Annotated[
        PartnerSection | None, says("Partner: with kind partner", "パートナー: kind が partner のとき")
    ] = None


class Place(NamedTuple):
    """Where a file has the items of a part. held: alone, in a list, or by key."""

    path: tuple[str, ...]
    held: Literal["alone", "list", "by_key"]


# In the order in which a plan is read.
PLACES: Mapping[str, Place] = {
    "profile": Place(("profile",), "alone"),
    "selection": Place(("selection",), "alone"),
    "vision": Place(("vision",), "alone"),
    "strategy": Place(("strategies",), "by_key"),
    "stakeholder": Place(("stakeholders",), "by_key"),
    "target": Place(("targets",), "list"),
    "priority": Place(("priorities",), "by_key"),
    "competitor": Place(("competitors",), "by_key"),
    "product": Place(("products",), "by_key"),
    "term": Place(("terms",), "list"),
    "team": Place(("team",), "by_key"),
    "action": Place(("actions",), "by_key"),
    "request": Place(("requests",), "by_key"),
    "cadence": Place(("cadence",), "list"),
    "joint_goal": Place(("partner", "joint_goal"), "alone"),
    "activity_goal": Place(("partner", "activity_goals"), "by_key"),
    "number_goal": Place(("partner", "number_goals"), "by_key"),
    "partner_action": Place(("partner", "actions"), "by_key"),
    "partner_review": Place(("partner", "review"), "alone"),
}
ORDER = {part: at for at, part in enumerate(PLACES)}


class Placed(NamedTuple):
    """An item and where the file has it."""

    about: About
    item: OneItem
    path: tuple[str | int, ...]


def placed(plan: PlanFile) -> Iterator[Placed]:
    """The items of a file, in the order of the parts; two of a list may have one key (models.plan.checks)."""
    for part, place in PLACES.items():
        found: Any = plan
        for name in place.path:
            found = getattr(found, name, None)
        if not found:
            continue
        if place.held == "alone":
            yield Placed((part, found.own_key), found, place.path)
        elif place.held == "list":
            for at, item in enumerate(found):
                yield Placed((part, item.own_key), item, (*place.path, at))
        else:
            for key, item in found.items():
                yield Placed((part, key), item, (*place.path, key))


def items_of(plan: PlanFile) -> dict[About, OneItem]:
    """What a file says, by part and key."""
    return {one.about: one.item for one in sorted(placed(plan), key=lambda one: one.about)}


def as_document(account_id: str, items: Items) -> dict[str, Any]:
    """The plan as a file has it, in plain values; what says nothing is left out.

    A file with it states the same items, but for references to what does not stand (models.plan.references). The plan
    is a partner's where an item of it is.
    """
    items = without_dangling(items)
    kind = {"kind": "partner"} if any(PLACES[part].path[0] == "partner" for part, _ in items) else {}
    told: dict[str, Any] = {"version": 1, "account": account_id, **kind}
    for part, key in sorted(items, key=lambda about: (ORDER[about[0]], about[1])):
        *above, name = PLACES[part].path
        inside = told
        for one in above:
            inside = inside.setdefault(one, {})
        item = plain(items[part, key])
        match PLACES[part].held:
            case "alone":
                inside[name] = item
            case "list":
                inside.setdefault(name, []).append(item)
            case "by_key":
                inside.setdefault(name, {})[key] = item
    return told


def plain(item: OneItem) -> dict[str, Any]:
    """An item in plain values without what says nothing; whole amounts are whole numbers."""
    told = item.model_dump(mode="json", exclude={"part"}, exclude_defaults=True)
    return {name: _whole(value) for name, value in told.items()}


def _whole(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_whole(one) for one in value]
        case dict():
            return {name: _whole(one) for name, one in value.items()}
    return value

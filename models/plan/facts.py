"""The facts that an account plan is: each states or drops one item, and none is overwritten."""

from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from models.plan.direction import Competitor, Priority, Profile, Selection, Strategy, Vision
from models.plan.item import Key
from models.plan.money import Product, Term
from models.plan.partner import ActivityGoal, JointGoal, NumberGoal, PartnerAction, PartnerReview
from models.plan.people import Stakeholder, Target, TeamMember
from models.plan.work import Action, Cadence, Request
from models.statements import AccountId, Fact

OneItem = (
    Profile
    | Selection
    | Vision
    | Strategy
    | Stakeholder
    | Target
    | Priority
    | Competitor
    | Product
    | Term
    | TeamMember
    | Action
    | Request
    | Cadence
    | JointGoal
    | ActivityGoal
    | NumberGoal
    | PartnerAction
    | PartnerReview
)
AnyItem = Annotated[OneItem, Field(discriminator="part")]
ITEM: TypeAdapter[OneItem] = TypeAdapter(AnyItem)


class PlanItemStated(Fact):
    """An item of an account's plan as it now is; replaces what was stated before of the same part and key."""

    type: Literal["plan_item_stated"] = "plan_item_stated"
    account_id: AccountId
    key: Key
    item: AnyItem

    @model_validator(mode="after")
    def _keyed_by_what_it_says(self) -> Self:
        if self.item.own_key not in (None, self.key):
            raise ValueError(f"the key of this {self.item.part} is {self.item.own_key!r}, not {self.key!r}")
        return self


class PlanItemDropped(Fact):
    """An item is in the account's plan no longer, from then on; stated again later, it is again."""

    type: Literal["plan_item_dropped"] = "plan_item_dropped"
    account_id: AccountId
    part: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$")]
    key: Key


PlanFact = PlanItemStated | PlanItemDropped

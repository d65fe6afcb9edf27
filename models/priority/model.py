"""The priority model: a TOML file with the weights of the factors and all numbers in their formulas."""

import hashlib
import json
import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from models.plan.people import Relationship
from models.priority.criteria import Criterion, Weight
from models.priority.strict import Number, Strict, Whole
from models.statements import Currency

FactorKey = Literal["icp_fit", "expected_revenue", "purchase_history", "decision_makers"]
FACTORS: tuple[FactorKey, ...] = ("icp_fit", "expected_revenue", "purchase_history", "decision_makers")
TOP = 10.0
# The kinds that Setten's maps of CRMs give to accounts; accounts may have others.
KINDS = ("customer", "prospect", "partner", "vendor", "competitor", "other")

Share = Annotated[Number, Field(ge=0, le=1)]
Score = Annotated[Number, Field(ge=0, le=TOP)]
Days = Annotated[Whole, Field(ge=1, le=3650)]


class Scale(Strict):
    """Amounts on a scale of 0 to 10 by their logarithm: `low` and less is 0, `high` and more 10."""

    low: Weight
    high: Weight

    @model_validator(mode="after")
    def _in_order(self) -> "Scale":
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} is not less than high {self.high:g}: exchange them")
        return self

    def score(self, amount: float) -> float:
        """10 × ln(amount / low) / ln(high / low), within 0 and 10."""
        if amount <= self.low:
            return 0.0
        return min(TOP, TOP * math.log(amount / self.low) / math.log(self.high / self.low))


Scales = Annotated[dict[Currency, Scale], Field(min_length=1)]


class Weights(Strict):
    """What each factor counts, on any scale; 0: not at all."""

    icp_fit: Annotated[Number, Field(ge=0)]
    expected_revenue: Annotated[Number, Field(ge=0)]
    purchase_history: Annotated[Number, Field(ge=0)]
    decision_makers: Annotated[Number, Field(ge=0)]

    @model_validator(mode="after")
    def _count(self) -> "Weights":
        if not any(self.of(key) for key in FACTORS):
            raise ValueError("all weights are 0: give one factor more")
        return self

    def of(self, key: FactorKey) -> float:
        return float(getattr(self, key))


class IcpFit(Strict):
    """The ideal customer (理想顧客). minimum_known: share of the criteria's weight below which the fit is unknown."""

    minimum_known: Share
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]


class ExpectedRevenue(Strict):
    """Expected revenue (期待売上) of the next twelve months.

    stages: probability by stage in the words of the CRM. Of other stages the share of won ones counts, of all that were
    closed in the last win_rate_days, if they are win_rate_least at least; else `otherwise`.
    forgotten_after_days: an open opportunity whose expected day, or without one its first, lies further back does not
    count. least_months: of the last twelve, with revenue recorded, for what is recurring to be known.
    plan_confidence: of what the account's plan wants of the fiscal year so much is expected; 0: nothing.
    """

    stages: dict[str, Share] = Field(default_factory=dict)
    win_rate_days: Days
    win_rate_least: Annotated[Whole, Field(ge=1)]
    otherwise: Share
    forgotten_after_days: Days
    least_months: Annotated[Whole, Field(ge=1, le=12)]
    plan_confidence: Share = 0.5
    scale: Scales


class PurchaseWeights(Strict):
    """What each part of the purchase history counts, on any scale."""

    recency: Weight
    frequency: Weight
    monetary: Weight
    products: Weight


class PurchaseHistory(Strict):
    """Purchase history (購買実績): recency, frequency, monetary value and breadth.

    recency_half_life_days: the score of recency halves with each of these. window_months: in which frequency and
    amounts are counted, beside the running month. all_products: how many products score 10. scale: of the amounts.
    """

    weights: PurchaseWeights
    recency_half_life_days: Days
    window_months: Annotated[Whole, Field(ge=1, le=120)]
    all_products: Annotated[Whole, Field(ge=1)]
    scale: Scales


class DecisionMakers(Strict):
    """Relationship with those who decide (決裁者との関係).

    relationship: score by relationship. decides, approves: what a stakeholder of this role counts. engaged_days: who
    was in touch within them is engaged; of others `not_engaged` of the score counts.
    without_plan_days: where no plan tells, who was in touch within them counts. executive, management: what one of them
    counts then; enough: how much of it scores 10.
    """

    relationship: dict[Relationship, Score]
    decides: Weight
    approves: Weight
    engaged_days: Days
    not_engaged: Share
    without_plan_days: Days
    executive: Weight
    management: Weight
    enough: Weight

    @model_validator(mode="after")
    def _every_relationship(self) -> "DecisionMakers":
        wanted = {"sponsor", "supporter", "neutral", "needs_work", "opponent"}
        if missing := sorted(wanted - self.relationship.keys()):
            raise ValueError(f"relationship has no score of {', '.join(missing)}: add it")
        if "unknown" in self.relationship:
            raise ValueError("relationship: unknown has no score, it is left out: take it out")
        return self


class PriorityModel(Strict):
    """How accounts are ranked. kinds: of the accounts that are. minimum_known: share of weight below which one is
    unranked."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
    kinds: Annotated[tuple[str, ...], Field(min_length=1)]
    minimum_known: Share
    weights: Weights
    icp_fit: IcpFit
    expected_revenue: ExpectedRevenue
    purchase_history: PurchaseHistory
    decision_makers: DecisionMakers

    @property
    def version(self) -> str:
        """The name and a digest of all that the model says: what is scored alike has the same version."""
        told = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        digest = hashlib.blake2b(told.encode(), digest_size=4, person=b"setten-priority").hexdigest()
        return f"{self.name}-{digest}"

    @property
    def touch_days(self) -> int:
        """How far back anybody's touches are looked at."""
        return max(self.decision_makers.engaged_days, self.decision_makers.without_plan_days)

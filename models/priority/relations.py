"""Relationship with those who decide (決裁者との関係): as the plan says, else who of them is in touch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from models.priority.inputs import InTouch, PlanStakeholder
from models.priority.model import TOP, DecisionMakers

_SENIOR = ("executive", "management")


@dataclass(frozen=True)
class Decider:
    """Who decides or approves by the plan. score None: nobody knows how she stands to us. last_on: last in touch."""

    stakeholder: PlanStakeholder
    weight: float
    last_on: date | None
    engaged: bool
    score: float | None


@dataclass(frozen=True)
class Relations:
    """basis: what the score is of, None where neither tells anything. senior: executives and managers in touch.

    staff: how many others were, whose seniority is known.
    """

    score: float | None
    basis: Literal["plan", "contacts"] | None
    deciders: tuple[Decider, ...]
    senior: tuple[InTouch, ...]
    staff: int


def decision_makers(
    stakeholders: Sequence[PlanStakeholder], in_touch: Sequence[InTouch], model: DecisionMakers, as_of: date
) -> Relations:
    """How those who decide stand to us.

    By the plan: the weighted mean of its deciders and approvers. Without one, executives and managers in touch, by how
    many they are; unknown where nobody was in touch whose seniority is known.
    """
    last_on = {one.contact_key: one.last_on for one in in_touch if one.last_on <= as_of}
    deciders = tuple(
        _decider(one, last_on, model, as_of)
        for one in sorted(stakeholders, key=lambda one: one.key)
        if one.decision_role in ("decides", "approves")
    )
    since = as_of - timedelta(days=model.without_plan_days)
    recent = sorted((one for one in in_touch if since < one.last_on <= as_of), key=lambda one: one.contact_key)
    senior = tuple(one for one in recent if one.seniority in _SENIOR)
    staff = sum(one.seniority == "staff" for one in recent)
    scored = [(one.score, one.weight) for one in deciders if one.score is not None]
    if scored:
        mean = math.fsum(score * weight for score, weight in scored) / math.fsum(weight for _, weight in scored)
        return Relations(mean, "plan", deciders, senior, staff)
    if senior or staff:
        reached = math.fsum(model.executive if one.seniority == "executive" else model.management for one in senior)
        return Relations(TOP * min(1.0, reached / model.enough), "contacts", deciders, senior, staff)
    return Relations(None, None, deciders, senior, staff)


def _decider(stakeholder: PlanStakeholder, last_on: Mapping[str, date], model: DecisionMakers, as_of: date) -> Decider:
    met = last_on.get(stakeholder.contact_key or "")
    engaged = met is not None and met > as_of - timedelta(days=model.engaged_days)
    score = model.relationship.get(stakeholder.relationship)
    weight = model.decides if stakeholder.decision_role == "decides" else model.approves
    return Decider(stakeholder, weight, met, engaged, score if score is None or engaged else score * model.not_engaged)

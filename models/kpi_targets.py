"""Targets of KPIs, as facts: what is wanted of a KPI in a period, for all together or for one group."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from models.kpis import KPIS
from models.statements import Fact, plausible

# What a group may be called where there are only so many.
_ONLY: Mapping[str, tuple[str, ...]] = {
    "channel": ("web", "email", "event", "meeting"),
    "seniority": ("executive", "management", "staff", "unknown"),
}
_LEAST = {"ratio": 0.0, "count": 0.0, "money": 0.0, "days": 0.0, "hours": 0.0, "points": -100.0}
_MOST = {"ratio": 1.0, "points": 100.0}

Dimension = Literal["account", "channel", "segment", "campaign", "product", "seniority", "group"]
# No address: who is forgotten must not be looked for in here.
GroupValue = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^@＠\p{C}]+$")]


class KpiTargetSet(Fact):
    """What a KPI is to come to in a stretch of days; replaces what was set before for the same.

    kpi: its name (models.kpis). of: the group it is set for, by dimension; empty: all together. first, last: both
    included. value: of the KPI's first measure and in its unit (a rate of 40 % is 0.4); None: no target any more.
    currency: of an amount of money, else ''.
    """

    type: Literal["kpi_target_set"] = "kpi_target_set"
    kpi: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    of: Annotated[dict[Dimension, GroupValue], Field(max_length=4)] = Field(default_factory=dict)
    first: date
    last: date
    value: Annotated[float, Field(allow_inf_nan=False)] | None
    currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""

    @field_validator("of")
    @classmethod
    def _in_one_order(cls, value: dict[Dimension, str]) -> dict[Dimension, str]:
        # The same target has the same id, however its groups are written.
        return dict(sorted(value.items()))

    @field_validator("first", "last")
    @classmethod
    def _in_range(cls, value: date) -> date:
        plausible(value)
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"last, {self.last}, is before first, {self.first}: give the earlier day first")
        return self

    @model_validator(mode="after")
    def _of_a_kpi(self, info: ValidationInfo) -> Self:
        # What was stated stays readable when a KPI is renamed.
        if (info.context or {}).get("stored"):
            return self
        if self.kpi not in KPIS:
            raise ValueError(f"{self.kpi!r} is no KPI: use one of {', '.join(KPIS)}")
        kpi = KPIS[self.kpi]
        for dimension, value in self.of.items():
            if dimension not in kpi.by:
                raise ValueError(f"{self.kpi} cannot be split by {dimension}: use {', '.join(kpi.by)}")
            if value not in _ONLY.get(dimension, (value,)):
                raise ValueError(f"{dimension} {value!r} does not exist: use {', '.join(_ONLY[dimension])}")
        unit = kpi.measures[0].unit
        if (unit == "money") != bool(self.currency):
            told = "is an amount: say in which currency" if unit == "money" else "is no amount: leave out currency"
            raise ValueError(f"{self.kpi} {told}")
        if self.value is not None and not _LEAST[unit] <= self.value <= _MOST.get(unit, math.inf):
            upper = f" to {_MOST[unit]:g}" if unit in _MOST else " or more"
            hint = "; 40 % is 0.4" if unit == "ratio" else ""
            raise ValueError(f"{self.value:g} cannot be reached: {self.kpi} is {_LEAST[unit]:g}{upper}{hint}")
        return self

    @property
    def about(self) -> tuple[str, ...]:
        """What it is set for: of two with the same the later recorded holds."""
        groups = [part for pair in self.of.items() for part in pair]
        return (self.type, self.kpi, self.first.isoformat(), self.last.isoformat(), self.currency, *groups)


def groups_of(of: Mapping[str, str], by: Sequence[str], accounts: Sequence[str]) -> list[tuple[str, ...] | None]:
    """The rows of a KPI that a target belongs to, None for the total; none where it is set for something else.

    by: what the KPI is split by. accounts: those asked for alone, all if none is named. The total of one account
    alone has the target of that account, that of all accounts the target for all, that of some of them none.
    """
    asked = set(accounts)
    found: list[tuple[str, ...] | None] = []
    if by and set(of) == set(by) and (not asked or of.get("account") in asked):
        found.append(tuple(of[one] for one in by))
    if len(asked) <= 1 and dict(of) == ({"account": accounts[0]} if asked else {}):
        found.append(None)
    return found

"""Targets of KPIs, as facts: what is wanted of a KPI in a period, for all together or for one group."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from models.statements import Fact, plausible

Dimension = Literal["account", "channel", "segment", "campaign", "product", "seniority", "group"]
# No address: who is forgotten must not be looked for in here.
GroupValue = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^@]+$")]


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

    @property
    def about(self) -> tuple[str, ...]:
        """What it is set for: of two with the same the later recorded holds."""
        groups = [part for pair in self.of.items() for part in pair]
        return (self.type, self.kpi, self.first.isoformat(), self.last.isoformat(), self.currency, *groups)


def group_in_order(of: Mapping[str, str], by: tuple[str, ...]) -> tuple[str, ...] | None:
    """The group of a KPI that is split by these dimensions; None where the target is of another split.

    A target for all together is that of the total, which is no group: `()` where `by` is empty alone.
    """
    return tuple(of[one] for one in by) if set(of) == set(by) else None

"""What all rules have in common: what they are given beside an account, what they answer, and how they are set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from models.account_history import AccountHistory, Day
from models.business_days import BusinessCalendar
from models.days import fiscal_quarter
from models.findings import Evidence, Severity, Status

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Thresholds(BaseModel):
    """What can be set of a rule, in rules.toml: `enabled` of every rule, and its own."""

    # strict: `true` is no 1.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    enabled: bool = True

    def told(self) -> dict[str, Any]:
        """The rule's own thresholds, as evidence shows them."""
        return {name: value for name, value in self.model_dump().items() if name not in Thresholds.model_fields}


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day of the question, the last that counts, and what is known of days.

    silent_since: by kind of signal, the day since which its sources are silent for everybody, so that silence there
    says nothing of an account; timelines tell it, and nothing finds it yet.
    """

    day: Day
    calendar: BusinessCalendar = field(default_factory=BusinessCalendar)
    fiscal_start_month: int = 4
    silent_since: Mapping[str, Day] = field(default_factory=dict)

    @property
    def date(self) -> date:
        return date.fromordinal(self.day)

    @property
    def next_quarter(self) -> int:
        """Ordinal of the first fiscal quarter that is not over; the one that holds the day is over on its last day."""
        return fiscal_quarter(date.fromordinal(self.day + 1), self.fiscal_start_month)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has found, or that it cannot judge (status insufficient_data). Silence is None in its place."""

    severity: Severity
    sentence_en: str
    sentence_ja: str
    evidence: Evidence
    status: Status = "finding"


T = TypeVar("T", bound=Thresholds)


@dataclass(frozen=True)
class Rule(Generic[T]):
    """A rule. version: of its code, raised where it would answer otherwise. judge: pure."""

    name: str
    version: str
    thresholds: type[T]
    judge: Callable[[AccountHistory, AsOf, T], Finding | None]

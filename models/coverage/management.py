"""Executives and managers in touch, quarter by quarter, beside the revenue of the quarter (マネジメント接点の推移)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models.periods import Period


@dataclass(frozen=True)
class InTouch:
    """Distinct people who came to us or met us in a quarter, by seniority as last declared."""

    executives: int
    managers: int
    staff: int
    unknown: int


@dataclass(frozen=True)
class Quarter:
    """A fiscal quarter of an account. complete: it ended by the day asked as of.

    in_touch None: the store knows of no touches so early. revenue: in currency; None where a month lacks, and while the
    quarter runs.
    """

    label: str
    first: date
    last: date
    complete: bool
    in_touch: InTouch | None
    revenue: float | None
    currency: str


def quarters(
    asked: Sequence[Period],
    counted: Mapping[int, InTouch],
    revenue: Sequence[float | None],
    currency: str,
    known_since: date | None,
) -> list[Quarter]:
    """The quarters asked for. counted: by place in `asked`; revenue: one each; known_since: first day with touches."""
    nobody = InTouch(0, 0, 0, 0)
    told = []
    for at, (period, amount) in enumerate(zip(asked, revenue, strict=True)):
        known = known_since is not None and period.last >= known_since
        told.append(
            Quarter(
                period.label,
                period.first,
                period.last,
                period.complete,
                counted.get(at, nobody) if known else None,
                amount if period.complete else None,
                currency,
            )
        )
    return told

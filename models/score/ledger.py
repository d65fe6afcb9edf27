"""The ledger of a score: what each contact-day of an account contributes to it on a day, and the score as their sum.

contribution = points(action) x min(touches, cap) x weight(seniority) x 0.5 ** (age in days / half-life)
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from models.score.profile import ScoreProfile


@dataclass(frozen=True)
class LedgerRow:
    """A contact-day of an account, as the table has it. seniority: of the contact, as known today."""

    day: date
    contact_key: str
    kind: str
    action: str
    direction: str
    touches: int
    seniority: str = "unknown"


@dataclass(frozen=True)
class Contribution:
    """What one contact has contributed by one action. counted: touches after the cap. points: what is left of them."""

    contact_key: str
    seniority: str
    action: str
    days: int
    touches: int
    counted: int
    last_day: date
    points: float


@dataclass(frozen=True)
class Engaged:
    """How many people engaged lately; managers: executives and management among them."""

    people: int
    managers: int


def contribution(profile: ScoreProfile, row: LedgerRow, as_of: date) -> float:
    """Points that are left of a row at the end of a day; 0 for what is no engagement, in the future, or too old."""
    age = (as_of - row.day).days
    return _at_first(profile, row) * 0.5 ** (age / profile.half_life_days) if 0 <= age <= profile.horizon_days else 0.0


def score(profile: ScoreProfile, rows: Iterable[LedgerRow], as_of: date) -> float:
    """The score of an account as of the end of a day. Rows are a set: order and repetition change nothing."""
    return math.fsum(contribution(profile, row, as_of) for row in set(rows))


def engaged(profile: ScoreProfile, rows: Iterable[LedgerRow], as_of: date) -> Engaged:
    """Who did something that has points in the last people_days days, as_of included."""
    first = as_of - timedelta(days=profile.people_days - 1)
    seen = {row.contact_key: row.seniority for row in rows if first <= row.day <= as_of and _at_first(profile, row) > 0}
    return Engaged(len(seen), sum(seniority in ("executive", "management") for seniority in seen.values()))


def contributions(profile: ScoreProfile, rows: Iterable[LedgerRow], as_of: date) -> list[Contribution]:
    """The ledger by contact and action, the largest first; its points add up to the score."""
    groups: dict[tuple[str, str, str], list[LedgerRow]] = defaultdict(list)
    for row in set(rows):
        if contribution(profile, row, as_of) > 0:
            groups[row.contact_key, row.seniority, f"{row.kind}.{row.action}"].append(row)
    found = [
        Contribution(
            *key,
            days=len({row.day for row in of_key}),
            touches=sum(row.touches for row in of_key),
            counted=sum(_counted(profile, row) for row in of_key),
            last_day=max(row.day for row in of_key),
            points=math.fsum(contribution(profile, row, as_of) for row in of_key),
        )
        for key, of_key in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.points, one.contact_key, one.action))


def _at_first(profile: ScoreProfile, row: LedgerRow) -> float:
    """Points of a row on its own day."""
    worth = profile.worth(row.kind, row.action)
    person = row.contact_key.startswith(("mail:", "id:"))
    if worth is None or not person or row.direction not in ("inbound", "mutual"):
        return 0.0
    return worth.points * _counted(profile, row) * profile.seniority.of(row.seniority)


def _counted(profile: ScoreProfile, row: LedgerRow) -> int:
    worth = profile.worth(row.kind, row.action)
    return min(row.touches, worth.cap) if worth else 0

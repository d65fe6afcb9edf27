"""When a contact was touched, and what that makes of the contact: the days behind every number of the coverage."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

ENGAGED_WITHIN_DAYS = 90  # up to the day, itself included; as in the view contacts_at
ANSWERED_WITHIN_DAYS = 30

Direction = Literal["inbound", "outbound", "mutual"]
# never: not touched. outbound_only: we wrote (送信のみ). one_way: they came, and nothing two-way. two_way: 双方向.
# lapsed: engaged once, and not in 90 days. missing: the plan names her, and she is not known at the account.
# unknown: the store knows of no touches so early.
Status = Literal["never", "outbound_only", "one_way", "two_way", "lapsed", "missing", "unknown"]


@dataclass(frozen=True)
class Touched:
    """Days on which a contact was touched, by people, in one way; any number of them may say the same day."""

    contact_key: str
    kind: str
    direction: Direction
    days: Collection[date]


@dataclass
class History:
    """A contact's days by direction, and by kind those on which she came to us or met us."""

    inbound: set[date] = field(default_factory=set)
    outbound: set[date] = field(default_factory=set)
    mutual: set[date] = field(default_factory=set)
    by_kind: dict[str, set[date]] = field(default_factory=dict)

    @property
    def engaged(self) -> set[date]:
        """Days on which she came to us or met us."""
        return self.inbound | self.mutual

    @property
    def last_engaged(self) -> date | None:
        return max(self.engaged, default=None)

    @property
    def last_two_way(self) -> date | None:
        """The last day on which we met, or on which one side moved and the other had in the 30 days up to it."""
        found = [max(self.mutual, default=None), _answered(self.inbound, self.outbound)]
        found.append(_answered(self.outbound, self.inbound))
        return max((day for day in found if day is not None), default=None)

    def engaged_within(self, days: int, as_of: date) -> set[date]:
        """Engaged days of so many up to as_of, itself included."""
        return within(self.engaged, days, as_of)

    def channels_within(self, days: int, as_of: date) -> tuple[str, ...]:
        """Kinds of signal (web, email, event, meeting) in which she came to us or met us, in these days."""
        return tuple(sorted(kind for kind, on in self.by_kind.items() if within(on, days, as_of)))

    def status(self, as_of: date) -> Status:
        """What she is as of a day: see Status."""
        if self.engaged_within(ENGAGED_WITHIN_DAYS, as_of):
            last = self.last_two_way
            return "two_way" if last is not None and within({last}, ENGAGED_WITHIN_DAYS, as_of) else "one_way"
        if self.engaged:
            return "lapsed"
        return "outbound_only" if self.outbound else "never"


def histories(touched: Iterable[Touched], as_of: date) -> Mapping[str, History]:
    """The history of each contact, by contact key. What happened after as_of is left out."""
    found: dict[str, History] = {}
    for one in touched:
        if not (days := {day for day in one.days if day <= as_of}):
            continue
        history = found.setdefault(one.contact_key, History())
        match one.direction:
            case "inbound":
                history.inbound |= days
            case "outbound":
                history.outbound |= days
            case "mutual":
                history.mutual |= days
        if one.direction != "outbound":
            history.by_kind.setdefault(one.kind, set()).update(days)
    return found


def within(days: Iterable[date], count: int, as_of: date) -> set[date]:
    """Those of the days that are among the `count` up to as_of, itself included."""
    first = as_of - timedelta(days=count - 1)
    return {day for day in days if first <= day <= as_of}


def _answered(days: set[date], others: set[date]) -> date | None:
    """The last of the days with one of the others on it or at most 30 days before it."""
    before = sorted(others)
    for day in sorted(days, reverse=True):
        at = bisect_left(before, day - timedelta(days=ANSWERED_WITHIN_DAYS))
        if at < len(before) and before[at] <= day:
            return day
    return None

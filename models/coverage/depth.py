"""On how few people the contact hangs, on their side and on ours."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models.coverage.history import History

SHARE_WITHIN_DAYS = 180  # as in the view contacts_at
MOST_PERCENT = 80


@dataclass(frozen=True)
class SingleThread:
    """How much of the contact of 180 days the strongest contact carries.

    contact_days: pairs of contact and day on which she came to us or met us; None where the store knows of no touches
    so early. strongest: her contact key; of two alike the first in the alphabet. share: her part of them.
    people_for_most: how many people make up 80 %. All three None without any.
    """

    contact_days: int | None
    strongest: str | None
    share: float | None
    people_for_most: int | None


NOT_KNOWN = SingleThread(None, None, None, None)


@dataclass(frozen=True)
class OwnPerson:
    """Somebody of our own side in signals together with people of the account, in 365 days and in the last 90."""

    contact_key: str
    name: str
    department: str
    function: str
    signals: int
    signals_recent: int
    last_on: date


@dataclass(frozen=True)
class OwnSide:
    """Our side's breadth. The numbers are None where no signal of the 365 days names one of ours: most sources do not.

    functions: what our people of the last 90 days work on, `unknown` among them where nobody told.
    """

    people: int | None
    people_recent: int | None
    functions: tuple[str, ...]
    persons: tuple[OwnPerson, ...]


def single_thread(here: Collection[str], found: Mapping[str, History], as_of: date) -> SingleThread:
    """Of the people who are at the account: who left carries nothing any more."""
    days = {key: len(found[key].engaged_within(SHARE_WITHIN_DAYS, as_of)) for key in here if key in found}
    total = sum(days.values())
    if not total:
        return SingleThread(0, None, None, None)
    ordered = sorted(days, key=lambda key: (-days[key], key))
    carried = count = 0
    while carried * 100 < total * MOST_PERCENT:
        carried += days[ordered[count]]
        count += 1
    return SingleThread(total, ordered[0], days[ordered[0]] / total, count)


def own_side(persons: Sequence[OwnPerson]) -> OwnSide:
    """What the people of our side come to."""
    if not persons:
        return OwnSide(None, None, (), ())
    recent = [one for one in persons if one.signals_recent]
    return OwnSide(len(persons), len(recent), tuple(sorted({one.function for one in recent})), tuple(persons))

"""Which content of an event id stands, where sources use one id for several."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Arrival(NamedTuple):
    """An event as it came in one body. Ids and digests are 32 hex digits; precedence: see models.touch_table."""

    event_id: str
    content: str
    record_id: str
    position: int
    precedence: int


class Conflict(NamedTuple):
    """One id, several contents.

    winner: the arrival that stands. losers: arrivals to be taken back. cleared: arrivals of the winning content that
    may have been refused while another content stood.
    """

    winner: Arrival
    losers: list[Arrival]
    cleared: list[Arrival]


@dataclass(slots=True)
class Repetition:
    """duplicates: arrivals of a batch that say what had arrived before. disputed: ids with several contents.

    seen: all ids of the batch.
    """

    duplicates: int = 0
    disputed: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)


def repetition(mine: Iterable[Arrival], rivals: Iterable[Arrival]) -> Repetition:
    """What of a batch has arrived before.

    rivals: arrivals of the same events that differ in content from the batch's or have a higher precedence.
    """
    known: dict[str, set[str]] = defaultdict(set)
    for rival in rivals:
        known[rival.event_id].add(rival.content)
    result = Repetition()
    here: dict[str, str] = {}
    for arrival in mine:
        contents = known.get(arrival.event_id, set())
        first_here = here.setdefault(arrival.event_id, arrival.content)
        if first_here != arrival.content or contents - {arrival.content}:
            result.disputed.add(arrival.event_id)
        elif contents or arrival.event_id in result.seen:
            result.duplicates += 1
        result.seen.add(arrival.event_id)
    return result


def settle(mine: Iterable[Arrival], arrivals: Iterable[Arrival]) -> list[Conflict]:
    """Settle disputed ids: the content first received stands, whatever the order in which arrivals are seen.

    mine: the batch's arrivals. arrivals: all that the store knows of the disputed events, the batch's included.
    Of the losers only the batch's own contents and those next to them in rank are named. That is enough for all to be
    taken back: of any two neighbours the one stored later sees the other, whichever worker stores it.
    """
    own: dict[str, set[str]] = defaultdict(set)
    for arrival in mine:
        own[arrival.event_id].add(arrival.content)
    by_event: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        by_event[arrival.event_id].append(arrival)
    return [_conflict(found, own[event_id]) for event_id, found in sorted(by_event.items())]


def _conflict(arrivals: list[Arrival], own: set[str]) -> Conflict:
    best: dict[str, Arrival] = {}
    for arrival in sorted(arrivals, key=lambda a: (a.precedence, a.content), reverse=True):
        best.setdefault(arrival.content, arrival)
    ranking = list(best)
    lost = {content for content in own if content != ranking[0]}
    lost |= {ranking[at + 1] for at, content in enumerate(ranking[:-1]) if content in own}
    winner = best[ranking[0]]
    cleared = [a for a in arrivals if a.content == winner.content] if winner.content in own else []
    return Conflict(winner, sorted(a for a in arrivals if a.content in lost), sorted(cleared))

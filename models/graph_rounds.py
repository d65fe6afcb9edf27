"""One round of a delta of a calendar view of Microsoft Graph: what changed, with the instances of series made whole.

What the documentation leaves out, as people report it: instances of a series tell an id, times and the id of their
master and nothing else; a master that did not change may be missing; and of an instance that was deleted
out of a series nothing may be told at all, while those that are left come again with their master.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from models.calendar_sync import CalendarState, Changes
from models.sources.microsoft_graph import kept, whole
from models.sources.webhook_json import Refused, Told


class Round(NamedTuple):
    """The events of all pages of one round. whole, token, window_end: as in Changes."""

    whole: bool
    token: str
    window_end: datetime | None
    events: list[Told]


def masters_missing(before: CalendarState, round_: Round) -> list[str]:
    """Ids of the masters that must be asked for: of instances that tell only their times, where it is not known."""
    known = {*({} if round_.whole else before.masters), *(str(e.get("id")) for e in round_.events)}
    return sorted({_master(event) for event in round_.events if event.get("type") == "occurrence"} - known - {""})


def changes_of(before: CalendarState, round_: Round, fetched: Iterable[Told] = ()) -> Changes:
    """What a round changes. fetched: the masters that were asked for; an instance without any is left out."""
    masters = {} if round_.whole else dict(before.masters)
    news: dict[str, Told] = {}
    removed: set[str] = set()
    faults = []
    for event in [*fetched, *round_.events]:
        id_ = str(event.get("id") or "")
        if not id_:
            continue
        if "@removed" in event:
            removed.add(id_)
            continue
        try:
            news[id_] = kept(event)
        except Refused as refused:
            faults.append(f"event {id_[:80]}: {refused.detail}")
    changed = {id_: event for id_, event in news.items() if event.get("type") == "seriesMaster"}
    masters |= changed
    events: dict[str, Told] = {}
    for id_, event in news.items():
        if id_ in changed:
            continue
        master = masters.get(_master(event))
        if master is not None:
            events[id_] = whole(event, master)
        elif event.get("type") != "occurrence":
            events[id_] = event
    told_again = {_master(event) for event in events.values()}
    for id_, event in before.pending.items():
        series = _master(event)
        if round_.whole or id_ in events or series not in changed:
            continue
        if series in told_again:
            removed.add(id_)  # the others of its series came, this one did not: it is gone
        else:
            events[id_] = whole(event, masters[series])
    return Changes(
        round_.whole,
        round_.token,
        round_.window_end,
        events,
        frozenset(removed - events.keys()),
        masters,
        tuple(faults),
    )


def _master(event: Told) -> str:
    return str(event.get("seriesMasterId") or "")

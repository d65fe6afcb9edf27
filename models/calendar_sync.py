"""Keeping up with a calendar: what is known of it between two looks, and which of its meetings are to be told now.

A meeting is told once it is over, with the state it has then. So what lies ahead is kept until its time comes, and
what was told is remembered, so that it is not told again unless other people are on its list.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from pydantic import BaseModel

from models.sources.meetings import Meeting, Reader, Skip, digest, is_over, met
from models.sources.webhook_json import Refused, Told


class ToldMeeting(BaseModel):
    """A meeting that was told. digest: of whom it was told; see models.sources.meetings.digest."""

    digest: str
    end: datetime


class CalendarState(BaseModel):
    """What is known of one calendar.

    token: where the next look goes on, in the provider's own words; '' for from the beginning. window_end: the token
    says nothing of what begins later. synced_at: the last look that came to its end. pending: events by the
    provider's id that were not told yet, as the provider gave them. masters: what the instances of a series have in
    common, by its id, where the provider tells it apart. told: what was told and may still be changed.
    """

    token: str = ""
    window_end: datetime | None = None
    synced_at: datetime | None = None
    pending: dict[str, Told] = {}
    masters: dict[str, Told] = {}
    told: dict[str, ToldMeeting] = {}


class Changes(NamedTuple):
    """What a look at a calendar brought. whole: all of the window, else what changed since the token.

    events: those that are there, by the provider's id. removed: ids of those that are gone. masters: see CalendarState.
    faults: events that could not be read, a line each.
    """

    whole: bool
    token: str
    window_end: datetime | None
    events: dict[str, Told]
    removed: frozenset[str] = frozenset()
    masters: Mapping[str, Told] = MappingProxyType({})
    faults: tuple[str, ...] = ()


class Harvest(NamedTuple):
    """What is to be told of a calendar now, and what is known of it once that is done.

    events: in the order of their ids. skipped: over, and no meeting of ours with somebody, by the reason. unchanged:
    over, and told before. waiting: not over yet. changed_after: told before, and since called off or gone; what was
    told stays.
    """

    events: list[Told]
    state: CalendarState
    skipped: Counter[str]
    unchanged: int
    waiting: int
    changed_after: int
    faults: list[str]


class When(NamedTuple):
    """now: our clock. settle: how long after its end a meeting is told. keep: how long it is remembered for after."""

    now: datetime
    settle: timedelta
    keep: timedelta


def harvest(before: CalendarState, changes: Changes, read: Reader, own_domains: tuple[str, ...], when: When) -> Harvest:
    """Which meetings are over, and what is left to wait for. read: what an event of this provider tells."""
    known = {} if changes.whole else {id_: told for id_, told in before.pending.items() if id_ not in changes.removed}
    events = {**known, **changes.events}
    remembered = {id_: one for id_, one in before.told.items() if one.end + when.keep > when.now}
    told = {id_: one for id_, one in remembered.items() if id_ not in changes.removed}
    result = Harvest([], CalendarState(), Counter(), 0, 0, 0, list(changes.faults))
    pending, unchanged, waiting = {}, 0, 0
    changed_after = len(remembered) - len(told)
    for id_, event in sorted(events.items()):
        try:
            meeting = read(event)
        except Refused as refused:
            result.faults.append(f"event {id_[:80]}: {refused.detail}")
            continue
        people = met(meeting, own_domains)
        if isinstance(people, Skip) and (id_ in told or _is_settled(people)):
            # What is cancelled or private now need not be waited for: what changes it is told us.
            changed_after += told.pop(id_, None) is not None
            result.skipped[people] += 1
        elif not is_over(meeting, when.now, when.settle):
            waiting += 1
            pending[id_] = event
        elif isinstance(people, Skip):
            result.skipped[people] += 1
        elif id_ in told and told[id_].digest == digest(meeting, people):
            unchanged += 1
        else:
            result.events.append(event)
            told[id_] = ToldMeeting(digest=digest(meeting, people), end=meeting.end or when.now)
    state = CalendarState(
        token=changes.token,
        window_end=changes.window_end,
        synced_at=when.now,
        pending=pending,
        masters=_needed({**({} if changes.whole else before.masters), **changes.masters}, pending),
        told=told,
    )
    return result._replace(state=state, unchanged=unchanged, waiting=waiting, changed_after=changed_after)


def _is_settled(skip: Skip) -> bool:
    """Whether an entry that is no meeting now may be forgotten until the provider tells of it again."""
    return skip in (Skip.CANCELLED, Skip.PRIVATE, Skip.ALL_DAY, Skip.FREE, Skip.NO_MEETING)


def _needed(masters: Mapping[str, Told], pending: Mapping[str, Told]) -> dict[str, Told]:
    """The masters of series that something is still waited for of."""
    wanted = {str(event.get("seriesMasterId")) for event in pending.values()}
    return {id_: master for id_, master in masters.items() if id_ in wanted}


def id_in(meeting: Meeting, event: Told) -> str:
    """The id that a meeting has among its calendar's where the provider gives none of its own."""
    return f"{meeting.uid} {event.get('instance')}"

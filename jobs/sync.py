"""`setten sync`: calendars into Kafka. Look, send what is over, wait until it is stored, and only then note how far.

Killed anywhere, the next run looks from the same place and sends the same meetings, which changes nothing.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from infra.provider_http import ProviderError
from jobs.import_ import Body, Importer
from jobs.sync_state import StateFile, SyncFailed
from models.calendar_sync import CalendarState, Changes, Harvest, When, harvest
from models.ics_entries import NotACalendar
from models.records import Origin
from models.sources.meetings import Reader, met
from models.sources.webhook_json import Refused, Told

TOPIC = "signals.meeting"
# A look of a provider that tells changes covers so many days to come, and is done anew when half of them are over.
AHEAD = timedelta(days=60)


class Span(NamedTuple):
    """What a look is to see: meetings that begin from `since` on. settle: see Asked."""

    since: datetime
    now: datetime
    settle: timedelta

    @property
    def window(self) -> tuple[datetime, datetime]:
        """From when to when a provider that tells changes is asked."""
        return self.since, self.now + AHEAD


@dataclass(frozen=True)
class Calendar:
    """One calendar to look at. name: for a person, without secrets. adapter, read: of its events' form.

    look: what is new since a state; it may raise ProviderError. keeps: whether what lies ahead is kept until its time
    comes; False where every look sees all of it.
    """

    name: str
    adapter: str
    read: Reader
    look: Callable[[CalendarState, Span], Awaitable[Changes]]
    state: StateFile
    keeps: bool = True


@dataclass(frozen=True)
class Asked:
    """How to go about it. past: how far back a first look goes. settle: how long after its end a meeting is told.

    anew: forget what is known of the calendars and tell everything again.
    """

    source: str
    own_domains: tuple[str, ...]
    past: timedelta
    settle: timedelta
    anew: bool = False


@dataclass
class CalendarReport:
    """What came of one calendar. told: meetings that were, or in a dry run would be, told; the rest as in Harvest."""

    calendar: str
    whole: bool = False
    told: int = 0
    unchanged: int = 0
    waiting: int = 0
    changed_after: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    error: str = ""
    meetings: list[dict[str, Any]] = field(default_factory=list)


def sync(calendar: Calendar, asked: Asked, importer: Importer | None) -> CalendarReport:
    """Bring one calendar up to date. importer: None for a dry run, which changes nothing.

    What is wrong with the calendar itself is in the report. Raises ImportFailed, IngestStandsStill, KafkaUnavailable,
    ClickHouseUnavailable.
    """
    report = CalendarReport(calendar.name)
    now = datetime.now(UTC)
    try:
        with calendar.state.held():
            before = CalendarState() if asked.anew else calendar.state.load()
            if before.window_end is not None and before.window_end - now < AHEAD / 2:
                before = before.model_copy(update={"token": ""})
            changes = asyncio.run(_looked(calendar, before, _span(before, asked, now)))
            when = When(now, asked.settle, 2 * asked.past)
            found = harvest(before, changes, calendar.read, asked.own_domains, when)
            _note(report, found, changes, calendar, asked)
            if importer is None:
                return report
            if found.events:
                importer.send(_bodies(found.events, calendar, asked, now))
            state = found.state if calendar.keeps else found.state.model_copy(update={"pending": {}})
            calendar.state.save(state)
    except (ProviderError, SyncFailed, NotACalendar) as error:
        report.error = str(error)
    return report


async def _looked(calendar: Calendar, before: CalendarState, span: Span) -> Changes:
    return await calendar.look(before, span)


def _span(before: CalendarState, asked: Asked, now: datetime) -> Span:
    since = now - asked.past
    if before.synced_at is not None:
        # After a long break nothing in between must be missing.
        since = min(since, before.synced_at - asked.settle - timedelta(days=1))
    return Span(since, now, asked.settle)


def _bodies(events: list[Told], calendar: Calendar, asked: Asked, now: datetime) -> list[Body]:
    # A record a meeting: sent again after a crash, in whatever company, it is the same record.
    origin = Origin(asked.source, calendar.adapter, now, "application/json", asked.own_domains)
    return [
        Body(TOPIC, origin._replace(received_at=now + timedelta(microseconds=number)), _compact(event))
        for number, event in enumerate(events)
    ]


def _compact(event: Told) -> bytes:
    # Half a character in a title is no reason to refuse the meeting.
    return json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")


def _note(report: CalendarReport, found: Harvest, changes: Changes, calendar: Calendar, asked: Asked) -> None:
    report.whole, report.told = changes.whole, len(found.events)
    report.unchanged, report.waiting, report.changed_after = found.unchanged, found.waiting, found.changed_after
    report.skipped, report.faults = found.skipped, found.faults
    for event in found.events:
        try:
            meeting = calendar.read(event)
        except Refused:
            continue  # the harvest has read it; this cannot be
        people = met(meeting, asked.own_domains)
        report.meetings.append({"start": meeting.start, "subject": meeting.subject, "people": people})

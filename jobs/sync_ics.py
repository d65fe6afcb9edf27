"""Calendars as iCalendar text: published ones by their address, and files, invitations and answers among them."""

import json
import warnings
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from infra.ics_feed import Feed, fetch
from jobs.files import FileUnreadable
from jobs.sync import Calendar, Span
from jobs.sync_state import StateFile
from models.calendar_sync import CalendarState, Changes, id_in
from models.ics_entries import MAX_BYTES, Entries, NotACalendar
from models.ics_recurrence import Window, expand
from models.sources import ics
from models.sources.webhook_json import Refused, Told

# What lies further ahead is seen by a later look: all of a calendar is there each time.
_AHEAD = timedelta(days=7)


def feed_calendar(feed: Feed, data_dir: Path, source: str, zone: ZoneInfo) -> Calendar:
    """A published calendar. zone: of times without one, where the calendar names none."""

    async def look(state: CalendarState, span: Span) -> Changes:
        known = json.loads(state.token) if state.token else {}
        # Unchanged text may hold a meeting that is over by now: then it is wanted again.
        if known and datetime.fromisoformat(known["due"]) <= span.now:
            known = {}
        found = await fetch(feed, known.get("etag", ""), known.get("last_modified", ""))
        if found.body is None:
            return Changes(False, state.token, None, {})
        entries = Entries()
        _add(entries, found.body, feed.host)
        events, faults = _meetings(entries, span, zone)
        token = {"due": _due(events, span).isoformat(), "etag": found.etag, "last_modified": found.last_modified}
        gone = {id_ for id_, told in state.told.items() if told.end > span.since + timedelta(days=1)} - events.keys()
        return Changes(True, json.dumps(token), None, events, frozenset(gone), faults=faults)

    return Calendar(feed.host, "ics", ics.read, look, StateFile(data_dir, "ics", f"{source} {feed.url}"), keeps=False)


def file_calendar(paths: Sequence[Path], data_dir: Path, source: str, zone: ZoneInfo) -> Calendar:
    """Files, taken together: an answer changes the invitation in another file. Raises FileUnreadable, NotACalendar."""
    entries = Entries()
    for path in paths:
        _add(entries, _read(path), str(path))

    async def look(_: CalendarState, span: Span) -> Changes:
        events, faults = _meetings(entries, span, zone)
        return Changes(True, "", None, events, faults=faults)

    name = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
    return Calendar(name, "ics", ics.read, look, StateFile(data_dir, "ics-files", source), keeps=False)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise FileUnreadable(path, getattr(error, "strerror", None) or str(error)) from error


def _add(entries: Entries, raw: bytes, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library tells what it guesses of old zone names
        try:
            entries.add(raw)
        except NotACalendar as error:
            raise NotACalendar(f"{name}: no calendar: {error}") from error


def _meetings(entries: Entries, span: Span, zone: ZoneInfo) -> tuple[dict[str, Told], tuple[str, ...]]:
    found = expand(entries, Window(span.since, span.now + _AHEAD, zone))
    events, faults = {}, list(found.faults)
    for told in found.meetings:
        try:
            events[id_in(ics.read(told), told)] = told
        except Refused as refused:
            faults.append(f"event {str(told['uid'])[:80]}: {refused.detail}")
    return events, tuple(faults)


def _due(events: dict[str, Told], span: Span) -> datetime:
    """When the next meeting can be told: the file need not be read before, unless it changes."""
    told_at = (datetime.fromisoformat(str(event["end"])) + span.settle for event in events.values())
    return min((at for at in told_at if at > span.now), default=span.now + _AHEAD)

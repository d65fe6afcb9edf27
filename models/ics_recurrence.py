"""From what calendars state to single meetings: series expanded within a window, each with all that holds of it.

Rules are expanded in local time and the zone is put to them after, so that ten o'clock stays ten o'clock when the
clocks change. `recurring-ical-events` would do this for us; it needs a python-dateutil older than what we run with.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Event

from models.ics_entries import Entries, Entry, Series, addresses, key_of, moment, organiser
from models.sources.local_times import zone_named
from models.sources.webhook_json import Told

# What recurs more often than daily is no meeting; expanding it would not end.
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# With these a rule can be so that it never comes true, and finding that out day by day takes seconds.
_COSTLY = {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYEASTER"}
_MOST_STEPS = 50_000
_MOST_INSTANCES = 5_000


class NotExpanded(ValueError):
    """A series that cannot be expanded; the message says why."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which meetings are wanted: those that begin from `since` on and before `until`. zone: of times without one."""

    since: datetime
    until: datetime
    zone: ZoneInfo


@dataclass
class Expanded:
    """Meetings in the form of models.sources.ics, by their start; faults: what could not be used, a line each."""

    meetings: list[Told] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def expand(entries: Entries, window: Window) -> Expanded:
    """Every meeting that begins in the window, in the order of their starts."""
    result = Expanded(faults=list(entries.faults))
    for uid, series in entries.series.items():
        try:
            result.meetings += _meetings(uid, series, window)
        except (ValueError, OverflowError, TypeError, LookupError) as error:
            result.faults.append(f"event {uid[:80]}: {error}")
    result.meetings.sort(key=lambda told: (str(told["start"]), str(told["uid"])))
    return result


def _meetings(uid: str, series: Series, window: Window) -> Iterator[Told]:
    changed = _standing(series)
    known: set[date | None] = set()
    following = sorted((item for item in changed.items() if _is_range(item[1].event)), key=lambda item: str(item[0]))
    told: list[Told] = []
    if series.master:
        for local, length in _instances(series.master, window):
            instance = _as_time(local, series.master, window)
            keys = [key_of(instance), local, local.date() if isinstance(local, datetime) else local]
            known.update(keys)
            entry = next((changed[key] for key in keys if key in changed), None)
            if entry is None and (range_from := _range_of(following, instance, window)):
                told.append(_moved(uid, series, range_from, instance, length, window))
            else:
                told.append(_told(uid, series, entry or series.master, instance, length, window))
    # An instance may be moved into the window from outside of it, or be all that we were sent of its series.
    for key, entry in changed.items():
        if key not in known:
            told.append(_told(uid, series, entry, _as_time(key, entry, window), None, window))
    return (one for one in told if _wanted(one, window))


def _standing(series: Series) -> dict[date, Entry]:
    """The changed instances: who calls off a series calls off those with it that were changed before."""
    void = series.master if series.master and series.master.cancelled else None
    return {
        key: replace(entry, cancelled=True) if void and entry.rank < void.rank else entry
        for key, entry in series.changed.items()
    }


def _wanted(told: Told, window: Window) -> bool:
    return window.since <= datetime.fromisoformat(str(told["start"])) < window.until


def _told(uid: str, series: Series, entry: Entry, instance: datetime, length: timedelta | None, window: Window) -> Told:
    """One meeting. length: that of the instance in its series; None: the entry's own times hold."""
    event = entry.event
    in_series = entry is series.master or entry.cancelled
    start = instance if in_series else _as_time(moment(event.get("DTSTART")) or instance, entry, window)
    if length is None or entry is not series.master:
        length = _length(event, entry, window)
    return _value(uid, series, entry, (instance, start, start + length))


def _moved(uid: str, series: Series, entry: Entry, instance: datetime, length: timedelta, window: Window) -> Told:
    """A meeting that a change of this and all later instances has moved and renamed."""
    was = _as_time(moment(entry.event.get("RECURRENCE-ID")) or instance, entry, window)
    told = moment(entry.event.get("DTSTART"))
    by = (_as_time(told, entry, window) - was) if told is not None and not entry.cancelled else timedelta()
    length = _length(entry.event, entry, window) if told is not None else length
    return _value(uid, series, entry, (instance, instance + by, instance + by + length))


def _value(uid: str, series: Series, entry: Entry, times: tuple[datetime, datetime, datetime]) -> Told:
    event, (instance, start, end) = entry.event, times
    attendees: list[Told] = []
    for person in addresses(event):
        if not person.email or person.email in entry.uninvited:
            continue
        answers = [series.answers.get((key, person.email)) for key in (None, key_of(instance))]
        # An answer to a version of the meeting that was replaced since says nothing of this one.
        valid = [answer for answer in answers if answer and answer[0][0] >= entry.rank[0]]
        partstat = max(valid)[1] if valid else person.partstat
        one: Told = {"email": person.email, "partstat": partstat, "cutype": person.cutype}
        attendees.append(one | {"role": person.role} if person.role else one)
    told: Told = {
        "uid": uid,
        "instance": _text(instance),
        "start": _text(start),
        "end": _text(end),
        "summary": str(event.get("SUMMARY") or "")[:512],
        "status": "CANCELLED" if entry.cancelled else _word(event, "STATUS") or "CONFIRMED",
        "class": _word(event, "CLASS") or "PUBLIC",
        "transp": _word(event, "TRANSP") or "OPAQUE",
        "all_day": not isinstance(moment(event.get("DTSTART")), datetime),
        "attendees": attendees,
    }
    if address := organiser(event):
        told["organizer"] = {"email": address}
    return told


def _text(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds")


def _word(event: Event, name: str) -> str:
    value = event.get(name)
    return str(value[0] if isinstance(value, list) else value or "").strip().upper()


def _instances(master: Entry, window: Window) -> Iterator[tuple[date, timedelta]]:
    """(local start, length) of each instance of a series that begins a day or less outside of the window."""
    event = master.event
    first = moment(event.get("DTSTART"))
    if first is None:
        raise NotExpanded("it has no DTSTART")
    length = _length(event, master, window)
    zone = _zone(first, master, window)
    local = first.replace(tzinfo=None) if isinstance(first, datetime) else datetime.combine(first, time())
    near = timedelta(days=32)  # an instance may be moved into the window
    earliest = _local(window.since, zone) - near
    latest = _local(window.until, zone) + near
    starts = {local} | set(_by_rule(event, local, zone, (earliest, latest)))
    lengths: dict[datetime, timedelta] = {}
    for told in _dates(event, "RDATE"):
        begins, own = _period(told)
        at = _local(begins, zone) if isinstance(begins, datetime) else datetime.combine(begins, local.time())
        starts.add(at)
        if own is not None:
            lengths[at] = own
    gone: set[datetime | date] = set()
    for told in _dates(event, "EXDATE"):
        if isinstance(told, datetime):
            gone.add(_local(told, zone))
        elif isinstance(told, date):
            gone.add(told)
    for at in sorted(starts):
        if earliest <= at <= latest and not (at in gone or at.date() in gone):
            yield (at if isinstance(first, datetime) else at.date()), lengths.get(at, length)


def _by_rule(event: Event, local: datetime, zone: tzinfo, bounds: tuple[datetime, datetime]) -> Iterator[datetime]:
    rules = event.get("RRULE") or []
    for rule in rules if isinstance(rules, list) else [rules]:
        parts = {str(name).upper(): value for name, value in rule.items()}
        frequency = str((parts.get("FREQ") or [""])[0]).upper()
        if frequency not in _FREQUENCIES:
            raise NotExpanded(f"RRULE: FREQ={frequency[:20]} is none of {', '.join(_FREQUENCIES)}")
        if int((parts.get("INTERVAL") or [1])[0]) < 1:
            raise NotExpanded("RRULE: INTERVAL must be 1 or more")
        if any(name in parts for name in ("BYHOUR", "BYMINUTE", "BYSECOND", "RSCALE")):
            raise NotExpanded("RRULE: BYHOUR, BYMINUTE, BYSECOND and RSCALE are not read")
        if frequency in ("DAILY", "WEEKLY") and (found_parts := _COSTLY & parts.keys()):
            raise NotExpanded(f"RRULE: FREQ={frequency} with {', '.join(sorted(found_parts))} is not read")
        until = (parts.get("UNTIL") or [None])[0]
        text = ";".join(
            part for part in rule.to_ical().decode().split(";") if not part.upper().startswith("UNTIL=") and part
        )
        last = bounds[1]
        if isinstance(until, datetime):
            last = min(last, _local(until, zone))
        elif isinstance(until, date):
            last = min(last, datetime.combine(until, time(23, 59, 59)))
        found = 0
        for step, at in enumerate(islice(rrulestr(text, dtstart=local), _MOST_STEPS + 1)):
            if at > last:
                break
            found += at >= bounds[0]
            if step == _MOST_STEPS or found > _MOST_INSTANCES:
                raise NotExpanded("RRULE: it has more instances than any meeting")
            yield at


def _dates(event: Event, name: str) -> Iterator[object]:
    told = event.get(name) or []
    for several in told if isinstance(told, list) else [told]:
        for one in getattr(several, "dts", []):
            yield one.dt


def _period(told: object) -> tuple[date, timedelta | None]:
    """The start and the length of an RDATE, which may be a period."""
    if isinstance(told, tuple):
        begins, end = told
        return begins, end if isinstance(end, timedelta) else end - begins
    if not isinstance(told, date):
        raise NotExpanded("RDATE: no date")
    return told, None


def _length(event: Event, entry: Entry, window: Window) -> timedelta:
    first, last = moment(event.get("DTSTART")), moment(event.get("DTEND"))
    if first is not None and last is not None:
        return max(_as_time(last, entry, window) - _as_time(first, entry, window), timedelta())
    duration = getattr(event.get("DURATION"), "dt", None)
    if isinstance(duration, timedelta):
        return max(duration, timedelta())
    return timedelta() if isinstance(first, datetime) else timedelta(days=1)


def _is_range(event: Event) -> bool:
    params = getattr(event.get("RECURRENCE-ID"), "params", {})
    return str(params.get("RANGE", "")).upper() == "THISANDFUTURE"


def _range_of(following: list[tuple[date, Entry]], instance: datetime, window: Window) -> Entry | None:
    """The latest change of `this and all that follow` that an instance falls under."""
    under = [entry for key, entry in following if _as_time(key, entry, window) <= instance]
    return under[-1] if under else None


def _zone(told: date, entry: Entry, window: Window) -> tzinfo:
    if isinstance(told, datetime) and told.tzinfo is not None:
        return told.tzinfo
    start = entry.event.get("DTSTART")
    if isinstance(told, datetime) and (name := getattr(start, "params", {}).get("TZID")):
        raise NotExpanded(f"TZID={str(name)[:60]} is not a time zone, and the calendar does not say what it means")
    return (zone_named(entry.zone) if entry.zone else None) or window.zone


def _as_time(told: date, entry: Entry, window: Window) -> datetime:
    """A date or time as a time with a zone; a date as its midnight."""
    if isinstance(told, datetime) and told.tzinfo is not None:
        return told
    whole = told if isinstance(told, datetime) else datetime.combine(told, time())
    return whole.replace(tzinfo=_zone(moment(entry.event.get("DTSTART")) or told, entry, window))


def _local(told: datetime, zone: tzinfo) -> datetime:
    """A time as clocks in the zone show it, without the zone."""
    return (told.astimezone(zone) if told.tzinfo is not None else told).replace(tzinfo=None)

"""iCalendar files (RFC 5545) and scheduling messages (RFC 5546): what holds of each meeting after all of them.

A meeting is known by its UID, one instance of a series also by the start it had in the series (RECURRENCE-ID). Of two
statements about the same one holds that with the higher SEQUENCE, of equal ones that with the later DTSTAMP, of equal
ones the one read last. An answer (METHOD:REPLY) changes what one attendee says; a COUNTER proposes and changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from icalendar import Component, Event

from models.sources.mail_event import made_id

_STATEMENTS = ("", "PUBLISH", "REQUEST", "ADD", "CANCEL")
# Without one of these nobody knows when a meeting was, or whether it was at all.
_DECIDING = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE")
MAX_BYTES = 32 << 20
Rank = tuple[int, str, int]


class NotACalendar(ValueError):
    """A text that is no iCalendar text; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One VEVENT. rank: which of two statements holds. zone: of times without one, '' where the calendar names none.

    uninvited: addresses that a later message took off the list.
    """

    uid: str
    event: Event
    rank: Rank
    zone: str = ""
    cancelled: bool = False
    uninvited: frozenset[str] = frozenset()


@dataclass
class Series:
    """All that is known of one UID. master: without RECURRENCE-ID. changed: single instances by their RECURRENCE-ID.

    answers: PARTSTAT of attendees by (RECURRENCE-ID or None, address), with the rank of the latest.
    """

    master: Entry | None = None
    changed: dict[date, Entry] = field(default_factory=dict)
    answers: dict[tuple[date | None, str], tuple[Rank, str]] = field(default_factory=dict)


@dataclass
class Entries:
    """What holds after all files: series by their UID, and what could not be used, one line for each."""

    series: dict[str, Series] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    read: int = 0

    def add(self, raw: bytes) -> None:
        """Take in one file, which may hold several calendars. Raises NotACalendar; then nothing of it is taken in."""
        for number, (method, zone, event) in enumerate(list(_events(raw)), self.read):
            self.read = number + 1
            self._add(method, zone, event)

    def _add(self, method: str, zone: str, event: Event) -> None:
        uid = str(event.get("UID") or "").strip() or _made_uid(event)
        broken = [told for told in _DECIDING if any(told == name or f"'{told}" in why for name, why in event.errors)]
        if broken:
            self.faults.append(f"event {uid[:80]}: {', '.join(broken)} cannot be read")
            return
        series = self.series.setdefault(uid, Series())
        rank = (_sequence(event), _stamp(event), self.read)
        instance = moment(event.get("RECURRENCE-ID"))
        if method == "REPLY":
            for person in addresses(event):
                key = (key_of(instance), person.email)
                if key not in series.answers or series.answers[key][0] < rank:
                    series.answers[key] = rank, person.partstat
        elif method in _STATEMENTS:
            entry = _entry(uid, event, rank, method, zone)
            if method == "ADD" and instance is None:
                instance = moment(event.get("DTSTART"))
            self._state(series, instance, entry)

    def _state(self, series: Series, instance: date | None, entry: Entry) -> None:
        before = series.master if instance is None else series.changed.get(key_of(instance) or instance)
        if before and before.rank > entry.rank:
            return
        if entry.uninvited:
            base = before or series.master
            if base is None:
                return
            everybody = {person.email for person in addresses(base.event)}
            if everybody - entry.uninvited - {organiser(base.event)}:
                entry = replace(base, rank=entry.rank, uninvited=base.uninvited | entry.uninvited, cancelled=False)
            else:
                entry = replace(entry, cancelled=True)
        elif entry.cancelled and before:
            entry = replace(before, rank=entry.rank, cancelled=True)
        if instance is None:
            series.master = entry
        else:
            series.changed[key_of(instance) or instance] = entry


@dataclass(frozen=True, slots=True)
class Person:
    """An ATTENDEE. email: lower case, '' for what is no mail address."""

    email: str
    partstat: str
    cutype: str
    role: str


def _events(raw: bytes) -> Iterator[tuple[str, str, Event]]:
    """(method, zone, event) of each VEVENT of a text."""
    if len(raw) > MAX_BYTES:
        raise NotACalendar(f"{len(raw):,} bytes; the limit is {MAX_BYTES:,}")
    if not raw.strip():
        raise NotACalendar("it is empty")
    if b"BEGIN:V" not in raw[:4096].upper():
        raise NotACalendar("it does not begin with BEGIN:VCALENDAR")
    try:
        found = Component.from_ical(raw, multiple=True)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise NotACalendar(f"it cannot be read: {str(error)[:200]}") from error
    if not found:
        raise NotACalendar("it holds no calendar")
    for calendar in found:
        method = str(calendar.get("METHOD") or "").strip().upper()
        zone = str(calendar.get("X-WR-TIMEZONE") or "").strip()
        for event in calendar.walk("VEVENT"):
            if isinstance(event, Event):
                yield method, zone, event


def _entry(uid: str, event: Event, rank: Rank, method: str, zone: str) -> Entry:
    status = _upper(event, "STATUS")
    if method != "CANCEL":
        return Entry(uid, event, rank, zone, status == "CANCELLED")
    people = frozenset(person.email for person in addresses(event))
    # Without the status a list of attendees says who is uninvited (RFC 5546, 3.2.5).
    if people and status != "CANCELLED":
        return Entry(uid, event, rank, zone, uninvited=people)
    return Entry(uid, event, rank, zone, cancelled=True)


def addresses(event: Event) -> list[Person]:
    """The attendees of an event."""
    told = event.get("ATTENDEE") or []
    people = []
    for one in told if isinstance(told, list) else [told]:
        params = {name.upper(): str(value).upper() for name, value in getattr(one, "params", {}).items()}
        role, partstat = params.get("ROLE", ""), params.get("PARTSTAT", "NEEDS-ACTION")
        people.append(Person(mailbox(one), partstat, params.get("CUTYPE", "INDIVIDUAL"), role))
    return people


def organiser(event: Event) -> str:
    """The mail address of the organiser, '' where there is none."""
    return mailbox(event.get("ORGANIZER") or "")


def mailbox(address: object) -> str:
    """The mail address of a calendar address, in lower case; '' for another one, such as a telephone number."""
    text = str(address).strip()
    scheme, colon, rest = text.partition(":")
    if colon:
        return rest.partition("?")[0].strip().lower() if scheme.lower() == "mailto" and "@" in rest else ""
    return text.lower() if "@" in text else ""


def moment(told: object) -> date | None:
    """The date or time of a property, None where there is none."""
    value = getattr(told, "dt", None)
    return value if isinstance(value, date) else None


def key_of(instance: date | None) -> date | None:
    """An instance's start as a key: in UTC where it has a zone, so that two spellings of one time are the same.

    Python compares times of two zones by itself, but holds none in an hour that a clock skips or repeats for equal.
    """
    if isinstance(instance, datetime) and instance.tzinfo is not None:
        return instance.astimezone(UTC)
    return instance


def _made_uid(event: Event) -> str:
    """What stands for the UID of an event without one: what it says of itself."""
    told = (event.get(name) for name in ("DTSTART", "SUMMARY", "ORGANIZER"))
    return made_id(*(str(one.to_ical() if hasattr(one, "to_ical") else one or "") for one in told))


def _sequence(event: Event) -> int:
    try:
        return int(event.get("SEQUENCE") or 0)
    except (TypeError, ValueError):
        return 0


def _stamp(event: Event) -> str:
    told = moment(event.get("DTSTAMP"))
    if isinstance(told, datetime):
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return ""


def _upper(event: Event, name: str) -> str:
    value: Any = event.get(name)
    return str(value[0] if isinstance(value, list) else value or "").strip().upper()

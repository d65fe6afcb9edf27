"""What calendars tell alike: one meeting, who was asked to it, and whether it says anything of our accounts.

A provider's module reads its own form into a Meeting. What counts is decided here, for all of them the same:

- Only meetings that were held: what was called off, or declined by all of our side, was not.
- Meetings only: whole days, time that the calendar shows as free, focus times and birthdays are none.
- Nothing of what is marked private or confidential.
- People only: rooms and other resources were not met. Who declined or sent somebody else was not there. Who never
  answered counts: many come without a word.
- One signal a person, not one a meeting. Each of our own people has a copy of the same meeting with another list of
  guests in it; what all copies say together is a set of people (docs/adr/0014-meetings-once-they-are-over.md).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from models.erasure import OWN_DOMAIN
from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.mail_event import made_id
from models.sources.webhook_json import Refused, Told, decode_events, shown

_MOST_SUBJECT = 512
_ROOM_HOSTS = ("resource.calendar.google.com", "group.calendar.google.com")


class Skip(StrEnum):
    """Why an entry of a calendar is no meeting of ours with somebody. Closed: a new reason gets a member here."""

    CANCELLED = "cancelled"
    PRIVATE = "private"
    ALL_DAY = "all_day"
    FREE = "free"
    NO_MEETING = "no_meeting"
    NOBODY_INVITED = "nobody_invited"
    WE_DECLINED = "we_declined"
    NOBODY_OUTSIDE = "nobody_outside"


class Guest(NamedTuple):
    """Somebody on the list. came: False for who declined, sent somebody else or need not come.

    is_us: whose calendar it is, where the provider says so.
    """

    address: str
    came: bool = True
    is_room: bool = False
    is_us: bool = False


class Meeting(NamedTuple):
    """One meeting, of a recurring one one instance, as one copy of it tells.

    uid: the meeting's id in every calendar (iCalUID), of a recurring one that of the series. instance: the start that
    the series gave this one, however it was moved; of a single meeting its start. start, end: with zones; None where
    the source tells a whole day or nothing. guests: with the organiser. skip: what the source itself says against it.
    """

    uid: str
    instance: datetime | None
    start: datetime | None
    end: datetime | None
    subject: str = ""
    guests: tuple[Guest, ...] = ()
    skip: Skip | None = None


Reader = Callable[[Told], Meeting]
"""Answers one event of a provider. Raises Refused for what is none."""


def everybody(organiser: Guest | None, invited: list[Guest]) -> tuple[Guest, ...]:
    """The list with the organiser on it, each address once; what the list says of an organiser holds.

    Nobody at all where nobody was invited: an entry that only its maker is on is a note to oneself.
    """
    if not invited:
        return ()
    guests: dict[str, Guest] = {}
    for guest in [*invited, *([organiser] if organiser else [])]:
        guests.setdefault(guest.address, guest)
    return tuple(guests.values())


def is_room_address(address: str) -> bool:
    """Whether an address is a calendar's or a room's by its host, whatever the guest list says of it."""
    return address.endswith(_ROOM_HOSTS)


def met(meeting: Meeting, own_domains: tuple[str, ...]) -> list[str] | Skip:
    """The addresses of the people outside that were met, sorted, or why there are none."""
    if meeting.skip:
        return meeting.skip
    if not meeting.guests:
        return Skip.NOBODY_INVITED
    own = tuple(f".{domain.lower().strip('.')}" for domain in (*own_domains, OWN_DOMAIN) if domain.strip("."))
    people = [guest for guest in meeting.guests if not (guest.is_room or is_room_address(guest.address))]
    ours = [guest for guest in people if guest.is_us or f".{guest.address.rpartition('@')[2]}".endswith(own)]
    if ours and not any(guest.came for guest in ours):
        return Skip.WE_DECLINED
    outside = sorted({guest.address for guest in people if guest.came} - {guest.address for guest in ours})
    return outside or Skip.NOBODY_OUTSIDE


def is_over(meeting: Meeting, now: datetime, settle: timedelta) -> bool:
    """Whether a meeting ended at least `settle` ago. What tells no time never is."""
    return meeting.end is not None and meeting.end + settle <= now


def digest(meeting: Meeting, people: list[str]) -> str:
    """Whether a meeting says the same of the same people: what it is called does not matter."""
    return made_id(_utc(meeting.start), *people)


def decode_meetings(body: bytes, origin: Origin, read: Reader) -> list[Signal | DeadLetter]:
    """Answer a body of a calendar's events: a signal for each person met, else a dead letter that says why not."""
    return decode_events(body, lambda told: _values(read(told), origin.own_domains))


def _values(meeting: Meeting, own_domains: tuple[str, ...]) -> list[Told]:
    people = met(meeting, own_domains)
    if isinstance(people, Skip):
        raise Refused(Reason.NOT_AN_EVENT, f"no meeting to tell of: {people}")
    if meeting.start is None:
        raise Refused(Reason.TIME_MISSING, "start: the meeting has none")
    return [
        {
            "id": made_id(meeting.uid, _utc(meeting.instance or meeting.start), address),
            "type": "meeting.held",
            "time": meeting.start,
            "data": {
                "contacts": [{"email": address}],
                "direction": "mutual",
                "subject": " ".join(meeting.subject.split())[:_MOST_SUBJECT],
            },
        }
        for address in people
    ]


def _utc(time: datetime | None) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds") if time else ""


def read_zoned(value: object, where: str) -> datetime:
    """An RFC 3339 time, with or without a fraction of any length. Raises Refused."""
    if isinstance(value, str) and "T" in value:
        whole, dot, rest = value.partition(".")
        # Microsoft writes seven digits, one more than there are microseconds.
        zone = rest.lstrip("0123456789") if dot else ""
        try:
            time = datetime.fromisoformat(whole + zone)
            if time.tzinfo is not None:
                return time.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise Refused(Reason.TIME_INVALID, f"{where}: must be a time in RFC 3339 with its zone; got {shown(value)}")

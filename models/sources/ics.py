"""The ics adapter: one meeting of an iCalendar file, as `models.ics_recurrence` takes it out of its series.

A calendar's file is no record: it holds what is still to come, and read again later it would say something else. So
what is sent is one meeting at a time, once it is over, as JSON:

    {"uid": "...", "instance": "2026-11-20T01:00:00+00:00", "start": ..., "end": ..., "summary": "...",
     "status": "CONFIRMED", "class": "PUBLIC", "transp": "OPAQUE", "all_day": false,
     "organizer": {"email": "..."}, "attendees": [{"email": "...", "partstat": "ACCEPTED", "cutype": "INDIVIDUAL"}]}
"""

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.meetings import Guest, Meeting, Skip, decode_meetings, everybody, read_zoned
from models.sources.webhook_json import Refused, Told, shown, text

_ABSENT = ("DECLINED", "DELEGATED")
_ROOMS = ("ROOM", "RESOURCE")


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Read a meeting, or an array of them."""
    return decode_meetings(body, origin, read)


def read(told: Told) -> Meeting:
    """What is told of a meeting. Raises Refused for what is none."""
    uid = text(told, "uid")
    skip = _skip(told)
    if skip is Skip.ALL_DAY:
        return Meeting(uid, None, None, None, skip=skip)
    subject = told.get("summary")
    return Meeting(
        uid,
        read_zoned(told.get("instance"), "instance"),
        read_zoned(told.get("start"), "start"),
        read_zoned(told.get("end"), "end"),
        subject if isinstance(subject, str) else "",
        _guests(told),
        skip,
    )


def _skip(told: Told) -> Skip | None:
    if told.get("status") == "CANCELLED":
        return Skip.CANCELLED
    # A class that a program does not know is to be taken for private (RFC 5545, 3.8.1.3).
    if told.get("class", "PUBLIC") != "PUBLIC":
        return Skip.PRIVATE
    if told.get("all_day") is True:
        return Skip.ALL_DAY
    return Skip.FREE if told.get("transp") == "TRANSPARENT" else None


def _guests(told: Told) -> tuple[Guest, ...]:
    attendees = told.get("attendees") or []
    if not isinstance(attendees, list):
        raise Refused(Reason.FIELD_INVALID, f"attendees: must be a list; got {shown(attendees)}")
    invited = [guest for one in attendees if isinstance(one, dict) and (guest := _guest(one))]
    organiser = told.get("organizer")
    return everybody(_guest(organiser) if isinstance(organiser, dict) else None, invited)


def _guest(one: Told) -> Guest | None:
    address = one.get("email")
    if not isinstance(address, str) or "@" not in address:
        return None  # a calendar address may be a URL or a telephone number
    # For information only: told of the meeting, not asked to it.
    came = one.get("partstat") not in _ABSENT and one.get("role") != "NON-PARTICIPANT"
    return Guest(address.strip().lower(), came, one.get("cutype") in _ROOMS)

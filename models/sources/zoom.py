"""The zoom adapter: the body of a Zoom webhook, a JSON object with `event`, `event_ts` and `payload`.

- What: registering is event.registered, joining a webinar event.attended and a meeting meeting.attended; leaving either
  is kept as event.left or meeting.left and counts for nothing, as the attendance has been told.
- Who: the address, which Zoom tells of registrants and of participants who are signed in to the host's account; else
  Zoom's id of the user or registrant. The host's own part is internal.
- Time and identity of an attendance: the session's, so that who drops out and joins again has attended once.

Source: https://developers.zoom.us/docs/api/meetings/events/
"""

from typing import NamedTuple

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.mail_event import made_id, moment, short
from models.sources.webhook_json import Refused, Told, chosen, decode_events, field, shown, text


class _Kind(NamedTuple):
    """How an event is told. person: the object that says who. time: its field that says when, '' where none does."""

    type: str
    person: str
    time: str
    direction: str


_REGISTERED = _Kind("event.registered", "registrant", "", "inbound")
_KINDS = {
    "webinar.registration_created": _REGISTERED,
    "meeting.registration_created": _REGISTERED,
    "webinar.participant_joined": _Kind("event.attended", "participant", "join_time", "inbound"),
    "meeting.participant_joined": _Kind("meeting.attended", "participant", "join_time", "mutual"),
    # Nobody moves towards us by leaving.
    "webinar.participant_left": _Kind("event.left", "participant", "leave_time", "outbound"),
    "meeting.participant_left": _Kind("meeting.left", "participant", "leave_time", "outbound"),
}
_NAMES = {name: name for name in _KINDS}


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Answer the event of a body by one signal or one dead letter."""
    return decode_events(body, _read)


def _read(told: Told) -> list[Told]:
    kind = _KINDS[chosen(_NAMES, told, "event")]
    event = field(told, "payload", "object")
    if not isinstance(event, dict):
        raise Refused(Reason.NOT_AN_EVENT, f"payload.object: must be an object; got {shown(event)}")
    person = field(event, kind.person)
    if not isinstance(person, dict):
        raise Refused(Reason.CONTACT_MISSING, f"payload.object.{kind.person}: names nobody")
    session = text(event, "uuid") if kind.person == "participant" else _number(event.get("id"))
    time = _time(told, event, person, kind)
    contact = _contact(person)
    is_host = person.get("id") not in (None, "") and person.get("id") == event.get("host_id")
    return [
        {
            "id": made_id(kind.type, session, contact.get("email") or contact.get("id"), time),
            "type": kind.type,
            "time": time,
            "data": {
                "contacts": [contact],
                "direction": "internal" if is_host and kind.person == "participant" else kind.direction,
                "subject": short(event.get("topic")),
            },
        }
    ]


def _time(told: Told, event: Told, person: Told, kind: _Kind) -> object:
    if kind.type.endswith(".attended") and event.get("start_time") not in (None, ""):
        return event["start_time"]
    if kind.time:
        return person.get(kind.time)
    return moment(told.get("event_ts"), per_second=1000)


def _contact(person: Told) -> Told:
    known = next((person[name] for name in ("id", "registrant_id") if person.get(name) not in (None, "")), None)
    contact: Told = {"email": person.get("email") or None, "organization": person.get("org") or None}
    # Ids are one space for all sources; Zoom's are not anybody else's.
    contact["id"] = f"zoom:{known}" if isinstance(known, str) else known
    return {name: value for name, value in contact.items() if value is not None}


def _number(told: object) -> str:
    """The id of a webinar or meeting, which Zoom writes as a number or as a text."""
    if isinstance(told, bool) or not isinstance(told, int | str) or told == "":
        raise Refused(Reason.FIELD_INVALID, f"payload.object.id: must be a number; got {shown(told)}")
    return shown(told) if isinstance(told, int) else told

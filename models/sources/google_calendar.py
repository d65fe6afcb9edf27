"""The google-calendar adapter: one event as `events.list` of the Google Calendar API gives it, `singleEvents=true`.

Of an event only FIELDS are asked for and kept: descriptions, places, links and names of people are not fetched at all.
"""

from datetime import UTC, datetime

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.local_times import zone_named
from models.sources.meetings import Guest, Meeting, Skip, decode_meetings, everybody, read_zoned
from models.sources.webhook_json import Refused, Told, shown, text

FIELDS = (
    "id,iCalUID,status,eventType,visibility,transparency,summary,start,end,recurringEventId,originalStartTime,"
    "organizer(email,self),attendees(email,responseStatus,resource,self)"
)


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Read an event, or an array of them."""
    return decode_meetings(body, origin, read)


def read(event: Told) -> Meeting:
    """What an event tells. Raises Refused for what is none.

    Of a cancelled event Google may give nothing but its id.
    """
    uid = event.get("iCalUID")
    if not isinstance(uid, str) or not uid:
        uid = text(event, "id")
    if event.get("status") == "cancelled":
        return Meeting(uid, None, None, None, skip=Skip.CANCELLED)
    start, end = event.get("start"), event.get("end")
    if not isinstance(start, dict) or not isinstance(end, dict):
        raise Refused(Reason.NOT_AN_EVENT, "start, end: must be objects, so this is no event of Google Calendar")
    if "date" in start:
        return Meeting(uid, None, None, None, skip=Skip.ALL_DAY)
    begins = _time(start, "start")
    original = event.get("originalStartTime") if event.get("recurringEventId") else None
    instance = _time(original, "originalStartTime") if isinstance(original, dict) and "dateTime" in original else begins
    subject = event.get("summary")
    return Meeting(
        uid,
        instance,
        begins,
        _time(end, "end"),
        subject if isinstance(subject, str) else "",
        _guests(event),
        _skip(event),
    )


def _skip(event: Told) -> Skip | None:
    if event.get("visibility") in ("private", "confidential"):
        return Skip.PRIVATE
    if event.get("eventType", "default") != "default":
        return Skip.NO_MEETING
    return Skip.FREE if event.get("transparency") == "transparent" else None


def _guests(event: Told) -> tuple[Guest, ...]:
    attendees = event.get("attendees") or []
    if not isinstance(attendees, list):
        raise Refused(Reason.FIELD_INVALID, f"attendees: must be a list; got {shown(attendees)}")
    invited = [guest for one in attendees if isinstance(one, dict) and (guest := _guest(one))]
    organiser = event.get("organizer")
    return everybody(_guest(organiser) if isinstance(organiser, dict) else None, invited)


def _guest(one: Told) -> Guest | None:
    address = one.get("email")
    if not isinstance(address, str) or "@" not in address:
        return None  # Google knows some guests by a profile only
    came = one.get("responseStatus") != "declined"
    return Guest(address.strip().lower(), came, one.get("resource") is True, one.get("self") is True)


def _time(told: Told, where: str) -> datetime:
    value = told.get("dateTime")
    zone = told.get("timeZone")
    if isinstance(value, str) and isinstance(zone, str) and (place := zone_named(zone)):
        try:
            local = datetime.fromisoformat(value)
        except ValueError:
            local = None
        # A time without an offset is of the zone beside it.
        if local is not None and local.tzinfo is None:
            return local.replace(tzinfo=place).astimezone(UTC)
    return read_zoned(value, f"{where}.dateTime")

"""The microsoft-graph adapter: one event as Microsoft Graph gives it in a calendar view, with times in UTC.

In a delta of a calendar view the instances of a series tell their times and nothing else; all the rest is told by the
series' master. `whole()` puts the two together, and that is what is sent. Of an event only KEPT is: bodies, places,
links and names of people do not go further than the answer that they came in.
"""

from datetime import datetime

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.meetings import Guest, Meeting, Skip, decode_meetings, everybody, read_zoned
from models.sources.webhook_json import Refused, Told, field, shown, text

KEPT = (
    "id", "iCalUId", "type", "seriesMasterId", "seriesUid", "isCancelled", "isAllDay", "isDraft", "sensitivity",
    "showAs", "subject", "originalStart",
)  # fmt: skip
# Of an instance these are its own even where it tells nothing else.
_OWN = ("id", "type", "seriesMasterId", "start", "end", "originalStart")


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Read an event, or an array of them."""
    return decode_meetings(body, origin, read)


def kept(event: Told) -> Told:
    """An event without what nobody needs: names, bodies, places. Raises Refused."""
    told = {name: event[name] for name in KEPT if event.get(name) is not None}
    for name in ("start", "end"):
        if isinstance(time := event.get(name), dict):
            told[name] = {part: time.get(part) for part in ("dateTime", "timeZone")}
    if isinstance(answer := event.get("responseStatus"), dict):
        told["responseStatus"] = {"response": answer.get("response")}
    if isinstance(organizer := event.get("organizer"), dict):
        told["organizer"] = {"emailAddress": {"address": field(organizer, "emailAddress", "address")}}
    if isinstance(attendees := event.get("attendees"), list):
        told["attendees"] = [_kept_guest(one) for one in attendees if isinstance(one, dict)]
    return told


def _kept_guest(one: Told) -> Told:
    status = {"response": field(one, "status", "response")}
    return {
        "type": one.get("type"),
        "status": status,
        "emailAddress": {"address": field(one, "emailAddress", "address")},
    }


def whole(instance: Told, master: Told) -> Told:
    """An instance of a series with all that it leaves to its master. Both as kept() gives them.

    An exception tells everything itself, and what it tells holds.
    """
    own = {name: instance[name] for name in _OWN if name in instance}
    told = instance if instance.get("type") == "exception" else {}
    return {**master, **told, **own, "seriesUid": master.get("iCalUId")}


def read(event: Told) -> Meeting:
    """What an event tells, as Graph gave it or as kept() left it. Raises Refused for what is none."""
    if "attendanceRecords" in event:
        raise Refused(Reason.NOT_AN_EVENT, "an attendance report, not an event: reports are not read yet")
    uid = event.get("seriesUid") or event.get("iCalUId")
    if not isinstance(uid, str) or not uid:
        uid = text(event, "id")
    if event.get("isCancelled") is True:
        return Meeting(uid, None, None, None, skip=Skip.CANCELLED)
    if event.get("isAllDay") is True:
        return Meeting(uid, None, None, None, skip=Skip.ALL_DAY)
    begins = _time(event, "start")
    original = event.get("originalStart") if event.get("seriesMasterId") else None
    subject = event.get("subject")
    return Meeting(
        uid,
        begins if original is None else read_zoned(original, "originalStart"),
        begins,
        _time(event, "end"),
        subject if isinstance(subject, str) else "",
        _guests(event),
        _skip(event),
    )


def _skip(event: Told) -> Skip | None:
    if event.get("sensitivity", "normal") != "normal":
        return Skip.PRIVATE
    # A master stands for its instances, which come by themselves.
    if event.get("type") == "seriesMaster" or event.get("isDraft") is True:
        return Skip.NO_MEETING
    if event.get("showAs") == "free":
        return Skip.FREE
    return Skip.WE_DECLINED if field(event, "responseStatus", "response") == "declined" else None


def _guests(event: Told) -> tuple[Guest, ...]:
    attendees = event.get("attendees") or []
    if not isinstance(attendees, list):
        raise Refused(Reason.FIELD_INVALID, f"attendees: must be a list; got {shown(attendees)}")
    invited = [guest for one in attendees if isinstance(one, dict) and (guest := _guest(one))]
    organiser = event.get("organizer")
    return everybody(_guest(organiser) if isinstance(organiser, dict) else None, invited)


def _guest(one: Told) -> Guest | None:
    address = field(one, "emailAddress", "address")
    if not isinstance(address, str) or "@" not in address:
        return None  # somebody of the own organisation may have nothing but a directory name
    came = field(one, "status", "response") != "declined"
    return Guest(address.strip().lower(), came, one.get("type") == "resource")


def _time(event: Told, name: str) -> datetime:
    told = event.get(name)
    if not isinstance(told, dict):
        raise Refused(Reason.NOT_AN_EVENT, f"{name}: must be an object, so this is no event of Microsoft Graph")
    if (zone := told.get("timeZone")) != "UTC":
        detail = f'{name}.timeZone: ask for times with Prefer: outlook.timezone="UTC"; got {shown(zone)}'
        raise Refused(Reason.TIME_INVALID, detail)
    return read_zoned(f"{told.get('dateTime')}Z".replace("ZZ", "Z"), f"{name}.dateTime")

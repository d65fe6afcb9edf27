"""Events of Google Calendar and Microsoft Graph: whom we met, and why nobody; and what the signals say."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.settings import Settings, SettingsError, load_settings
from models.calendar_sync import CalendarState, Changes, ToldMeeting, When, harvest
from models.decode import outcomes_of
from models.erasure import Suppressed, address_hash, redact
from models.events import Signal
from models.graph_rounds import Round, changes_of, masters_missing
from models.outcomes import DeadLetter, Erased, Reason
from models.records import Origin
from models.sources import google_calendar, ics, microsoft_graph
from models.sources.adapters import decode
from models.sources.meetings import Skip, met
from models.sources.webhook_json import Refused, Told
from tests.signals import event_id

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
OWN = ("own.example",)
HOUR = timedelta(hours=1)
WHEN = When(NOW, HOUR, timedelta(days=180))
SATO, ME = "sato@aozora.example", "me@own.example"


def google(**told: Any) -> Told:
    return {
        "id": "g1",
        "iCalUID": "g1@google.com",
        "status": "confirmed",
        "summary": "Review",
        "start": {"dateTime": "2026-11-20T10:00:00+09:00", "timeZone": "Asia/Tokyo"},
        "end": {"dateTime": "2026-11-20T11:00:00+09:00", "timeZone": "Asia/Tokyo"},
        "organizer": {"email": ME, "self": True},
        "attendees": [{"email": ME, "self": True, "responseStatus": "accepted"}, {"email": SATO}],
        **told,
    }


def guest(address: str, response: str = "none", kind: str = "required") -> Told:
    return {"type": kind, "status": {"response": response}, "emailAddress": {"name": "N", "address": address}}


def graph(**told: Any) -> Told:
    return {
        "id": "m1",
        "iCalUId": "0400",
        "type": "singleInstance",
        "subject": "Review",
        "bodyPreview": "secret text",
        "start": {"dateTime": "2026-11-20T01:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-20T02:00:00.0000000", "timeZone": "UTC"},
        "organizer": {"emailAddress": {"name": "Me", "address": ME}},
        "attendees": [guest(ME, "organizer"), guest(SATO)],
        **told,
    }


def decoded(adapter: str, event: object) -> list[Signal | DeadLetter]:
    return decode(json.dumps(event).encode(), Origin("calendar", adapter, NOW, own_domains=OWN))


@pytest.mark.parametrize(("adapter", "event"), [("google-calendar", google()), ("microsoft-graph", graph())])
def test_a_meeting_is_one_mutual_signal_for_each_person_outside(adapter: str, event: Told) -> None:
    [found] = decoded(adapter, event)
    assert isinstance(found, Signal)
    assert (found.type, found.direction, found.data.subject) == ("meeting.held", "mutual", "Review")
    assert found.time == datetime(2026, 11, 20, 1, tzinfo=UTC)
    assert [contact.key for contact in found.data.contacts] == [f"mail:{SATO}"]


def test_a_meeting_with_people_of_three_accounts_is_three_signals_of_their_own_ids() -> None:
    people = [{"email": f"p@{name}.example"} for name in ("aozora", "kita", "minami")]
    found = decoded("google-calendar", google(attendees=people))
    assert len({event_id(one, "calendar") for one in found if isinstance(one, Signal)}) == 3


def test_the_copies_of_one_meeting_in_several_calendars_say_the_same_of_the_same_person() -> None:
    copy = google(id="g1-of-another-calendar", attendees=[{"email": SATO, "responseStatus": "accepted"}, {"email": ME}])
    [one], [other] = decoded("google-calendar", google()), decoded("google-calendar", copy)
    assert isinstance(one, Signal)
    assert one == other


def test_the_same_meeting_has_one_identity_in_google_and_in_a_file() -> None:
    told = {
        "uid": "g1@google.com", "instance": "2026-11-20T01:00:00+00:00", "start": "2026-11-20T01:00:00+00:00",
        "end": "2026-11-20T02:00:00+00:00", "summary": "Review", "attendees": [{"email": SATO}],
    }  # fmt: skip
    assert decoded("ics", told) == decoded("google-calendar", google())


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"status": "cancelled"}, Skip.CANCELLED),
        ({"visibility": "private"}, Skip.PRIVATE),
        ({"visibility": "confidential"}, Skip.PRIVATE),
        ({"transparency": "transparent"}, Skip.FREE),
        ({"eventType": "focusTime"}, Skip.NO_MEETING),
        ({"start": {"date": "2026-11-20"}, "end": {"date": "2026-11-21"}}, Skip.ALL_DAY),
        ({"attendees": []}, Skip.NOBODY_INVITED),
        ({"attendees": [{"email": "c_1@resource.calendar.google.com", "resource": True}]}, Skip.NOBODY_OUTSIDE),
        ({"attendees": [{"email": "room@aozora.example", "resource": True}]}, Skip.NOBODY_OUTSIDE),
        ({"attendees": [{"email": SATO, "responseStatus": "declined"}]}, Skip.NOBODY_OUTSIDE),
        ({"attendees": [{"email": "x@own.example", "responseStatus": "accepted"}]}, Skip.NOBODY_OUTSIDE),
        ({"attendees": [{"email": ME, "responseStatus": "declined"}, {"email": SATO}]}, Skip.WE_DECLINED),
        (
            {"attendees": [{"email": ME, "responseStatus": "declined"}, {"email": "b@own.example"}, {"email": SATO}]},
            [SATO],
        ),
        ({"attendees": [{"email": "me@free.example", "self": True}, {"email": SATO}], "organizer": None}, [SATO]),
        ({"attendees": [{"email": ME}], "organizer": {"email": SATO}}, [SATO]),
        ({"attendees": [{"displayName": "by a profile"}, {"email": SATO, "responseStatus": "needsAction"}]}, [SATO]),
    ],
)
def test_of_an_event_of_google_who_was_met_or_why_nobody(told: Told, why: object) -> None:
    assert met(google_calendar.read(google(**told)), OWN) == why


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"isCancelled": True}, Skip.CANCELLED),
        ({"isAllDay": True}, Skip.ALL_DAY),
        ({"sensitivity": "private"}, Skip.PRIVATE),
        ({"sensitivity": "personal"}, Skip.PRIVATE),
        ({"sensitivity": "confidential"}, Skip.PRIVATE),
        ({"showAs": "free"}, Skip.FREE),
        ({"showAs": "tentative"}, [SATO]),
        ({"isDraft": True}, Skip.NO_MEETING),
        ({"type": "seriesMaster"}, Skip.NO_MEETING),
        ({"responseStatus": {"response": "declined"}}, Skip.WE_DECLINED),
        ({"attendees": []}, Skip.NOBODY_INVITED),
        ({"attendees": [guest(SATO, "declined")]}, Skip.NOBODY_OUTSIDE),
        ({"attendees": [guest("room@aozora.example", "accepted", "resource")]}, Skip.NOBODY_OUTSIDE),
        ({"attendees": [guest(SATO, "tentativelyAccepted", "optional")]}, [SATO]),
        ({"attendees": [guest(ME)], "organizer": {"emailAddress": {"address": "Sato@Aozora.example"}}}, [SATO]),
    ],
)
def test_of_an_event_of_microsoft_who_was_met_or_why_nobody(told: Told, why: object) -> None:
    event = graph(**told)
    assert met(microsoft_graph.read(event), OWN) == why
    assert met(microsoft_graph.read(microsoft_graph.kept(event)), OWN) == why


@pytest.mark.parametrize(
    ("adapter", "event", "reason"),
    [
        ("google-calendar", google(status="cancelled"), Reason.NOT_AN_EVENT),
        ("google-calendar", {"id": "x"}, Reason.NOT_AN_EVENT),
        ("google-calendar", {}, Reason.FIELD_INVALID),
        ("google-calendar", google(attendees="all"), Reason.FIELD_INVALID),
        ("google-calendar", google(start={"dateTime": "soon"}), Reason.TIME_INVALID),
        ("google-calendar", google(start={"dateTime": "2026-11-20T10:00:00"}), Reason.TIME_INVALID),
        ("google-calendar", google(start={"dateTime": 5}), Reason.TIME_INVALID),
        ("google-calendar", google(attendees=[{"email": "a b@c.example"}]), Reason.FIELD_INVALID),
        ("microsoft-graph", graph(start={"dateTime": "2026-11-20T01:00:00", "timeZone": "Tokyo"}), Reason.TIME_INVALID),
        ("microsoft-graph", graph(start=None), Reason.NOT_AN_EVENT),
        ("microsoft-graph", graph(attendees={}), Reason.NOT_AN_EVENT),
        ("ics", {"uid": "u"}, Reason.TIME_INVALID),
        ("ics", {"uid": "u", "instance": "2026", "start": 1, "end": None}, Reason.TIME_INVALID),
        ("ics", [], Reason.EMPTY_BODY),
        ("ics", [1], Reason.NOT_AN_EVENT),
    ],
)
def test_what_is_no_meeting_is_a_dead_letter_with_its_reason(adapter: str, event: object, reason: Reason) -> None:
    [found] = decoded(adapter, event)
    assert isinstance(found, DeadLetter)
    assert found.reason is reason


def test_a_time_without_an_offset_is_of_the_zone_beside_it() -> None:
    event = google(start={"dateTime": "2026-11-20T10:00:00", "timeZone": "Asia/Tokyo"})
    assert google_calendar.read(event).start == datetime(2026, 11, 20, 1, tzinfo=UTC)


def test_nothing_is_kept_of_an_event_that_nobody_needs() -> None:
    text = json.dumps(microsoft_graph.kept(graph(location={"displayName": "Room"}, onlineMeeting={"joinUrl": "u"})))
    assert not any(word in text for word in ("secret text", '"N"', "Room", "joinUrl"))


@pytest.mark.parametrize(("adapter", "event"), [("google-calendar", google()), ("microsoft-graph", graph())])
def test_who_is_forgotten_is_in_no_signal(adapter: str, event: Told) -> None:
    body = json.dumps(event).encode()
    origin = Origin("calendar", adapter, NOW, own_domains=OWN)
    gone = redact(body, origin, Suppressed("k", [address_hash("k", SATO)]))
    assert SATO.encode() not in gone
    assert outcomes_of(gone, origin) == [Erased(0)]


def test_the_documented_payloads_of_microsoft_are_read_or_refused_with_a_reason(real_data: Path) -> None:
    origin = Origin("calendar", "microsoft-graph", NOW)
    event = decode((real_data / "webhooks/msgraph/event.json").read_bytes(), origin)
    assert [contact.email for one in event if isinstance(one, Signal) for contact in one.data.contacts] == [
        "engineering@m365x214355.onmicrosoft.com",
        "irvins@m365x214355.onmicrosoft.com",
    ]
    [report] = decode((real_data / "webhooks/msgraph/meetingAttendanceReport.json").read_bytes(), origin)
    assert isinstance(report, DeadLetter)
    assert "attendance report" in report.detail


def changes(*events: Told, whole: bool = False, removed: tuple[str, ...] = ()) -> Changes:
    return Changes(whole, "t2", None, {str(event["id"]): event for event in events}, frozenset(removed))


def reaped(before: CalendarState, news: Changes, now: datetime = NOW) -> Any:
    return harvest(before, news, google_calendar.read, OWN, WHEN._replace(now=now))


LATER = {
    "start": {"dateTime": "2026-11-24T15:30:00+09:00"},
    "end": {"dateTime": "2026-11-24T16:30:00+09:00"},
}


def test_a_meeting_is_told_once_it_is_over_and_has_settled() -> None:
    first = reaped(CalendarState(), changes(google(**LATER)))
    assert (first.events, first.waiting) == ([], 1)
    early = reaped(first.state, changes(), NOW + timedelta(hours=2, minutes=29))
    assert (early.events, early.waiting) == ([], 1)
    over = reaped(early.state, changes(), NOW + timedelta(hours=2, minutes=30))
    assert over.events == [google(**LATER)]
    assert (over.state.pending, over.state.token) == ({}, "t2")
    again = reaped(over.state, changes(google(**LATER)), NOW + timedelta(days=1))
    assert (again.events, again.unchanged) == ([], 1)


def test_a_meeting_that_is_called_off_before_its_end_is_never_told() -> None:
    first = reaped(CalendarState(), changes(google(**LATER)))
    gone = reaped(first.state, changes(removed=("g1",)), NOW + timedelta(days=1))
    assert (gone.events, gone.state.pending, gone.changed_after) == ([], {}, 0)


def test_who_is_added_after_a_meeting_was_told_is_told_too() -> None:
    told = reaped(CalendarState(), changes(google())).state
    more = google(attendees=[{"email": SATO}, {"email": "abe@aozora.example"}])
    assert reaped(told, changes(more)).events == [more]
    renamed = google(summary="Review (minutes inside)")
    assert reaped(told, changes(renamed)).events == []


def test_what_is_called_off_after_it_was_told_is_said_once_and_stays() -> None:
    told = reaped(CalendarState(), changes(google())).state
    off = reaped(told, changes(removed=("g1",)))
    assert (off.events, off.changed_after) == ([], 1)
    assert reaped(off.state, changes(removed=("g1",))).changed_after == 0
    declined = google(attendees=[{"email": SATO, "responseStatus": "declined"}])
    assert reaped(told, changes(declined)).changed_after == 1


def test_a_whole_look_replaces_what_was_waited_for() -> None:
    before = CalendarState(pending={"old": google(id="old", **LATER)})
    found = reaped(before, changes(google(id="new", **LATER), whole=True))
    assert list(found.state.pending) == ["new"]


def test_what_was_told_long_ago_is_forgotten_so_that_the_state_does_not_grow() -> None:
    before = CalendarState(told={"x": ToldMeeting(digest="d", end=NOW - timedelta(days=181))})
    assert reaped(before, changes()).state.told == {}


def test_nothing_private_is_kept_for_later() -> None:
    assert reaped(CalendarState(), changes(google(visibility="private", **LATER))).state.pending == {}


def test_an_event_that_cannot_be_read_is_said_and_costs_nothing_else() -> None:
    found = reaped(CalendarState(), changes(google(id="bad", start={"dateTime": "soon"}), google()))
    assert [event["id"] for event in found.events] == ["g1"]
    assert found.faults == ["event bad: start.dateTime: must be a time in RFC 3339 with its zone; got 'soon'"]


def test_a_state_survives_being_written_and_read() -> None:
    state = reaped(CalendarState(), changes(google(), google(id="g2", **LATER))).state
    assert CalendarState.model_validate_json(state.model_dump_json()) == state


MASTER = graph(
    id="s", type="seriesMaster", iCalUId="series", start={"dateTime": "2020-01-01T01:00:00", "timeZone": "UTC"}
)


def instance(day: int, **told: Any) -> Told:
    times = {
        part: {"dateTime": f"2026-11-{day}T0{hour}:00:00.0000000", "timeZone": "UTC"}
        for part, hour in (("start", 1), ("end", 2))
    }
    return {"id": f"s-{day}", "type": "occurrence", "seriesMasterId": "s", **times, **told}


def round_of(*events: Told, whole: bool = False) -> Round:
    return Round(whole, "link", None, list(events))


def test_an_instance_of_a_series_has_what_its_master_says() -> None:
    found = changes_of(CalendarState(), round_of(MASTER, instance(20), whole=True))
    [event] = found.events.values()
    meeting = microsoft_graph.read(event)
    assert met(meeting, OWN) == [SATO]
    assert (meeting.uid, meeting.instance) == ("series", datetime(2026, 11, 20, 1, tzinfo=UTC))


def test_a_master_that_is_not_told_is_asked_for_and_without_it_nothing_is_guessed() -> None:
    alone = round_of(instance(20))
    assert masters_missing(CalendarState(), alone) == ["s"]
    assert changes_of(CalendarState(), alone).events == {}
    assert list(changes_of(CalendarState(), alone, [MASTER]).events) == ["s-20"]
    known = CalendarState(masters={"s": microsoft_graph.kept(MASTER)})
    assert masters_missing(known, alone) == []
    assert list(changes_of(known, alone).events) == ["s-20"]


def test_an_instance_that_is_missing_where_the_others_of_its_series_come_again_is_gone() -> None:
    first = changes_of(CalendarState(), round_of(MASTER, instance(25), instance(26), whole=True))
    before = CalendarState(pending=first.events, masters=dict(first.masters))
    assert changes_of(before, round_of(MASTER, instance(25))).removed == {"s-26"}


def test_a_master_that_changes_alone_changes_the_instances_that_are_waited_for() -> None:
    first = changes_of(CalendarState(), round_of(MASTER, instance(25), whole=True))
    before = CalendarState(pending=first.events, masters=dict(first.masters))
    more = changes_of(before, round_of({**MASTER, "attendees": [guest("abe@aozora.example")]}))
    assert met(microsoft_graph.read(more.events["s-25"]), OWN) == ["abe@aozora.example"]
    assert more.removed == frozenset()


def test_an_exception_of_a_series_says_everything_itself_but_its_series() -> None:
    moved = graph(
        id="s-20", iCalUId="its-own", type="exception", seriesMasterId="s", originalStart="2026-11-19T01:00:00Z",
        attendees=[guest("abe@aozora.example")],
    )  # fmt: skip
    [event] = changes_of(CalendarState(), round_of(MASTER, moved, whole=True)).events.values()
    meeting = microsoft_graph.read(event)
    assert met(meeting, OWN) == ["abe@aozora.example"]
    assert (meeting.uid, meeting.instance) == ("series", datetime(2026, 11, 19, 1, tzinfo=UTC))


@pytest.mark.parametrize("read", [google_calendar.read, microsoft_graph.read, ics.read])
@pytest.mark.parametrize("told", [{}, {"id": 5}, {"uid": None}, {"id": "x", "start": [], "end": {}}])
def test_no_event_does_anything_but_be_read_or_be_refused(read: Any, told: Told) -> None:
    with pytest.raises(Refused):
        read(told)


@pytest.mark.parametrize("name", ["google_api_url", "google_token_url", "graph_api_url", "graph_login_url"])
def test_secrets_are_sent_to_nobody_in_plain_text_but_on_this_machine(name: str) -> None:
    for wrong in ("http://calendars.example", "http://127.0.0.1.evil.example", "ftp://calendars.example"):
        with pytest.raises(ValueError, match="must start with https://: secrets are sent there"):
            Settings(**{name: wrong})
    assert getattr(Settings(**{name: "http://127.0.0.1:8080/"}), name) == "http://127.0.0.1:8080"


def test_a_secret_that_is_wrong_is_not_shown(tmp_path: Path) -> None:
    config = tmp_path / "setten.toml"
    config.write_text('google_client_secret = ["hidden"]\ngraph_refresh_token = ["hidden"]\n')
    with pytest.raises(SettingsError) as raised:
        load_settings(config)
    assert "google_client_secret" in str(raised.value)
    assert "hidden" not in str(raised.value)

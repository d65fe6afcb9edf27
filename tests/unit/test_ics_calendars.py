"""iCalendar texts: what holds after invitations, answers and cancellations, and series as single meetings."""

import json
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.sync import Span
from jobs.sync_ics import _due
from models.ics_entries import Entries, NotACalendar
from models.ics_recurrence import Expanded, Window, expand
from models.sources import ics
from models.sources.meetings import Skip, met

TOKYO = ZoneInfo("Asia/Tokyo")
WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), TOKYO)
GOLDEN = Path(__file__).parents[1] / "golden/ics.json"
GUESTS = "ORGANIZER:mailto:me@own.example", "ATTENDEE:mailto:me@own.example", "ATTENDEE:mailto:sato@aozora.example"
BEFORE, REPEATS = "20261101T000000Z", "RRULE:FREQ=WEEKLY;COUNT=4"


def event(*lines: str, uid: str = "u1", start: str = "DTSTART:20261103T010000Z", sequence: int = 0) -> str:
    told = [f"UID:{uid}", f"SEQUENCE:{sequence}", start, "DURATION:PT1H", "SUMMARY:Review", *lines]
    stamped = told if any(line.startswith("DTSTAMP") for line in told) else [*told, f"DTSTAMP:{BEFORE}"]
    return "\r\n".join(["BEGIN:VEVENT", *stamped, "END:VEVENT"])


def calendar(*events: str, method: str = "", head: str = "") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"]
    lines += [f"METHOD:{method}"] if method else []
    lines += [head] if head else []
    return "\r\n".join([*lines, *events, "END:VCALENDAR", ""]).encode()


def expanded(*texts: bytes, window: Window = WINDOW) -> Expanded:
    entries = Entries()
    for text in texts:
        entries.add(text)
    return expand(entries, window)


def outcomes(*texts: bytes) -> list[tuple[str, object]]:
    """(start, whom we met or why nobody) of each meeting."""
    found = expanded(*texts)
    assert found.faults == []
    return [(str(told["start"])[:16], met(ics.read(told), ("own.example",))) for told in found.meetings]


def starts(*texts: bytes) -> list[str]:
    return [start for start, _ in outcomes(*texts)]


INVITED = calendar(event(*GUESTS), method="REQUEST")
WEEKLY = calendar(event(*GUESTS, REPEATS), method="REQUEST")


def reply(partstat: str, sequence: int = 0, stamp: str = "20261102T000000Z", *more: str) -> bytes:
    answer = event(
        f"DTSTAMP:{stamp}", f"ATTENDEE;PARTSTAT={partstat}:MAILTO:Sato@aozora.example", *more, sequence=sequence
    )
    return calendar(answer, method="REPLY")


def test_who_was_invited_and_did_not_decline_was_met() -> None:
    assert outcomes(INVITED) == [("2026-11-03T01:00", ["sato@aozora.example"])]


def test_who_declined_was_not_met_and_who_then_accepted_was() -> None:
    declined, accepted = reply("DECLINED"), reply("ACCEPTED", 0, "20261102T090000Z")
    assert outcomes(INVITED, declined) == [("2026-11-03T01:00", Skip.NOBODY_OUTSIDE)]
    for order in ((INVITED, declined, accepted), (accepted, declined, INVITED)):
        assert outcomes(*order) == [("2026-11-03T01:00", ["sato@aozora.example"])]


def test_an_answer_to_a_time_that_was_changed_since_does_not_count() -> None:
    moved = calendar(event(*GUESTS, start="DTSTART:20261105T010000Z", sequence=1), method="REQUEST")
    assert outcomes(INVITED, reply("DECLINED", 0), moved) == [("2026-11-05T01:00", ["sato@aozora.example"])]
    assert outcomes(INVITED, moved, reply("DECLINED", 1)) == [("2026-11-05T01:00", Skip.NOBODY_OUTSIDE)]


def test_an_invitation_an_answer_and_a_cancellation_end_in_no_meeting_in_any_order() -> None:
    cancelled = calendar(event("STATUS:CANCELLED", *GUESTS, sequence=1), method="CANCEL")
    for order in ((INVITED, reply("ACCEPTED"), cancelled), (cancelled, INVITED, reply("ACCEPTED"))):
        assert outcomes(*order) == [("2026-11-03T01:00", Skip.CANCELLED)]


def test_an_invitation_after_a_cancellation_stands() -> None:
    cancelled = calendar(event("STATUS:CANCELLED", sequence=1), method="CANCEL")
    again = calendar(event(*GUESTS, sequence=2), method="REQUEST")
    assert outcomes(INVITED, again, cancelled) == [("2026-11-03T01:00", ["sato@aozora.example"])]


def test_a_cancellation_of_an_older_version_changes_nothing() -> None:
    newer = calendar(event(*GUESTS, sequence=5), method="REQUEST")
    assert outcomes(newer, calendar(event("STATUS:CANCELLED", sequence=4), method="CANCEL")) == outcomes(newer)


def test_a_cancellation_for_some_takes_only_them_off_the_list() -> None:
    both = calendar(event(*GUESTS, "ATTENDEE:mailto:abe@aozora.example"), method="REQUEST")
    off = calendar(event("ATTENDEE:mailto:sato@aozora.example", sequence=1), method="CANCEL")
    assert outcomes(both, off) == [("2026-11-03T01:00", ["abe@aozora.example"])]
    everybody = calendar(event(*GUESTS, sequence=1), method="CANCEL")
    assert outcomes(INVITED, everybody) == [("2026-11-03T01:00", Skip.CANCELLED)]


def test_a_proposal_of_another_time_changes_nothing() -> None:
    assert outcomes(
        INVITED, calendar(event(start="DTSTART:20261109T010000Z", sequence=9), method="COUNTER")
    ) == outcomes(INVITED)


def test_an_answer_or_a_cancellation_alone_makes_no_meeting_that_was_held() -> None:
    assert outcomes(reply("ACCEPTED")) == []
    assert [why for _, why in outcomes(calendar(event("STATUS:CANCELLED"), method="CANCEL"))] == [Skip.CANCELLED]


def test_a_series_is_as_many_meetings_as_its_rule_and_its_exceptions_say() -> None:
    assert starts(WEEKLY) == [f"2026-11-{day:02}T01:00" for day in (3, 10, 17, 24)]
    without = calendar(event(*GUESTS, REPEATS, "EXDATE:20261110T010000Z", "RDATE:20261112T040000Z"))
    assert starts(without) == ["2026-11-03T01:00", "2026-11-12T04:00", "2026-11-17T01:00", "2026-11-24T01:00"]


def test_of_a_series_single_meetings_are_moved_cancelled_and_declined() -> None:
    one = calendar(event(*GUESTS, "RECURRENCE-ID:20261110T010000Z", start="DTSTART:20261111T050000Z"), method="REQUEST")
    two = calendar(event("RECURRENCE-ID:20261117T010000Z", "STATUS:CANCELLED", sequence=1), method="CANCEL")
    three = reply("DECLINED", 0, "20261102T000000Z", "RECURRENCE-ID:20261124T010000Z")
    assert outcomes(WEEKLY, one, two, three) == [
        ("2026-11-03T01:00", ["sato@aozora.example"]),
        ("2026-11-11T05:00", ["sato@aozora.example"]),
        ("2026-11-17T01:00", Skip.CANCELLED),
        ("2026-11-24T01:00", Skip.NOBODY_OUTSIDE),
    ]


def test_a_series_that_is_called_off_takes_its_changed_meetings_along() -> None:
    moved = calendar(
        event(*GUESTS, "RECURRENCE-ID:20261110T010000Z", start="DTSTART:20261111T050000Z"), method="REQUEST"
    )
    off = calendar(event("STATUS:CANCELLED", sequence=1), method="CANCEL").replace(b"DTSTART:20261103T010000Z\r\n", b"")
    found = outcomes(WEEKLY, moved, off)
    assert [why for _, why in found] == [Skip.CANCELLED] * 4
    again = calendar(
        event(*GUESTS, "RECURRENCE-ID:20261110T010000Z", start="DTSTART:20261111T050000Z", sequence=2), method="REQUEST"
    )
    assert ("2026-11-11T05:00", ["sato@aozora.example"]) in outcomes(WEEKLY, moved, off, again)


def test_a_meeting_in_the_hour_that_the_clocks_repeat_is_known_by_its_time_in_utc() -> None:
    series = event(*GUESTS, "RRULE:FREQ=WEEKLY;COUNT=2", start="DTSTART;TZID=Europe/Berlin:20261018T023000")
    off = event("RECURRENCE-ID:20261025T003000Z", "STATUS:CANCELLED", sequence=1)
    found = outcomes(calendar(series), calendar(off, method="CANCEL"))
    assert found == [("2026-10-18T00:30", ["sato@aozora.example"]), ("2026-10-25T00:30", Skip.CANCELLED)]


def test_a_moved_meeting_of_a_series_keeps_the_identity_that_the_series_gave_it() -> None:
    moved = event(*GUESTS, "RECURRENCE-ID:20261110T010000Z", start="DTSTART:20261111T050000Z")
    [one] = [told for told in expanded(WEEKLY, calendar(moved)).meetings if str(told["start"]).startswith("2026-11-11")]
    assert one["instance"] == "2026-11-10T01:00:00+00:00"


def test_a_change_of_this_and_all_that_follow_moves_them_and_leaves_the_earlier() -> None:
    later = event(*GUESTS, "RECURRENCE-ID;RANGE=THISANDFUTURE:20261117T010000Z", start="DTSTART:20261118T030000Z")
    assert starts(WEEKLY, calendar(later)) == [
        "2026-11-03T01:00", "2026-11-10T01:00", "2026-11-18T03:00", "2026-11-25T03:00"
    ]  # fmt: skip


def test_a_single_instance_of_a_series_that_we_were_invited_to_is_a_meeting() -> None:
    alone = calendar(event(*GUESTS, "RECURRENCE-ID:20261110T010000Z", start="DTSTART:20261110T010000Z"))
    assert starts(alone) == ["2026-11-10T01:00"]


def test_ten_o_clock_stays_ten_o_clock_when_the_clocks_change() -> None:
    rule = "RRULE:FREQ=WEEKLY;UNTIL=20261108T235959Z"
    berlin = calendar(event(*GUESTS, rule, start="DTSTART;TZID=Europe/Berlin:20261018T100000"))
    assert starts(berlin) == ["2026-10-18T08:00", "2026-10-25T09:00", "2026-11-01T09:00", "2026-11-08T09:00"]


def test_an_instance_in_the_hour_that_the_clocks_skip_is_held_all_the_same() -> None:
    skipped = calendar(event(*GUESTS, "RRULE:FREQ=DAILY;COUNT=3", start="DTSTART;TZID=Europe/Berlin:20260328T023000"))
    assert starts(skipped) == ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]


def test_a_time_without_a_zone_is_of_the_calendars_zone_else_of_ours() -> None:
    floating = event(*GUESTS, start="DTSTART:20261103T100000")
    assert starts(calendar(floating)) == ["2026-11-03T01:00"]
    assert starts(calendar(floating, head="X-WR-TIMEZONE:America/New_York")) == ["2026-11-03T15:00"]


def test_a_zone_that_nobody_knows_is_no_guess() -> None:
    found = expanded(calendar(event(*GUESTS, start="DTSTART;TZID=Atlantis/Capital:20261103T100000")))
    assert found.meetings == []
    assert found.faults == [
        "event u1: TZID=Atlantis/Capital is not a time zone, and the calendar does not say what it means"
    ]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("STATUS:CANCELLED", *GUESTS), Skip.CANCELLED),
        (("CLASS:PRIVATE", *GUESTS), Skip.PRIVATE),
        (("CLASS:CONFIDENTIAL", *GUESTS), Skip.PRIVATE),
        (("CLASS:X-SECRET", *GUESTS), Skip.PRIVATE),
        (("TRANSP:TRANSPARENT", *GUESTS), Skip.FREE),
        ((), Skip.NOBODY_INVITED),
        (("ORGANIZER:mailto:sato@aozora.example",), Skip.NOBODY_INVITED),
        (("ATTENDEE:mailto:me@own.example", "ATTENDEE:tel:+81-3-0000"), Skip.NOBODY_OUTSIDE),
        (("ATTENDEE;PARTSTAT=DECLINED:mailto:me@own.example", "ATTENDEE:mailto:a@a.example"), Skip.WE_DECLINED),
        (("ATTENDEE;CUTYPE=ROOM:mailto:room@a.example", "ATTENDEE:mailto:me@own.example"), Skip.NOBODY_OUTSIDE),
        (("ATTENDEE;CUTYPE=RESOURCE:mailto:beamer@a.example",), Skip.NOBODY_OUTSIDE),
        (("ATTENDEE;ROLE=NON-PARTICIPANT:mailto:a@a.example",), Skip.NOBODY_OUTSIDE),
        (("ATTENDEE;PARTSTAT=DELEGATED:mailto:a@a.example", "ATTENDEE:mailto:b@a.example"), ["b@a.example"]),
        (("ATTENDEE;PARTSTAT=TENTATIVE:mailto:a@a.example",), ["a@a.example"]),
        (("ORGANIZER:mailto:b@a.example", "ATTENDEE:mailto:me@own.example"), ["b@a.example"]),
        (("ORGANIZER:mailto:b@a.example", "ATTENDEE;PARTSTAT=DECLINED:mailto:b@a.example"), Skip.NOBODY_OUTSIDE),
        (
            ("ATTENDEE:mailto:a@a.example", "ATTENDEE:mailto:b@b.example", "ATTENDEE:mailto:C@c.example"),
            ["a@a.example", "b@b.example", "c@c.example"],
        ),
    ],
)
def test_who_was_met_or_why_nobody(lines: tuple[str, ...], why: object) -> None:
    assert outcomes(calendar(event(*lines))) == [("2026-11-03T01:00", why)]


def test_a_whole_day_is_no_meeting() -> None:
    assert outcomes(calendar(event(*GUESTS, start="DTSTART;VALUE=DATE:20261103"))) == [
        ("2026-11-02T15:00", Skip.ALL_DAY)
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("RRULE:FREQ=SECONDLY", "FREQ=SECONDLY is none of"),
        ("RRULE:FREQ=DAILY;INTERVAL=0", "INTERVAL must be 1"),
        ("RRULE:FREQ=DAILY;BYSECOND=1,2,3", "BYSECOND"),
        ("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY with BYMONTHDAY is not read"),
        ("RRULE:FREQ=NEVER", "RRULE cannot be read"),
        ("RRULE:FREQ=YEARLY;BYDAY=60MO", "index out of range"),
        ("EXDATE:tomorrow", "EXDATE cannot be read"),
        ("RECURRENCE-ID:first", "RECURRENCE-ID cannot be read"),
    ],
)
def test_what_cannot_be_expanded_is_said_and_costs_nothing_else(line: str, fault: str) -> None:
    found = expanded(calendar(event(*GUESTS, line), event(*GUESTS, uid="u2")))
    assert [told["uid"] for told in found.meetings] == ["u2"]
    [said] = found.faults
    assert said.startswith("event u1: ")
    assert fault in said


def test_a_series_without_an_end_is_expanded_within_the_window_only() -> None:
    assert len(starts(calendar(event(*GUESTS, "RRULE:FREQ=DAILY", start="DTSTART:19900101T010000Z")))) == 365


def test_events_without_an_id_are_known_by_what_they_say() -> None:
    text = calendar(event(*GUESTS)).replace(b"UID:u1\r\n", b"")
    assert expanded(text).meetings[0]["uid"] == expanded(text).meetings[0]["uid"] != ""


@pytest.mark.parametrize(
    "text",
    [b"", b" \r\n", b"<html>sign in</html>", b"\xff\xfe\x00", b"BEGIN:VCALENDAR"],
)
def test_what_is_no_calendar_is_refused(text: bytes) -> None:
    with pytest.raises(NotACalendar):
        Entries().add(text)


@given(st.lists(st.sampled_from(WEEKLY.decode().split("\r\n")), max_size=40), st.binary(max_size=30))
def test_no_text_does_anything_but_be_read_or_be_refused(lines: list[str], noise: bytes) -> None:
    entries = Entries()
    try:
        entries.add("\r\n".join(["BEGIN:VCALENDAR", *lines]).encode() + noise)
    except NotACalendar:
        return
    for told in expand(entries, WINDOW).meetings:
        ics.read(told)


@pytest.fixture
def quiet() -> Iterator[None]:
    """The library tells what it guesses of old zone names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _reading(text: bytes) -> dict[str, object]:
    wide = Window(datetime(1990, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), TOKYO)
    try:
        found = expanded(text, window=wide)
    except NotACalendar as error:
        return {"refused": str(error)}
    reading: dict[str, object] = {}
    for told in found.meetings:
        people = met(ics.read(told), ())
        key = str(people) if isinstance(people, Skip) else "met " + ", ".join(people)
        reading[key] = int(str(reading.get(key, 0))) + 1
    if not (reading or found.faults):
        return {"refused": "it holds no event"}
    return reading | ({"faults": found.faults} if found.faults else {})


@pytest.mark.usefixtures("quiet")
def test_every_calendar_of_the_real_collection_is_read_as_reviewed_or_refused(real_data: Path) -> None:
    files = sorted((real_data / "webhooks/ics").glob("*.ics"))
    assert len(files) == 163
    read = {file.stem: _reading(file.read_bytes()) for file in files}
    assert read == json.loads(GOLDEN.read_text("utf-8"))
    assert sum(any(key.startswith("met ") for key in reading) for reading in read.values()) == 2


def test_a_published_calendar_is_wanted_again_when_its_next_meeting_can_be_told_and_not_at_every_look_before() -> None:
    now, settle = datetime(2026, 11, 24, 6, tzinfo=UTC), timedelta(hours=1)
    span = Span(now - timedelta(days=90), now, settle)

    def due(*ended_minutes_ago: int) -> datetime:
        ends = {str(n): {"end": (now - timedelta(minutes=n)).isoformat()} for n in ended_minutes_ago}
        return _due(ends, span)

    assert due(30, -120) == now + timedelta(minutes=30)  # over, and not told yet
    assert due(90, -120) == now + timedelta(hours=3)  # told by this look
    assert due() > now + timedelta(days=1)

"""The attendance adapter: one row of CSV is one meeting attended."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.attendance import csv_rows, decode
from tests.signals import event_id

REAL = Path(__file__).parents[3] / "shared/data/meetings/attendance.csv.gz"
ORIGIN = Origin("minutes", "attendance", datetime(2026, 1, 5, tzinfo=UTC))
HEADER = b"meeting,date,start_utc,attendee_id,organization,mode\n"


def row(text: bytes, header: bytes = HEADER) -> Signal | DeadLetter:
    [found] = decode(header + text, ORIGIN)
    return found


def signal(text: bytes, header: bytes = HEADER) -> Signal:
    found = row(text, header)
    assert isinstance(found, Signal), found
    return found


def test_a_row_is_one_person_in_one_meeting() -> None:
    found = signal(b"Plenary,2022-07-20,16:05,p1,Google,remote\n")
    assert (found.type, found.direction, found.data.subject) == ("meeting.attended", "mutual", "Plenary")
    assert found.time == datetime(2022, 7, 20, 16, 5, tzinfo=UTC)
    [contact] = found.data.contacts
    assert (contact.key, contact.affiliation) == ("id:p1", "org:Google")


@pytest.mark.parametrize(
    ("date", "start", "moment"),
    [
        (b"2022-07-20", b"", datetime(2022, 7, 20, 12, tzinfo=UTC)),
        (b"2022-07-20", b"9:30", datetime(2022, 7, 20, 9, 30, tzinfo=UTC)),
        (b"2022-07-20", b"09:30:15Z", datetime(2022, 7, 20, 9, 30, 15, tzinfo=UTC)),
        (b"", b"2022-07-20T09:30:00+09:00", datetime(2022, 7, 20, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_date_without_a_time_counts_as_noon_utc(date: bytes, start: bytes, moment: datetime) -> None:
    assert signal(b"Plenary,%s,%s,p1,,\n" % (date, start)).time == moment


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"Plenary,2022-07-20,,,Google,remote", Reason.CONTACT_MISSING),
        (b"Plenary,,09:30,p1,Google,remote", Reason.TIME_MISSING),
        (b"Plenary,20/07/2022,,p1,Google,remote", Reason.TIME_INVALID),
        (b"Plenary,2022-02-30,,p1,Google,remote", Reason.TIME_INVALID),
        (b"Plenary,2022-07-20,noon,p1,Google,remote", Reason.TIME_INVALID),
        (b"Plenary,2022-07-20,2022-07-20T09:30:00,p1,Google,remote", Reason.TIME_INVALID),
        (b"Plenary,0102-07-20,,p1,Google,remote", Reason.TIME_OUT_OF_RANGE),
        (b"Plenary,2022-07-20,,p1,Google", Reason.LINE_MALFORMED),
        (b"Plenary,2022-07-20,,p1,Google,remote,more", Reason.LINE_MALFORMED),
        (b'Plenary,2022-07-20,,p1,"Goo"gle,remote', Reason.LINE_MALFORMED),
        (b"Plenary,2022-07-20,,p1,Goo\xffgle,remote", Reason.INVALID_UTF8),
        (b"Plenary,2022-07-20,,p1," + b"x" * (1 << 20) + b",remote", Reason.TOO_LARGE),
        (b"Plenary,2022-07-20,," + b"x" * 300 + b",,remote", Reason.FIELD_INVALID),
    ],
)
def test_a_bad_row_is_refused_with_itself_as_evidence(text: bytes, reason: Reason) -> None:
    found = row(text + b"\r\n")
    assert isinstance(found, DeadLetter), found
    assert (found.reason, found.raw) == (reason, text)


def test_order_case_further_columns_and_a_byte_order_mark_do_not_matter() -> None:
    header = b"\xef\xbb\xbfAttendee_ID, Notes ,date,MEETING\r\n"
    found = signal(b'p1,"said ""no"",\n\ntwice",2022-07-20,Plenary,,\r\n', header)
    assert (found.data.contacts[0].id, found.data.subject) == ("p1", "Plenary")


def test_a_header_without_a_needed_column_refuses_every_row() -> None:
    outcomes = decode(b"meeting,date,who\nPlenary,2022-07-20,p1\nPlenary,2022-07-20,p2\n", ORIGIN)
    assert [(o.index, o.reason) for o in outcomes if isinstance(o, DeadLetter)] == [
        (0, Reason.LINE_MALFORMED),
        (1, Reason.LINE_MALFORMED),
    ]
    assert all("'attendee_id'" in o.detail for o in outcomes if isinstance(o, DeadLetter))


@pytest.mark.parametrize("body", [b"", HEADER, b"\n \n"])
def test_a_body_without_rows_is_answered_too(body: bytes) -> None:
    [found] = decode(body, ORIGIN)
    assert isinstance(found, DeadLetter)
    assert found.reason is Reason.EMPTY_BODY


def test_the_same_attendance_exported_again_is_the_same_event() -> None:
    once = signal(b"Plenary,2022-07-20,,p1,,remote\n")
    again = signal(b"p1,2022-07-20,Plenary,,\n", b"attendee_id,date,meeting,organization,start_utc\n")
    another = signal(b"Plenary,2022-07-21,,p1,,remote\n")
    assert event_id(once, "s") == event_id(again, "s") != event_id(another, "s")


def test_a_stray_quote_costs_its_own_row_only() -> None:
    good = [b"Plenary,2022-07-20,,p%d,,\n" % number for number in range(40)]
    outcomes = decode(HEADER + b'Plenary,2022-07-20,,p,"Google,remote\n' + b"".join(good), ORIGIN)
    assert [isinstance(o, Signal) for o in outcomes] == [False] + [True] * 40


def test_rows_are_joined_without_losing_a_byte() -> None:
    lines = [b'a,"b\n', b"\n", b'c",d\n', b'e "f,g\n', b'h,"never closed\n', b"i\n"]
    assert list(csv_rows(lines)) == [b'a,"b\n\nc",d\n', b'e "f,g\n', b'h,"never closed\n', b"i\n"]


def test_every_row_of_the_real_minutes_is_a_signal() -> None:
    if not REAL.exists():
        pytest.skip(f"the attendance list is not at {REAL}")
    outcomes = decode(gzip.decompress(REAL.read_bytes()), ORIGIN)
    assert len(outcomes) == 9_734
    signals = [o for o in outcomes if isinstance(o, Signal)]
    assert len(signals) == 9_734
    assert len({event_id(s, "minutes") for s in signals}) == 9_672

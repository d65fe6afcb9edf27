"""The attendees adapter: lists of people as marketing teams have them, in Japanese and English."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.files import records
from models.decode import outcomes_of
from models.erasure import Suppressed, address_hash, redact
from models.events import Signal
from models.outcomes import DeadLetter, Erased, Reason
from models.records import Origin
from models.sources.attendee_columns import COLUMNS, STATUSES, column_of, type_of
from models.sources.attendee_lists import encoding_of, zone_missing
from models.sources.attendees import decode
from tests.signals import content, event_id
from tests.stack import ROOT

ORIGIN = Origin("expo", "attendees", datetime(2026, 12, 1, tzinfo=UTC))
LONDON = ORIGIN._replace(content_type="text/csv; tz=Europe/London")
ENGLISH = "Email,Company,Join Time,Event,Attended\n"
JAPANESE = "氏名,会社名,メールアドレス,参加日時,セミナー名,参加状況\n"
LIST = (
    "2026年秋 ものづくり展 来場者一覧,,,,,,\n"
    "\n"
    "氏名,会社名,メールアドレス,参加日時,セミナー名,参加状況,,\n"
    '見本 一郎,青空重工業,sato@aozora.example,2026/11/20 13:05,省エネ講座,出席,,\n'
    '見本 二子,"表示 株式会社\n第二工場",ｔａｎａｋａ＠kita.example,2026年11月20日 13時05分,省エネ講座,○,,\n'
    ",,,,,,,\n"
    "見本 三郎,青空重工業,abe@aozora.example,2026/11/20,省エネ講座,欠席,,\n"
)  # fmt: skip
MOMENT = datetime(2026, 11, 20, 4, 5, tzinfo=UTC)


def outcome(row: str, header: str = ENGLISH, origin: Origin = LONDON) -> Signal | DeadLetter:
    [found] = decode((header + row).encode(), origin)
    return found


def signal(row: str, header: str = ENGLISH, origin: Origin = LONDON) -> Signal:
    found = outcome(row, header, origin)
    assert isinstance(found, Signal), found
    return found


def refusal(row: str, header: str = ENGLISH, origin: Origin = LONDON) -> DeadLetter:
    found = outcome(row, header, origin)
    assert isinstance(found, DeadLetter), found
    return found


def time_of(text: str, origin: Origin = LONDON) -> datetime | str:
    """The time that is read, or why none is."""
    row = io.StringIO()
    csv.writer(row).writerow(["sato@aozora.example", "", text, "", "Yes"])
    found = outcome(row.getvalue(), origin=origin)
    return found.time if isinstance(found, Signal) else f"{found.reason}: {found.detail}"


def test_a_japanese_list_says_who_came_when_and_who_did_not() -> None:
    first, second, third = decode(LIST.encode(), ORIGIN)
    assert isinstance(first, Signal)
    assert isinstance(second, Signal)
    assert isinstance(third, Signal)
    assert (first.type, first.direction, first.time, first.data.subject) == (
        "event.attended",
        "inbound",
        MOMENT,
        "省エネ講座",
    )
    [contact] = first.data.contacts
    assert (contact.key, contact.organization) == ("mail:sato@aozora.example", "青空重工業")
    assert (second.data.contacts[0].key, second.time) == ("mail:tanaka@kita.example", MOMENT)
    assert (third.type, third.direction, third.time.hour) == ("event.no_show", "outbound", 3)
    assert "見本" not in "".join(one.model_dump_json() for one in (first, second, third)), "no names of people"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_the_same_list_gives_the_same_signals_in_each_encoding(encoding: str) -> None:
    found = decode(LIST.encode(encoding), ORIGIN)
    assert found == decode(LIST.encode(), ORIGIN)
    assert len(found) == 3


def test_an_english_list_of_a_webinar() -> None:
    header = "Topic,Attended,First Name,Last Name,Email,Registration Time,Join Time\n"
    found = signal("Autumn,Yes,Ann,Example,ANN@kita.example,11/01/2026 9:00 AM,11/20/2026 1:05 PM\n", header)
    assert (found.type, found.data.subject) == ("event.attended", "Autumn")
    assert found.time == datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
    absent = signal("Autumn,No,Ann,Example,ann@kita.example,11/01/2026 9:00 AM,--\n", header)
    assert (absent.type, absent.direction, absent.time.day) == ("event.no_show", "outbound", 1)
    early = signal("Autumn,Registered,Ann,Example,a@kita.example,11/01/2026 9:00 AM,11/20/2026 1:05 PM\n", header)
    assert (early.type, early.time.day) == ("event.registered", 1)


@pytest.mark.parametrize(
    ("header", "type_", "direction"),
    [
        ("メール,スキャン日時", "event.attended", "inbound"),
        ("メール,名刺交換日", "meeting.card_exchanged", "mutual"),
        ("メール,交換日", "meeting.card_exchanged", "mutual"),
        ("メール,登録日時", "event.registered", "inbound"),
        ("Email,Date", "event.attended", "inbound"),
        ("Email,Registration Time", "event.registered", "inbound"),
    ],
)
def test_without_a_status_the_time_column_says_what_it_was(header: str, type_: str, direction: str) -> None:
    found = signal("sato@aozora.example,2026-11-20 13:05:30\n", header + "\n")
    assert (found.type, found.direction) == (type_, direction)


@pytest.mark.parametrize("name", [name for names in COLUMNS.values() for name in names])
def test_a_column_is_known_in_any_width_and_case(name: str) -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in name)
    assert column_of(name) == column_of(wide.upper()) == column_of(f" {name}\u3000\n")
    assert column_of(name) in COLUMNS
    assert column_of("ﾒｰﾙ ｱﾄﾞﾚｽ") == "email"


@pytest.mark.parametrize(("told", "names"), STATUSES.items())
def test_a_status_is_known_in_any_width_and_case(told: str, names: tuple[str, ...]) -> None:
    for name in names:
        assert type_of(name) == type_of(f"{name.upper()}\u3000") == told
        assert signal(f"a@kita.example,,2026-11-20,,{name}\n").type == told


def test_an_unknown_status_is_refused_by_its_value() -> None:
    for status in ("たぶん", "Maybe", ""):
        found = refusal(f"a@kita.example,,2026-11-20,,{status}\n")
        assert found.reason is Reason.FIELD_INVALID
        assert f"status: {status!r}" in found.detail


def test_a_row_without_an_address_is_refused_and_names_the_company_but_no_person() -> None:
    found = refusal("見本 一郎,青空重工業,,2026/11/20,省エネ講座,出席\n", JAPANESE)
    assert (found.reason, found.index) == (Reason.CONTACT_MISSING, 0)
    assert "'青空重工業'" in found.detail
    assert "見本" not in found.detail
    assert "no company" in refusal("見本 一郎,-,--,2026/11/20,,出席\n", JAPANESE).detail
    assert refusal("Ann,2026-11-20\n", "Name,Date\n").reason is Reason.CONTACT_MISSING
    assert refusal("no address,,2026-11-20,,Yes\n").reason is Reason.FIELD_INVALID


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026/11/20 13:05", datetime(2026, 11, 20, 13, 5)),  # noqa: DTZ001 - London's winter is UTC
        ("2026-11-20 13:05:30", datetime(2026, 11, 20, 13, 5, 30)),  # noqa: DTZ001
        ("2026年11月20日 13時05分", datetime(2026, 11, 20, 13, 5)),  # noqa: DTZ001
        ("２０２６年１１月２０日　１３時０５分３０秒", datetime(2026, 11, 20, 13, 5, 30)),  # noqa: DTZ001
        ("2026/1/2 9:05", datetime(2026, 1, 2, 9, 5)),  # noqa: DTZ001
        ("2026/11/20", datetime(2026, 11, 20, 12)),  # noqa: DTZ001
        ("11/20/2026", datetime(2026, 11, 20, 12)),  # noqa: DTZ001
        ("11/20/2026 13:05", datetime(2026, 11, 20, 13, 5)),  # noqa: DTZ001
        ("11/05/2026 1:05 pm", datetime(2026, 11, 5, 13, 5)),  # noqa: DTZ001
        ("11/05/2026 12:05 AM", datetime(2026, 11, 5, 0, 5)),  # noqa: DTZ001
        ("2026-11-20T13:05:30+09:00", datetime(2026, 11, 20, 4, 5, 30)),  # noqa: DTZ001
        ("2026-11-20T13:05:30.5Z", datetime(2026, 11, 20, 13, 5, 30, 500_000)),  # noqa: DTZ001
        ("2026/07/20 13:05", datetime(2026, 7, 20, 12, 5)),  # noqa: DTZ001 - summer time
    ],
)
def test_times_are_read_as_people_write_them(text: str, moment: datetime) -> None:
    assert time_of(text) == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("05/11/2026 13:05", "time_invalid: time: the order of month and day cannot be told"),
        ("11/05/2026", "time_invalid: time: the order of month and day cannot be told"),
        ("20/11/2026 1:05 PM", "time_invalid: time: no such time"),
        ("11/20/2026 13:05 PM", "time_invalid: time: no such time: 13 PM"),
        ("2026/02/30", "time_invalid: time: no such time"),
        ("2026-11-20 25:00", "time_invalid: time: no such time"),
        ("2026-11-20T13:05:30+99:00", "time_invalid: time: no such time"),
        ("yesterday", "time_invalid: time: not a time that can be read"),
        ("46346.5", "time_invalid: time: not a time that can be read"),
        ("1899/12/30", "time_out_of_range: "),
        ("0001/01/01", "time_out_of_range: "),
        ("9999-12-31 23:59", "time_out_of_range: "),
        ("", "time_missing: "),
        ("--", "time_missing: "),
    ],
)
def test_a_time_that_cannot_be_told_is_refused_and_says_why(text: str, why: str) -> None:
    assert str(time_of(text)).startswith(why)


def test_a_local_time_is_japanese_in_a_japanese_list_and_needs_a_zone_elsewhere() -> None:
    row = "Ann,Kita,ann@kita.example,2026/11/20 13:05,Expo,Yes\n"
    assert signal(row, JAPANESE, ORIGIN).time == MOMENT
    assert signal(row, JAPANESE, LONDON).time.hour == 13
    assert "--timezone" in str(time_of("2026/11/20 13:05", ORIGIN))
    assert time_of("2026-11-20T13:05:00+09:00", ORIGIN) == MOMENT
    for wrong in ("Mars/Olympus", "America", "../x", "\udcff"):
        found = refusal(row, JAPANESE, ORIGIN._replace(content_type=f'text/csv; charset=x; TZ="{wrong}"'))
        assert (found.reason, "time zone" in found.detail) == (Reason.LINE_MALFORMED, True)


def test_a_list_says_before_it_is_sent_that_it_needs_a_zone() -> None:
    assert zone_missing(b"Sep=,\n" + ENGLISH.encode())
    assert not zone_missing(LIST.encode("cp932"))
    assert not zone_missing(b"nonsense\n1\n")
    assert not zone_missing(b"")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_the_delimiter_is_the_one_that_gives_the_header_the_most_columns(delimiter: str, encoding: str) -> None:
    rows = list(csv.reader(io.StringIO(LIST, newline="")))
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows(rows)
    assert decode(written.getvalue().encode(encoding), ORIGIN) == decode(LIST.encode(), ORIGIN)


def test_a_later_export_says_nothing_new() -> None:
    once = signal("Ann@kita.example,Kita,2026-11-20 13:05,Expo,Yes\n")
    again = signal("Expo,○,Ann,2026/11/20 13:05,ann＠kita.example,Kita\n", "Event,出欠,Name,日時,メール,会社\n")
    assert (event_id(once, "s"), content(once)) == (event_id(again, "s"), content(again))
    others = [
        signal("ann@kita.example,Kita,2026-11-21 13:05,Expo,Yes\n"),
        signal("ann@kita.example,Kita,2026-11-20 13:05,Expo 2,Yes\n"),
        signal("ann@kita.example,Kita,2026-11-20 13:05,Expo,Registered\n"),
        signal("bob@kita.example,Kita,2026-11-20 13:05,Expo,Yes\n"),
    ]
    assert len({event_id(one, "s") for one in (once, *others)}) == 5


def test_up_to_five_rows_of_title_stand_above_the_header() -> None:
    row = "a@kita.example,,2026-11-20,,Yes\n"
    assert signal(row, "Report\nEvent\n\n,,\nmade on,2026-11-21\nx\n" + ENGLISH).data.contacts
    found = decode(("1\n2\n3\n4\n5\n6\n" + ENGLISH + row).encode(), LONDON)
    assert [o.reason for o in found if isinstance(o, DeadLetter)] == [Reason.LINE_MALFORMED] * 7
    assert all("メールアドレス or Email" in o.detail for o in found if isinstance(o, DeadLetter))


def test_a_header_with_line_breaks_is_one_row() -> None:
    header = '"メール\nアドレス","参加\n日時"\n'
    assert signal("sato@aozora.example,2026/11/20 13:05\n", header, ORIGIN).time == MOMENT


@pytest.mark.parametrize("body", [b"", b"\n \n", ENGLISH.encode(), JAPANESE.encode("cp932") + b",,,,,\r\n"])
def test_a_list_without_rows_is_answered_too(body: bytes) -> None:
    [found] = decode(body, LONDON)
    assert isinstance(found, DeadLetter)
    assert found.reason is Reason.EMPTY_BODY


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a@kita.example,,2026-11-20,\r\n", Reason.LINE_MALFORMED),
        ("a@kita.example,,2026-11-20,,Yes,more\r\n", Reason.LINE_MALFORMED),
        ('a@kita.example,"Ki"ta,2026-11-20,,Yes\r\n', Reason.LINE_MALFORMED),
        ("a@kita.example," + "x" * 300 + ",2026-11-20,,Yes\r\n", Reason.FIELD_INVALID),
        ("a@kita.example," + "x" * (1 << 20) + ",2026-11-20,,Yes\r\n", Reason.TOO_LARGE),
    ],
)
def test_a_bad_row_is_refused_with_itself_as_evidence(row: str, reason: Reason) -> None:
    found = refusal(row)
    assert (found.reason, found.raw) == (reason, row.rstrip().encode())


def test_a_broken_byte_costs_its_row_and_does_not_turn_the_others_into_other_letters() -> None:
    rows = ["見本,青空,sato@aozora.example,2026/11/20,講座,出席\n".encode(), b"\xff,,a@kita.example,2026/11/20,,Yes\n"]
    good, bad = decode(JAPANESE.encode() + b"".join(rows), ORIGIN)
    assert isinstance(good, Signal)
    assert good.data.subject == "講座"
    assert isinstance(bad, DeadLetter)
    assert (bad.reason, bad.detail) == (Reason.INVALID_UTF8, "the list is not UTF-8: save it as UTF-8")
    # EUC-JP, and a header that cannot tell: neither of the two.
    found = decode(ENGLISH.encode() + "a@kita.example,青空\n".encode("euc-jp") + b"\x81\n", LONDON)
    assert [o.reason for o in found if isinstance(o, DeadLetter)] == [Reason.INVALID_UTF8] * 2
    assert all("neither UTF-8 nor CP932" in o.detail for o in found if isinstance(o, DeadLetter))


def test_a_file_is_split_below_its_header_and_every_record_is_read_alike(tmp_path: Path) -> None:
    rows = "".join(f'見本,"表示\n会社",p{n}@kita.example,2026/11/20,{"展" * (n % 3)},Yes\n' for n in range(450))
    path = tmp_path / "list.csv"
    for encoding in ("utf-8-sig", "cp932"):
        body = ("来場者一覧\n" + JAPANESE + rows).encode(encoding)
        path.write_bytes(body)
        found = list(records(path, "attendees"))
        assert [encoding_of(record) for record in found] == [encoding.removesuffix("-sig")] * 3
        assert [one for record in found for one in decode(record, ORIGIN)] == decode(body, ORIGIN)


def test_who_was_forgotten_stays_out_in_each_encoding_and_width() -> None:
    key = "k" * 64
    gone = Suppressed(key, [address_hash(key, "tanaka@kita.example")])
    for encoding in ("utf-8", "cp932"):
        left = redact(LIST.encode(encoding), ORIGIN, gone)
        assert redact(left, ORIGIN, gone) is left
        first, second, third = outcomes_of(left, ORIGIN)
        assert (second, [first, third]) == (Erased(1), decode(LIST.encode(), ORIGIN)[::2])
        assert "ｔａｎａｋａ".encode(encoding) not in left


@pytest.mark.parametrize(("kind", "names"), [*COLUMNS.items(), *STATUSES.items()])
def test_every_name_that_is_recognised_is_documented(kind: str, names: tuple[str, ...]) -> None:
    lines = (ROOT / "docs/sources/attendees.md").read_text("utf-8").splitlines()
    [row] = [line for line in lines if line.startswith(f"| `{kind}` |")]
    assert row.split("|")[2].strip() == ", ".join(names)


PIECES = st.sampled_from([b",", b'"', b"\n", b"\r", b";", b"\t", b"\xff", b"\x81", b"\x5c", b"\x00", b"\xef\xbb\xbf"])
CUTS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 4), PIECES | st.binary(max_size=4)), max_size=8)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp932"]), cuts=CUTS)
def test_a_list_damaged_anywhere_is_answered_row_by_row(tmp_path: Path, encoding: str, cuts: list) -> None:
    body = LIST.encode(encoding)
    for at, length, piece in cuts:
        body = body[:at] + piece + body[at + length :]
    found = decode(body, ORIGIN)
    assert found
    assert all(one.index == index for index, one in enumerate(found) if isinstance(one, DeadLetter))
    for one in found:
        if isinstance(one, DeadLetter):
            assert one.raw in body
            one.detail.encode()
    path = tmp_path / "list.csv"
    path.write_bytes(body + b"\n")
    split = [one for record in records(path, "attendees") for one in decode(record, ORIGIN)]
    assert [type(one) for one in split] == [type(one) for one in decode(body + b"\n", ORIGIN)]

"""Laws that hold for any bytes: every event is answered once, and nothing raises."""

import csv
import gzip
import io
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.files import records
from models.events import Contact, Signal
from models.outcomes import DeadLetter
from models.records import Origin
from models.sources.adapters import ADAPTERS, decode
from models.sources.attendance import csv_rows
from models.sources.mbox import addresses, parse_date
from tests.signals import content, event_id

ARCHIVE = Path(__file__).parents[3] / "shared/data/email/archive-1996-2012.mbox.gz"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
SMALL = settings(max_examples=150, deadline=None)

# Bytes that mean something to one of the formats, between bytes that mean nothing.
FRAGMENTS = [
    b"From ", b"From: ", b"To: ", b"Date: ", b"Message-ID: ", b"Received: ", b"\n", b"\r\n", b"\n\n", b" ", b"\t", b",",
    b'"', b"<", b">", b"(", b")", b";", b":", b"@", b"a@a.example", b"b@own.example", b"=?utf-8?b?", b"?=", b"\\",
    b"Tue, 6 Mar 2001 10:00:00 +0900", b"6 Mar 102 1:1", b"meeting,date,attendee_id\n", b"2022-07-20", b"p1",
    b"host\ttime\turl\tresponse\n", b"804571206", b"200", b"\x1b$B",
    b'1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1',
    b"{", b"}", b"[", b"]", b"\xff", b"\xc3\xa9", b"\x00", b"\xef\xbb\xbf",
]  # fmt: skip
BODIES = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=8), max_size=40).map(b"".join)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
EMAILS = st.from_regex(r"[a-z0-9._+-]{1,12}@([a-z0-9-]{1,8}\.){1,3}[a-z]{2,4}", fullmatch=True)


@cache
def real_mails() -> list[bytes]:
    if not ARCHIVE.exists():
        pytest.skip(f"the mail archive is not at {ARCHIVE}")
    return re.split(rb"(?<=\n\n)(?=From )", gzip.decompress(ARCHIVE.read_bytes())[:2_000_000])


@pytest.mark.parametrize("adapter", ADAPTERS)
@SMALL
@given(body=BODIES)
def test_any_bytes_are_answered_in_order(adapter: str, body: bytes) -> None:
    outcomes = decode(body, Origin("s", adapter, NOW, own_domains=("own.example",)))
    assert outcomes
    assert all(o.index == index for index, o in enumerate(outcomes) if isinstance(o, DeadLetter))
    for o in outcomes:
        if isinstance(o, Signal):
            assert event_id(o, "s") != content(o)
        else:
            o.detail.encode()  # no lone surrogates: details are stored as UTF-8


@SMALL
@given(
    number=st.integers(0, 10_000),
    cuts=st.lists(st.tuples(st.integers(0, 2000), st.sampled_from(FRAGMENTS)), max_size=6),
)
def test_a_real_mail_damaged_anywhere_is_answered_once(number: int, cuts: list[tuple[int, bytes]]) -> None:
    mail = real_mails()[number % len(real_mails())]
    for at, fragment in cuts:
        mail = mail[:at] + fragment + mail[at + len(fragment) :]
    assert len(decode(mail, Origin("s", "mbox", NOW, own_domains=("linux-mips.org",)))) == 1


@SMALL
@given(st.text())
def test_every_address_found_is_one_the_contract_takes(header: str) -> None:
    for address in addresses(header):
        assert Contact(email=address).email == address


@SMALL
@given(st.lists(st.tuples(NAMES, EMAILS), min_size=1, max_size=8))
def test_addresses_come_back_from_a_well_formed_header(people: list[tuple[str, str]]) -> None:
    quoted = [name.replace("\\", "\\\\").replace('"', '\\"') for name, _ in people]
    header = ", ".join(f'"{name}" <{address}>' for name, (_, address) in zip(quoted, people, strict=True))
    assert addresses(header) == [address for _, address in people]


@SMALL
@given(
    st.datetimes(datetime(1990, 1, 2), datetime(2090, 1, 1)),  # noqa: DTZ001 - the zone is drawn apart
    st.integers(-12 * 4, 14 * 4).map(lambda quarters: timedelta(minutes=15 * quarters)),
)
def test_a_date_as_the_standard_library_writes_it_comes_back(moment: datetime, offset: timedelta) -> None:
    zoned = moment.replace(microsecond=0, tzinfo=timezone(offset))
    assert parse_date(format_datetime(zoned)) == zoned


@SMALL
@given(st.lists(st.lists(st.text(st.sampled_from('ab",\n\r é'), max_size=6), min_size=1, max_size=4), max_size=10))
def test_csv_rows_are_found_as_the_csv_module_wrote_them(rows: list[list[str]]) -> None:
    written = []
    for row in rows:
        buffer = io.StringIO(newline="")
        csv.writer(buffer).writerow(row)
        written.append(buffer.getvalue().encode())
    lines = b"".join(written).splitlines(keepends=True)
    assert list(csv_rows(lines)) == written


@settings(parent=SMALL, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
def test_splitting_a_mailbox_loses_no_byte(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "mail"
    path.write_bytes(b"From a\n" + body)
    assert b"".join(records(path, "mbox")) == b"From a\n" + body


@settings(parent=SMALL, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.sampled_from([b"M,2022-07-20,p%d", b'M,2022-07-20,"p\n%d"', b'M,x,"%d', b"%d"]), max_size=450))
def test_splitting_a_list_changes_no_answer(tmp_path: Path, rows: list[bytes]) -> None:
    body = b"meeting,date,attendee_id\n" + b"".join(row % number + b"\n" for number, row in enumerate(rows))
    path = tmp_path / "list"
    path.write_bytes(body)
    origin = Origin("s", "attendance", NOW)

    def answers(bodies: list[bytes]) -> list[object]:
        found = [outcome for each in bodies for outcome in decode(each, origin)]
        return [(o.reason, o.raw) if isinstance(o, DeadLetter) else o for o in found]

    assert answers(list(records(path, "attendance"))) == answers([body])

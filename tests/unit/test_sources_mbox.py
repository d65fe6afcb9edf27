"""The mbox adapter: time, direction, contacts and identity of one mail."""

import email.utils
import gzip
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.mbox import addresses, decode, parse_date
from tests.signals import content, event_id

ARCHIVE = Path(__file__).parents[3] / "shared/data/email/archive-1996-2012.mbox.gz"
ORIGIN = Origin("archive", "mbox", datetime(2026, 1, 5, tzinfo=UTC), own_domains=("own.example",))
DATE = b"Date: Tue, 6 Mar 2001 10:00:00 +0900\n"


def outcome(mail: bytes) -> Signal | DeadLetter:
    [found] = decode(mail, ORIGIN)
    return found


def signal(mail: bytes) -> Signal:
    found = outcome(mail)
    assert isinstance(found, Signal), found
    return found


def refusal(mail: bytes) -> Reason:
    found = outcome(mail)
    assert isinstance(found, DeadLetter), found
    assert found.raw == mail
    return found.reason


def emails(found: Signal) -> list[str | None]:
    return [contact.email for contact in found.data.contacts]


def test_a_mail_from_outside_is_received_from_its_sender() -> None:
    found = signal(b"From: Ann <Ann@A.example>\nTo: bob@own.example, c@c.example\nMessage-ID: <1@a>\n" + DATE)
    assert (found.type, found.direction, emails(found)) == ("email.received", "inbound", ["ann@a.example"])
    assert found.id == "1@a"
    assert found.time == datetime(2001, 3, 6, 1, tzinfo=UTC)
    assert found.data.subject == ""


def test_a_mail_of_ours_is_sent_to_its_external_recipients_once_each() -> None:
    mail = (
        b"From: bob@eng.own.example\nTo: A@a.example, z@own.example\nCc: b@b.example,\n a@a.example\nCc: c@c.example\n"
    )
    found = signal(mail + DATE)
    assert (found.type, found.direction) == ("email.sent", "outbound")
    assert emails(found) == ["a@a.example", "b@b.example", "c@c.example"]


def test_a_domain_that_only_ends_alike_is_not_ours() -> None:
    assert signal(b"From: x@notown.example\n" + DATE).direction == "inbound"


def test_a_mail_among_ourselves_is_internal() -> None:
    found = signal(b"From: bob@own.example\nTo: z@own.example, undisclosed-recipients:;\n" + DATE)
    assert (found.type, found.direction, emails(found)) == ("email.sent", "internal", ["bob@own.example"])


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        (b"From: nobody, Ann <ann@a.example>", "ann@a.example"),
        (b"From: nobody\nFrom: ann@a.example", "ann@a.example"),
        (b"From: \nSender: list@a.example\nReply-To: b@b.example", "list@a.example"),
        (b"Reply-To: b@b.example", "b@b.example"),
    ],
)
def test_the_first_usable_address_is_the_sender(headers: bytes, sender: str) -> None:
    assert emails(signal(headers + b"\n" + DATE)) == [sender]


def test_a_mail_without_a_usable_sender_has_no_contact() -> None:
    assert refusal(b"From: pac0880f02c@gmail.com&gt\nTo: a@a.example\n" + DATE) is Reason.CONTACT_MISSING


def test_over_a_thousand_recipients_are_refused() -> None:
    everyone = b",\n ".join(b"p%d@a.example" % number for number in range(1001))
    found = outcome(b"From: bob@own.example\nTo: " + everyone + b"\n" + DATE)
    assert isinstance(found, DeadLetter)
    assert "at most 1000 items" in found.detail


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Tue, 6 Mar 2001 10:00:00 +0900", (2001, 3, 6, 1, 0, 0)),
        ("6 Mar 2001 10:00 -0330 (Newfoundland Time)", (2001, 3, 6, 13, 30, 0)),
        ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", (1997, 11, 21, 15, 55, 6)),
        ("Tue, 6 Mar 2001 (a (b) c) 10:00:00 +0000 (d)", (2001, 3, 6, 10, 0, 0)),
        ("Tue, 6 Mar 2001 10:00:00 -0000", (2001, 3, 6, 10, 0, 0)),
        ("Tue, 6 Mar 2001 10:00:00", (2001, 3, 6, 10, 0, 0)),
        ("Tue, 6 Mar 2001 10:00:00 PST", (2001, 3, 6, 18, 0, 0)),
        ("Tue, 6 Mar 2001 10:00:00 JST", (2001, 3, 6, 1, 0, 0)),
        ("Tue, 6 Mar 2001 10:00:00 S", (2001, 3, 6, 10, 0, 0)),
        ("Tue, 6 Mar 2001 10:00:00 -00", (2001, 3, 6, 10, 0, 0)),
        ("Tue, 6 Mar 2001 10:00:00 GMT+0900 (JST)", (2001, 3, 6, 1, 0, 0)),
        ("Tue, 6 Mar 2001 10:00:00 +0200 CEST", (2001, 3, 6, 8, 0, 0)),
        ("Sun Feb 15 10:54:44 1998", (1998, 2, 15, 10, 54, 44)),
        ("Mon Apr 10 10:38:45 2006 +0200", (2006, 4, 10, 8, 38, 45)),
        ("Sat Feb 24 10:21:37 +0000 1996", (1996, 2, 24, 10, 21, 37)),
        ("Sun, 15 Feb 98 16:54:44 EST", (1998, 2, 15, 21, 54, 44)),
        ("6 Mar 02 1:2:3 +0000", (2002, 3, 6, 1, 2, 3)),
        ("Sun, 31 Dec 1998 23:59:60 +0000", (1998, 12, 31, 23, 59, 59)),
    ],
)
def test_dates_as_mail_programs_write_them(text: str, moment: tuple[int, ...]) -> None:
    assert parse_date(text) == datetime(*moment, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    "text",
    [
        "Sat, 18 May 102 19:56:53 -0900",
        "Sat, 18 May 0102 19:56:53 -0900",
        "1 Jan 1904 00:00:00 GMT",
        "6 Mar 20001 1:00 Z",
    ],
)
def test_years_that_cannot_be_are_out_of_range_and_not_mended(text: str) -> None:
    assert parse_date(text) is Reason.TIME_OUT_OF_RANGE
    assert refusal(b"From: a@a.example\nDate: " + text.encode() + b"\n") is Reason.TIME_OUT_OF_RANGE


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "Tue, 30 Sep 1997 18:02:51 -3100 (PDT)",
        "Wed, 31 Jul 1996 17:48:43 +1700 (PDT)",
        "Tue, 26 Sep 2006 02:07:04 +0480",
        "Tue, 24 Dec 2002 08:48:11 PM",
        "Fri, 31 Feb 2003 10:00:00 +0000",
        "Fri, 1 Foo 2003 10:00:00 +0000",
        "Fri, 1 Mar 2003 25:00:00 +0000",
        "(" * 5000,
        "9" * 5000,
    ],
)
def test_what_is_no_date_is_invalid(text: str) -> None:
    assert refusal(b"From: a@a.example\nDate: " + text.encode() + b"\n") is Reason.TIME_INVALID


@pytest.mark.parametrize("headers", [b"", b"Date: \n", b"X-Date: Tue, 6 Mar 2001 10:00:00 +0900\n"])
def test_a_mail_without_a_date_is_refused(headers: bytes) -> None:
    assert refusal(b"From: a@a.example\n" + headers) is Reason.TIME_MISSING


RECEIVED = b"Received: from a by b; %s\n"
ENVELOPE = b"From a@a.example %s\n"


@pytest.mark.parametrize(
    ("arrival", "refused"),
    [
        (RECEIVED % b"Mon, 5 Mar 2001 00:59:00 +0000 (GMT)", False),  # 24 hours
        (RECEIVED % b"Sun, 4 Mar 2001 22:59:00 +0000 (GMT)", True),  # 26 hours and a minute
        (b"Received: from a (b; c); Sun, 4 Mar 2001 22:59:00 +0000\n", True),
        (RECEIVED % b"nonsense" + RECEIVED % b"Sun, 4 Mar 2001 22:59:00 +0000", True),
        (RECEIVED % b"Tue, 6 Mar 2001 01:00:00 +0000" + RECEIVED % b"Sun, 4 Mar 2001 22:59:00 +0000", False),
        (ENVELOPE % b"Sun Mar  4 22:59:00 2001", True),
        (ENVELOPE % b"Thu Jan  1 00:00:00 1970", False),  # an envelope without a time says nothing
        (ENVELOPE % b"Sun Mar  4 22:59:00 2001" + RECEIVED % b"Tue, 6 Mar 2001 01:00:00 +0000", False),
    ],
)
def test_a_date_well_after_the_mails_own_receipt_is_refused(arrival: bytes, refused: bool) -> None:
    found = outcome(arrival + b"From: a@a.example\n" + DATE)
    assert (isinstance(found, DeadLetter) and found.reason is Reason.TIME_IN_FUTURE) is refused


@pytest.mark.parametrize(
    ("header", "own_id"),
    [
        (b"Message-ID: <a.b@c>", "a.b@c"),
        (b"Message-Id:\n\t<a.b@c>", "a.b@c"),
        (b"message-id: a.b@c ", "a.b@c"),
        (b"Message-ID: <>\nMessage-ID: <second@c>", "second@c"),
        (b"Message-ID: <caf\xe9@c>", "caf\xe9@c"),
        (b"Message-ID: <>", None),
        (b"X-ID: <a@c>", None),
    ],
)
def test_the_message_id_without_brackets_is_the_identity(header: bytes, own_id: str | None) -> None:
    assert signal(b"From: a@a.example\n" + header + b"\n" + DATE).id == own_id


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("a@a.example", ["a@a.example"]),
        ('"Doe, Jane" <J@a.example>, (x, y) b@b.example (Bob \\) B)', ["j@a.example", "b@b.example"]),
        ("fake@bank.example <real@a.example>", ["real@a.example"]),
        ("friends: a@a.example, b@b.example; c@c.example.", ["a@a.example", "b@b.example", "c@c.example"]),
        ("<@relay.example,@other.example:a@a.example>", ["a@a.example"]),
        ('a@a.example"@b.example, c@c.example', ["c@c.example"]),
        ('"never closed <a@a.example>, c@c.example', ["a@a.example", "c@c.example"]),
        ("(never closed <a@a.example>", ["a@a.example"]),
        ("=?iso-2022-jp?B?GyRCOzNFRBsoQg==?= <y@a.example>", ["y@a.example"]),
        ("=?utf-8?q?Ann_=3Cann=40a=2Eexample=3E?=", ["ann@a.example"]),
        ("=?no-such-charset?q?a=40a?=", []),
        ('\x1b$B%"%(\x1b(B <y@a.example>, \x1b$B<,>\x1b(J b@b.example', ["y@a.example", "b@b.example"]),
        ("caf\xe9 <c@a.example>", ["c@a.example"]),
        ("local, @host, a@, a b@c.example, a\x00@c.example", []),
        ("undisclosed-recipients:;", []),
        ("", []),
    ],
)
def test_addresses_are_found_in_what_people_write(header: str, found: list[str]) -> None:
    assert addresses(header) == found


@pytest.mark.parametrize("unit", ['"', '\\"', "(", "<", '"\\', "a@", "a@a,", "=?", "\x1b$B", " \n "])
def test_an_absurdly_long_header_is_read_in_reasonable_time(unit: str) -> None:
    # One second is a thousand times what it takes; quadratic behaviour needs hours.
    before = datetime.now(UTC)
    addresses(unit * 100_000)
    parse_date(unit * 100_000)
    assert (datetime.now(UTC) - before).total_seconds() < 5


@pytest.mark.parametrize(
    ("headers", "machine"),
    [
        ("Auto-Submitted: auto-replied (vacation)", "auto_reply"),
        ("Auto-Submitted: auto-replied; owner-email=x", "auto_reply"),
        ("Auto-Submitted: auto-generated", "automatic"),
        ("Auto-Submitted: No", ""),
        ("X-Auto-Response-Suppress: All", "automatic"),
        ("X-Auto-Response-Suppress: None", ""),
        ("X-Autoreply: yes", "auto_reply"),
        ("Precedence: auto_reply", "auto_reply"),
        ("Precedence: bulk", ""),
        ("Precedence: list\nList-Id: <dev.list.example>", ""),
        ("Content-Type: multipart/report;\n\treport-type=delivery-status; boundary=x", "delivery_report"),
        ('Content-Type: multipart/report; boundary=x; report-type="disposition-notification"', "delivery_report"),
        ("Content-Type: multipart/mixed; boundary=delivery-status", ""),
        ("X-Failed-Recipients: b@b.example", "delivery_report"),
        ("Subject: Automatic reply: Quotation", "auto_reply"),
        ("Subject: Out of Office: Quotation", "auto_reply"),
        ("Subject: Out of office next week, can we move the review?", ""),
        ("Subject: Out of office next week\nIn-Reply-To: <q@own.example>", "auto_reply"),
        ("Subject: Re: Automatic reply: Quotation", ""),
        ("Subject: 自動応答: お見積りの件", "auto_reply"),
        ("Subject: 【自動返信】お問い合わせありがとうございます", "auto_reply"),
        ("Subject: 不在通知", "auto_reply"),
        ("Subject: 不在のお知らせ", ""),
        ("Subject: 不在のお知らせ\nReferences: <q@own.example>", "auto_reply"),
        ("Subject: Re: 自動応答: お見積りの件", ""),
        ("Subject: =?UTF-8?B?6Ieq5YuV5b+c562UOiDjgYropovnqY3jgoo=?=", "auto_reply"),
        ("Subject: =?iso-2022-jp?B?GyRCPCtGMDF+RXobKEI6?=", "auto_reply"),
        ("Subject: \x1b$B<+F01~Ez\x1b(B: Quotation", "auto_reply"),
        ("Subject: =?no-such-charset?B?////?=", ""),
        ("Subject: Quotation", ""),
        ("Subject:", ""),
    ],
)
def test_what_no_person_wrote_is_marked_and_what_a_person_wrote_is_not(headers: str, machine: str) -> None:
    found = signal(b"From: a@a.example\n" + headers.encode() + b"\n" + DATE)
    assert (found.type, found.direction, found.data.machine) == ("email.received", "inbound", machine)
    assert found.data.subject == ""


@pytest.mark.parametrize(
    ("headers", "answered"),
    [
        ("In-Reply-To: <q@own.example>", "q@own.example"),
        ("In-Reply-To: Your message of Monday <q@own.example>\nReferences: <p@own.example>", "q@own.example"),
        ("In-Reply-To: your mail\nReferences: <p@own.example>\n\t<q@own.example>", "q@own.example"),
        ("In-Reply-To: <q@own.\n example>", "q@own.example"),
        ("In-Reply-To: Message of Monday from A <a@a.example> <q@own.example>", "q@own.example"),
        (f"In-Reply-To: <{'q' * 513}>", ""),
        (f"In-Reply-To: <{'q' * 513}>\nReferences: <q@own.example>", "q@own.example"),
        ("In-Reply-To:", ""),
        ("In-Reply-To: <>", ""),
        ("Subject: Re: Quotation", ""),
    ],
)
def test_a_mail_names_what_it_answers(headers: str, answered: str) -> None:
    assert signal(b"From: a@a.example\n" + headers.encode() + b"\n" + DATE).data.in_reply_to == answered


def test_a_mail_servers_report_is_no_persons() -> None:
    for sender in (b"MAILER-DAEMON@a.example (Mail Delivery System)", b"Mailer <MAILER-DAEMON@a.example>"):
        assert signal(b"From: " + sender + b"\n" + DATE).data.machine == "delivery_report"
    assert signal(b"From: anna.mailer-daemon@a.example\n" + DATE).data.machine == ""


def test_a_body_is_never_read_for_headers() -> None:
    mail = b"From a@a.example Tue Mar  6 01:00:00 2001\r\nFrom: a@a.example\r\n\r\n" + DATE + b"\n"
    assert refusal(mail) is Reason.TIME_MISSING


def test_a_line_that_is_no_header_hides_nothing() -> None:
    assert emails(signal(b"From x\n>From y\nnot a header\nFrom: a@a.example\n===\n" + DATE)) == ["a@a.example"]


def test_an_empty_record_and_endless_headers_are_answered() -> None:
    assert refusal(b"\n\n") is Reason.EMPTY_BODY
    assert refusal(b"X: " + b"x" * (1 << 20) + b"\n") is Reason.TOO_LARGE


@pytest.fixture(scope="module")
def archive() -> list[bytes]:
    if not ARCHIVE.exists():
        pytest.skip(f"the mail archive is not at {ARCHIVE}")
    return re.split(rb"(?<=\n\n)(?=From )", gzip.decompress(ARCHIVE.read_bytes()))


def test_every_mail_of_the_real_archive_is_answered(archive: list[bytes]) -> None:
    origin = Origin("archive", "mbox", datetime(2026, 1, 5, tzinfo=UTC), own_domains=("linux-mips.org",))
    outcomes = [found for mail in archive for found in decode(mail, origin)]
    assert Counter(o.data.machine for o in outcomes if isinstance(o, Signal)) == {"": 46_059, "delivery_report": 1}
    counts = Counter(o.reason.value if isinstance(o, DeadLetter) else f"{o.type} {o.direction}" for o in outcomes)
    assert counts == {
        "email.received inbound": 39_758,
        "email.sent outbound": 5_932,
        "email.sent internal": 370,
        "time_in_future": 9,
        "time_invalid": 6,
        "time_out_of_range": 3,
        "contact_missing": 2,
    }
    digests = defaultdict(set)
    for found in outcomes:
        if isinstance(found, Signal):
            digests[event_id(found, "archive")].add(content(found))
    assert len(digests) == 46_041
    assert sum(len(contents) > 1 for contents in digests.values()) == 6


def test_addresses_agree_with_the_standard_library_on_the_real_archive(archive: list[bytes]) -> None:
    headers = re.findall(rb"^(?:From|To|Cc): (.*(?:\n[ \t].*)*)", b"".join(archive), re.MULTILINE)
    sound = [header.decode("ascii") for header in headers if b'"' not in header and b"&" not in header]
    assert len(sound) > 128_000
    for header in sound[::10]:
        told = [address.rstrip(".") for _, address in email.utils.getaddresses([header]) if "@" in address]
        assert addresses(header) == told

"""The access-log and host-log adapters: one line of a web server's log is one request."""

import gzip
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources import access_log, host_log
from tests.signals import event_id

WEB = Path(__file__).parents[3] / "shared/data/web"
ORIGIN = Origin("site", "access-log", datetime(2026, 1, 5, tzinfo=UTC))
LINE = '203.0.113.9 - - [17/May/2015:10:05:03 +0200] "{request}" {status} 512 "-" "{agent}"'
HOST_HEADER = b"host\tlogname\ttime\tmethod\turl\tresponse\tbytes\n"


def line(text: str | bytes) -> Signal | DeadLetter:
    [found] = access_log.decode(text if isinstance(text, bytes) else text.encode(), ORIGIN)
    return found


def request(request: str, status: int = 200, agent: str = "Firefox") -> Signal:
    found = line(LINE.format(request=request, status=status, agent=agent))
    assert isinstance(found, Signal), found
    return found


def host_line(text: bytes, header: bytes = HOST_HEADER) -> Signal | DeadLetter:
    [found] = host_log.decode(header + text, ORIGIN)
    return found


def test_a_request_is_a_visit_from_its_address_without_the_query() -> None:
    found = request("GET /pricing/?email=a@b.example#top HTTP/1.1")
    assert (found.type, found.direction, found.data.subject) == ("web.page_viewed", "inbound", "/pricing/")
    assert found.time == datetime(2015, 5, 17, 8, 5, 3, tzinfo=UTC)
    assert found.data.contacts[0].key == "ip:203.0.113.9"
    assert found.data.user_agent == "Firefox"


@pytest.mark.parametrize(
    ("told", "status", "action"),
    [
        ("GET / HTTP/1.1", 200, "page_viewed"),
        ("GET /a.b/page HTTP/1.0", 304, "page_viewed"),
        ("GET http://www.own.example/a.html HTTP/1.1", 200, "page_viewed"),
        ("GET /a", 200, "page_viewed"),
        ("GET /White%20Paper.PDF HTTP/1.1", 200, "file_downloaded"),
        ("GET /White%20Paper.pdf HTTP/1.1", 206, "resource_requested"),
        ("GET /logo.PNG?v=2 HTTP/1.1", 200, "resource_requested"),
        ("GET /blog.rss HTTP/1.1", 200, "resource_requested"),
        ("GET /robots.txt HTTP/1.1", 200, "resource_requested"),
        ("GET /old HTTP/1.1", 301, "resource_requested"),
        ("GET /beacon HTTP/1.1", 204, "resource_requested"),
        ("HEAD / HTTP/1.1", 200, "resource_requested"),
        ("POST /form HTTP/1.1", 200, "resource_requested"),
        ("-", 408, "request_failed"),
        ("\\x16\\x03\\x01", 400, "request_failed"),
        ("GET /gone.html HTTP/1.1", 404, "request_failed"),
        ("GET / HTTP/1.1", 500, "request_failed"),
    ],
)
def test_only_what_people_read_is_a_page_view(told: str, status: int, action: str) -> None:
    assert request(told, status).type == f"web.{action}"


def test_apaches_backslashes_are_undone() -> None:
    found = request(r"GET /caf\xc3\xa9\x22 HTTP/1.1", agent=r"\"Quoted\" \\ agent\tx\xff")
    assert found.data.subject == '/caf\xe9"'
    assert found.data.user_agent == '"Quoted" \\ agent\tx\ufffd'


def test_a_request_without_agent_is_told_from_a_log_without_agents() -> None:
    assert request("GET / HTTP/1.1", agent="-").data.user_agent == "-"
    common = line('www.a.example - bob [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 -')
    assert isinstance(common, Signal)
    assert common.data.contacts[0].key == "host:www.a.example"
    assert common.data.user_agent == ""


def test_an_ipv6_visitor_is_an_address() -> None:
    found = line('2001:db8::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "x"')
    assert isinstance(found, Signal)
    assert found.data.contacts[0].ip == "2001:db8::1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"garbage", Reason.LINE_MALFORMED),
        (b'1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "cut off', Reason.LINE_MALFORMED),
        (b'<b> - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1', Reason.LINE_MALFORMED),
        (b'- - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1', Reason.CONTACT_MISSING),
        (b'1.2.3.4 - - [] "GET / HTTP/1.1" 200 1', Reason.TIME_MISSING),
        (b'1.2.3.4 - - [17/Mai/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1', Reason.TIME_INVALID),
        (b'1.2.3.4 - - [31/Feb/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1', Reason.TIME_INVALID),
        (b'1.2.3.4 - - [17/May/0102:10:05:03 +0000] "GET / HTTP/1.1" 200 1', Reason.TIME_OUT_OF_RANGE),
        (b'1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET /\xff HTTP/1.1" 200 1', Reason.INVALID_UTF8),
        (b"x" * ((1 << 20) + 1), Reason.TOO_LARGE),
    ],
)
def test_a_bad_line_is_refused_with_itself_as_evidence(text: bytes, reason: Reason) -> None:
    found = line(text + b"\r\n")
    assert isinstance(found, DeadLetter), found
    assert (found.reason, found.raw) == (reason, text)


def test_a_line_is_the_same_event_wherever_it_stands() -> None:
    first, second = (
        LINE.format(request="GET /a", status=200, agent="x"),
        LINE.format(request="GET /b", status=200, agent="x"),
    )
    [a, b] = access_log.decode(f"\ufeff{first}\n{second}\n".encode(), ORIGIN)
    [rotated] = access_log.decode(f"\n{second}\r\n".encode(), ORIGIN)
    assert isinstance(a, Signal)
    assert isinstance(b, Signal)
    assert isinstance(rotated, Signal)
    assert event_id(a, "site") != event_id(b, "site") == event_id(rotated, "site")


def test_two_requests_in_one_second_that_differ_in_the_query_are_two() -> None:
    assert event_id(request("GET /?q=a"), "site") != event_id(request("GET /?q=b"), "site")


@pytest.mark.parametrize("adapter", [access_log, host_log])
def test_a_body_without_lines_is_answered_too(adapter: object) -> None:
    for body in (b"", b"\n \r\n"):
        [found] = adapter.decode(body, ORIGIN)  # type: ignore[attr-defined]
        assert isinstance(found, DeadLetter)
        assert found.reason is Reason.EMPTY_BODY


def test_a_host_log_names_its_visitors_host() -> None:
    found = host_line(b"Unicomp6.unicomp.net\t-\t804571206\tGET\t/shuttle/?x\t200\t3985\t\t\n")
    assert isinstance(found, Signal)
    assert (found.type, found.data.subject) == ("web.page_viewed", "/shuttle/")
    assert found.data.contacts[0].key == "host:unicomp6.unicomp.net"
    assert found.time == datetime(1995, 7, 1, 4, 0, 6, tzinfo=UTC)
    numeric = host_line(b"/a\t304\t199.72.81.55\t804571206\r\n", b"\xef\xbb\xbfURL\tresponse\thost\ttime\r\n")
    assert isinstance(numeric, Signal)
    assert numeric.data.contacts[0].key == "ip:199.72.81.55"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"a.example\t-\t\tGET\t/\t200\t1", Reason.TIME_MISSING),
        (b"a.example\t-\tnoon\tGET\t/\t200\t1", Reason.TIME_INVALID),
        (b"a.example\t-\t-5\tGET\t/\t200\t1", Reason.TIME_OUT_OF_RANGE),
        (b"a.example\t-\t804571206000\tGET\t/\t200\t1", Reason.TIME_OUT_OF_RANGE),
        (b"-\t-\t804571206\tGET\t/\t200\t1", Reason.CONTACT_MISSING),
        (b"a.example\t-\t804571206\tGET\t/\tok\t1", Reason.LINE_MALFORMED),
        (b"a.example\t-\t804571206\tGET\t/\t200", Reason.LINE_MALFORMED),
        (b"a.example\t-\t804571206\tGET\t/\t200\t1\textra", Reason.LINE_MALFORMED),
        (b"a.example\t-\t804571206\tGET\t/\xff\t200\t1", Reason.INVALID_UTF8),
    ],
)
def test_a_bad_line_of_a_host_log_is_refused(text: bytes, reason: Reason) -> None:
    found = host_line(text + b"\n")
    assert isinstance(found, DeadLetter), found
    assert (found.reason, found.raw) == (reason, text)


def test_a_host_log_without_its_header_line_refuses_every_line() -> None:
    found = host_line(b"b.example\t-\t804571206\tGET\t/\t200\t1\n", b"a.example\t-\t804571206\tGET\t/\t200\t1\n")
    assert isinstance(found, DeadLetter)
    assert found.reason is Reason.LINE_MALFORMED
    assert "'host'" in found.detail


def real(name: str, adapter: object) -> tuple[Counter[str], int]:
    if not (WEB / name).exists():
        pytest.skip(f"the log is not at {WEB / name}")
    outcomes = adapter.decode(gzip.decompress((WEB / name).read_bytes()), ORIGIN)  # type: ignore[attr-defined]
    counts = Counter(o.reason.value if isinstance(o, DeadLetter) else o.type for o in outcomes)
    return counts, len({event_id(o, "site") for o in outcomes if isinstance(o, Signal)})


def test_every_line_of_a_real_access_log_is_answered() -> None:
    assert real("apache_semicomplete_2015-05.log.gz", access_log) == (
        {
            "web.resource_requested": 5_837,
            "web.page_viewed": 3_899,
            "web.request_failed": 219,
            "web.file_downloaded": 43,
            "line_malformed": 1,  # its last quote is missing
            "field_invalid": 1,  # comment spam in a path of over 512 characters
        },
        9_979,
    )


def test_every_line_of_a_real_host_log_is_answered() -> None:
    counts, distinct = real("nasa_19950701.tsv.gz", host_log)
    assert counts == {"web.resource_requested": 6_511, "web.page_viewed": 3_440, "web.request_failed": 48}
    assert distinct == 9_999

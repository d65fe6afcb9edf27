"""Connections, bounded: how many, how long a sender may take, how much may stand before a body and behind it.

uvicorn has no such bounds with httptools: its only time-out is that of an idle connection, which any byte switches
off; `limit_concurrency` answers 503 to whoever comes, honest or not, while others hold their connections;
`h11_max_incomplete_event_size` is h11's, which is four times slower. So the protocol is given what it lacks here.
"""

import asyncio
import time
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infra.kafka import MAX_BODY_BYTES
from infra.telemetry import Closed, CollectorMetrics

HEAD_BYTES = 32 << 10
HEAD_S = 10.0
BODY_S = 30.0

# What a sender may go on sending once the answer is out, so that he reads it: closing at once would reset it away.
# Nothing of it is kept.
_DRAINED_BYTES = MAX_BODY_BYTES
_ENDS = {
    408: b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
}


class Door:
    """All connections of one collector that wait for their senders, the one that has waited longest first."""

    def __init__(self, most: int, metrics: CollectorMetrics, *, head_s: float = HEAD_S, body_s: float = BODY_S) -> None:
        self.most, self._metrics = most, metrics
        self._head_s, self._body_s = head_s, body_s
        self._waiting: OrderedDict[Connection, float] = OrderedDict()
        self._open = 0

    def protocol(self) -> type[HttpToolsProtocol]:
        """The protocol class for uvicorn, whose connections all know this door."""
        return type("Connection", (Connection,), {"door": self})

    def enter(self, connection: "Connection") -> None:
        """A new connection. Over the limit the one that has waited longest for its sender goes.

        Whoever means to be served sends at once and is never that one.
        """
        self._open += 1
        self.wait(connection)
        if self._open > self.most:
            longest = next(iter(self._waiting))
            self.end(longest, "too_many")

    def leave(self, connection: "Connection") -> None:
        self._open -= 1
        self._waiting.pop(connection, None)

    def wait(self, connection: "Connection") -> None:
        """It is the sender's turn, from now on."""
        self._waiting.pop(connection, None)
        self._waiting[connection] = time.monotonic()

    def answer(self, connection: "Connection") -> None:
        """It is our turn."""
        self._waiting.pop(connection, None)

    def end(self, connection: "Connection", reason: Closed, status: int | None = None) -> None:
        """Close a connection, with a last word where no answer was begun."""
        self._waiting.pop(connection, None)
        if connection.transport.is_closing():
            return
        self._metrics.closed.labels(reason).inc()
        if status is not None and connection.may_speak:
            connection.transport.write(_ENDS[status])
            connection.transport.close()
        else:
            connection.transport.abort()

    def close_slow(self) -> None:
        """End the connections whose senders have taken too long."""
        now = time.monotonic()
        for connection, since in list(self._waiting.items()):
            if now - since < min(self._head_s, self._body_s):
                break  # the rest waits for less long
            if now - since >= (self._body_s if connection.has_head else self._head_s):
                self.end(connection, "slow", 408)

    async def keep_watch(self, every_s: float = 0.5) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            self.close_slow()


class Connection(HttpToolsProtocol):
    """One connection. What it adds to uvicorn's: whose turn it is, and counts of what no callback bounds."""

    door: Door
    has_head = False  # of the request that comes in
    _head_bytes = 0
    _beside = 0  # bytes since the head that are not of the body: chunks' frames, trailers
    _drained = 0

    @property
    def may_speak(self) -> bool:
        """Whether an answer written now is taken for that of the request that comes in."""
        if self.cycle is None:
            return True
        return not self.cycle.response_started if self.has_head else self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.door.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.has_head:
            self._beside += len(data)
            super().data_received(data)
            if self.has_head and self._beside > HEAD_BYTES:
                self.door.end(self, "overlong")
            return
        room = HEAD_BYTES - self._head_bytes
        self._head_bytes += len(data)
        super().data_received(data[:room] if len(data) > room else data)
        if len(data) <= room or self.transport.is_closing():
            return
        # A head that ended within the room has set the count back, or body follows it.
        if self.has_head or self._head_bytes < HEAD_BYTES:
            self.data_received(data[room:])
        else:
            self.door.end(self, "long_head", 431)

    # --- the parser's callbacks ------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self.has_head = False
        self._beside = self._drained = 0
        super().on_message_begin()
        self.door.wait(self)

    def on_headers_complete(self) -> None:
        self.has_head = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        # A frame may be as large as what it holds, for bodies that come byte by byte; trailers have no body.
        self._beside = max(0, self._beside - 8 * len(body))
        if self.cycle.response_complete:
            self._drained += len(body)
            if self._drained > _DRAINED_BYTES:
                self.door.end(self, "overlong")
                return
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.has_head = False
        self._head_bytes = 0
        if self.cycle.response_complete:
            self.door.wait(self)
        else:
            self.door.answer(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # An answer before the end of its request leaves the turn where it was.
        if not self.has_head and not self.transport.is_closing() and not self.pipeline:
            self.door.wait(self)


def server_options(door: Door) -> dict[str, Any]:
    """uvicorn's own options for a server on the open internet."""
    return {
        "http": door.protocol(),
        "ws": "none",
        # asyncio accepts so many at once before it reads from any: were it as many as may be open, who has just come in
        # would be closed for those behind him, before a byte of his is read.
        "backlog": min(100, door.most // 4 + 1),
        "timeout_keep_alive": 5,
        "timeout_graceful_shutdown": 15,
        "proxy_headers": False,  # nothing here asks whose address it was
        "log_level": "error",
        "access_log": False,
        "server_header": False,
        "date_header": False,
    }

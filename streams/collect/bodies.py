"""Reading a body while it comes in, within bounds: its size, what it unpacks to, and all bodies together."""

import contextlib
import zlib
from collections.abc import AsyncIterator

from starlette.requests import Request

from infra.kafka import MAX_BODY_BYTES
from streams.collect.answers import Refused, busy

# What a tracker or its SDK sends at once is at most half of this (Segment: 500 KB); what is looked into before it goes
# on has to be small, as a value built from JSON may be twenty times as large as its text.
MAX_TRACKED_BYTES = 1 << 20

BUDGET_BYTES = MAX_BODY_BYTES * 3 // 2
# Who names his key in the body is unknown until it is read, and may stall: he is not to take the room of all others.
STRANGERS_BYTES = BUDGET_BYTES // 3

# JSON of alike events shrinks to a fiftieth; a bomb to a thousandth.
MOST_RATIO = 200
_RATIO_FROM = 1 << 20
_PACKED = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class Budget:
    """Bytes of bodies that one collector holds at once, from the first byte until the broker has them."""

    def __init__(self, most_bytes: int = BUDGET_BYTES, within: "Budget | None" = None) -> None:
        """within: the budget of which this one is a share."""
        self._left = most_bytes
        self._within = within

    def take(self, count: int) -> None:
        """Raises Refused where so much is not left."""
        if count > self._left:
            raise busy()
        if self._within is not None:
            self._within.take(count)
        self._left -= count

    def give(self, count: int) -> None:
        self._left += count
        if self._within is not None:
            self._within.give(count)


class Unpacking:
    """gzip or deflate, unpacked piece by piece and never beyond a bound."""

    def __init__(self, encoding: str, most_bytes: int) -> None:
        self._most = most_bytes
        self._read = self._made = 0
        self._unpack = zlib.decompressobj(_PACKED[encoding])

    def feed(self, chunk: bytes) -> bytes:
        """What a piece unpacks to. Raises Refused."""
        try:
            made = self._unpack.decompress(chunk, self._most - self._made + 1)
        except zlib.error:
            raise Refused(400, "not_packed", "the body is not what its Content-Encoding says") from None
        self._read += len(chunk)
        self._made += len(made)
        if self._made > self._most:
            raise too_large(self._most)
        if self._made > _RATIO_FROM and self._made > MOST_RATIO * self._read:
            raise Refused(413, "too_large", f"the body unpacks to more than {MOST_RATIO} times its size")
        if self._unpack.unused_data:
            raise Refused(400, "not_packed", "something stands behind the packed body: send one gzip member")
        return made

    def end(self) -> None:
        """Raises Refused where the packed body was cut off."""
        if not self._unpack.eof:
            raise Refused(400, "not_packed", "the packed body is cut off")


def too_large(most_bytes: int) -> Refused:
    return Refused(413, "too_large", f"the body is over {most_bytes:,} bytes: send smaller batches")


@contextlib.asynccontextmanager
async def body_of(
    request: Request, budget: Budget, most_bytes: int = MAX_BODY_BYTES, *, packed: bool = True
) -> AsyncIterator[bytes]:
    """The whole body, unpacked, for as long as the block lasts. What is beyond a bound is never held.

    packed: whether a Content-Encoding is taken; where bytes were signed it is not, as it is not said over which.
    Raises Refused, and ClientDisconnect where the sender goes away.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity" and not (packed and encoding in _PACKED):
        taken = "gzip, deflate or nothing" if packed else "nothing"
        raise Refused(415, "bad_encoding", f"Content-Encoding {encoding[:40]!r}: use {taken}")
    unpacking = None if encoding == "identity" else Unpacking(encoding, most_bytes)
    stream = request.stream()
    held = 0
    body: bytes | bytearray = b""
    try:
        if int(request.headers.get("content-length", 0)) > most_bytes:
            raise too_large(most_bytes)
        async for chunk in stream:
            if unpacking is not None and chunk:
                chunk = unpacking.feed(chunk)
            if held + len(chunk) > most_bytes:
                raise too_large(most_bytes)
            budget.take(len(chunk))
            held += len(chunk)
            if not body:
                body = chunk  # mostly the only one
            elif isinstance(body, bytearray):
                body += chunk
            else:
                body = bytearray(body + chunk)
        if unpacking is not None:
            unpacking.end()
    except Refused as refused:
        budget.give(held)
        held, body = 0, b""
        if refused.status == 413:
            await _hear_out(stream)
        raise
    except BaseException:
        budget.give(held)
        raise
    try:
        yield bytes(body)
    finally:
        budget.give(held)


async def _hear_out(stream: AsyncIterator[bytes]) -> None:
    """Read on and keep nothing, within reason: most senders look for an answer only when they have sent everything."""
    left = 2 * MAX_BODY_BYTES
    async for chunk in stream:
        left -= len(chunk)
        if left < 0:
            return

"""A batch while it is read from Kafka: decoded in pieces, as they come in."""

import asyncio
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from infra.kafka import FACTS
from streams.ingest.batch import Batch, decode_batch, together

# A batch holds at most so many records and about so many bytes: what it costs in memory does not grow with the lag.
MAX_RECORDS = 20_000
_MAX_BYTES = 6 << 20


class Decoded(NamedTuple):
    """A batch, and the seconds that decoding it took."""

    batch: Batch
    seconds: float


def _decode(messages: list[Any]) -> Decoded:
    begun = time.perf_counter()
    return Decoded(decode_batch(messages, FACTS), time.perf_counter() - begun)


@dataclass(slots=True)
class Filling:
    """A batch that is being read. full: more may be waiting. It is decoded in pieces while the rest is read."""

    records: int = 0
    size: int = 0
    offsets: dict[Any, int] = field(default_factory=dict)  # by partition: the offset to commit
    _left: list[Any] = field(default_factory=list)
    _pieces: list[Future[Decoded]] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return self.records >= MAX_RECORDS or self.size >= _MAX_BYTES

    def add(self, found: dict[Any, list[Any]]) -> None:
        for partition, messages in found.items():
            self.records += len(messages)
            self.size += sum(len(message.value or b"") for message in messages)
            self.offsets[partition] = messages[-1].offset + 1
            self._left += messages

    def decode(self, thread: ThreadPoolExecutor, *, rest: bool = False) -> None:
        """Decode what was added, if nothing else is being decoded, or rest."""
        if self._left and (rest or not self._pieces or self._pieces[-1].done()):
            # The messages are not kept: they are as large as the batch.
            self._pieces.append(thread.submit(_decode, self._left))
            self._left = []

    async def decoded(self) -> Decoded:
        pieces = [await asyncio.wrap_future(piece) for piece in self._pieces]
        return Decoded(together([piece.batch for piece in pieces]), sum(piece.seconds for piece in pieces))

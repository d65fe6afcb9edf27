"""One request from its statement to its answer: on threads towards the engine, asynchronous towards the client."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect

from infra.embedded.clickhouse.compression import encoder
from infra.embedded.clickhouse.engine import Engine, Progress
from infra.embedded.clickhouse.errors import TOO_MANY_ROWS_OR_BYTES, QueryError, in_stream, new_tag
from infra.embedded.clickhouse.formats import STREAMING, content_type, joined
from infra.embedded.clickhouse.lease import MAX_COLLECTED_BYTES, Lease
from infra.embedded.clickhouse.request import Body
from infra.embedded.clickhouse.statement import Canonical, Insert

T = TypeVar("T")

_INSERT_PIECE = 1 << 20
_DRAIN_BYTES = 256 << 20
# With wait_end_of_query this much is held back for a clean error and a full summary; a longer result is streamed.
_HELD_BACK_BYTES = 16 << 20
# How long an answer waits for its second block, to be sent whole when there is none.
_SECOND_BLOCK_S = 0.02
_ROWLESS = frozenset(
    [
        "CREATE",
        "DROP",
        "ALTER",
        "ATTACH",
        "DETACH",
        "RENAME",
        "EXCHANGE",
        "TRUNCATE",
        "OPTIMIZE",
        "SET",
        "USE",
        "INSERT",
        "DELETE",
        "UPDATE",
        "UNDROP",
        "GRANT",
    ]
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. `body` yields encoded bytes; when `whole` there is one and the client is told its length."""

    status: int
    headers: Mapping[str, str]
    body: AsyncIterator[bytes]
    whole: bool = True


class BrokenOff(Exception):
    """The answer ends in an error the client has been told of: the connection is to be cut, not finished."""


class Threads:
    """Runs the engine's blocking calls; one side thread is kept free to stop what the others run."""

    def __init__(self, engine: Engine, workers: Executor, side: Executor) -> None:
        self._engine, self._workers, self._side = engine, workers, side

    async def run(self, call: Callable[[], T]) -> T:
        """Run to the end even when cancelled: a handle may not be let go while a thread is in it."""
        future = asyncio.get_running_loop().run_in_executor(self._workers, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                await future
            raise

    async def run_query(self, call: Callable[[], T], token: str, gone: asyncio.Event) -> T:
        """As `run`, for what may be stopped: when the client is gone or we are cancelled the query is killed."""
        future = asyncio.get_running_loop().run_in_executor(self._workers, call)
        return await self.finish(future, token, gone)

    async def finish(self, future: "asyncio.Future[T]", token: str, gone: asyncio.Event) -> T:
        """Wait for a query's call under way. Raises ClientDisconnect when the client left before."""
        leaving = asyncio.ensure_future(gone.wait())
        either: set[asyncio.Future[Any]] = {future, leaving}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if future.done() and not gone.is_set():
                return future.result()
            raise ClientDisconnect
        except (asyncio.CancelledError, ClientDisconnect):
            while not future.done():
                # Again and again: the query may not have been registered when the first call came.
                await asyncio.get_running_loop().run_in_executor(self._side, self._engine.kill, token)
                await asyncio.wait({future}, timeout=0.05)
            with contextlib.suppress(Exception):
                future.result()
            raise
        finally:
            leaving.cancel()


class Execution:
    """The run of one request's statement on a lease."""

    def __init__(self, lease: Lease, threads: Threads, gone: asyncio.Event) -> None:
        self._lease, self._threads, self._gone = lease, threads, gone
        self._engine = lease.engine
        self._token, self._tag = new_tag(), new_tag()
        self._encoder = encoder(lease.asked.encoding)

    async def answer(self, statement: str | Insert, body: Body | None) -> Answer:
        """Run the statement; answer once its first block is there. Raises QueryError before that."""
        sql, output, canonical = await self._threads.run(lambda: self._lease.examine(statement))
        if isinstance(statement, Insert):
            return await self._insert(sql, statement.format or self._lease.asked.default_format, body)
        if self._lease.streams(output, canonical):
            return await self._stream(sql, output)
        return await self._collect(sql, output, canonical)

    async def _insert(self, head: str, input_format: str, body: Body | None) -> Answer:
        asked, handle, run = self._lease.asked, self._lease.handle, self._threads.run
        if "{" in head and asked.parameters:
            await run(lambda: handle.bind(asked.parameters))
        with self._engine.spool() as spool:
            try:
                if body:
                    held = bytearray()
                    async for chunk in body.data():
                        held += chunk
                        if len(held) >= _INSERT_PIECE:
                            piece, held = bytes(held), bytearray()
                            await run(lambda piece=piece: spool.write(piece))  # type: ignore[misc]
                    spool.write(held)
                progress = await run(lambda: handle.insert(head, input_format, Path(spool.name)))
            except BaseException as error:
                self._lease.broken = not isinstance(error, QueryError)
                if body and isinstance(error, QueryError):
                    await body.drain(_DRAIN_BYTES)
                raise
        return self._whole(b"", "", progress)

    async def _collect(self, sql: str, output: str, canonical: Canonical) -> Answer:
        asked = self._lease.asked
        token = self._token if canonical.words[:1] in (("SELECT",), ("WITH",)) else ""

        def run() -> tuple[bytes, Progress]:
            result = self._lease.handle.run(sql, output, asked.parameters, token)
            self._lease.chose_database(canonical)
            return result

        try:
            if token:
                data, progress = await self._threads.run_query(run, token, self._gone)
            else:
                data, progress = await self._threads.run(run)
        except QueryError as error:
            if error.code == TOO_MANY_ROWS_OR_BYTES and output not in STREAMING:
                error.message += f" {_hint(output)}"
            raise
        if len(data) > MAX_COLLECTED_BYTES and canonical.returns_rows:
            raise QueryError(TOO_MANY_ROWS_OR_BYTES, f"The result has {len(data)} bytes. {_hint(output)}")
        rowless = canonical.words[:1] and canonical.words[0] in _ROWLESS
        return self._whole(data, "" if rowless else output, progress)

    async def _stream(self, sql: str, output: str) -> Answer:
        asked, threads = self._lease.asked, self._threads
        progress = Totals()
        blocks = joined(output, progress.add(self._lease.handle.stream(sql, output, asked.parameters, self._token)))

        def fetch() -> "asyncio.Future[bytes | None]":
            return asyncio.ensure_future(threads.run_query(lambda: next(blocks, None), self._token, self._gone))

        async def close() -> None:
            await threads.run(blocks.close)  # type: ignore[attr-defined]

        held: list[bytes] = []
        size, limit = 0, _HELD_BACK_BYTES if asked.wait_end_of_query else 0
        pending = fetch()
        try:
            while True:
                block = await pending
                if block is None:
                    return self._whole(b"".join(held), output, progress.total)
                held.append(block)
                size += len(block)
                pending = fetch()
                if size > limit:
                    await asyncio.wait({pending}, timeout=_SECOND_BLOCK_S)
                    if not pending.done() or pending.exception() or pending.result() is not None:
                        break
        except BaseException:
            pending.cancel()
            with contextlib.suppress(BaseException):
                await pending
            await close()
            raise
        return Answer(
            200, self._headers(output, progress.total), self._streamed(held, pending, fetch, close), whole=False
        )

    async def _streamed(
        self,
        held: list[bytes],
        pending: "asyncio.Future[bytes | None]",
        fetch: "Callable[[], asyncio.Future[bytes | None]]",
        close: "Callable[[], object]",
    ) -> AsyncIterator[bytes]:
        """The blocks, each asked for while the one before is on its way; then the end or the error."""
        try:
            while held:
                yield await self._encoded(held.pop(0))
            while (block := await pending) is not None:
                pending = fetch()
                yield await self._encoded(block)
            if self._encoder:
                yield self._encoder.finish()
        except QueryError as error:
            text = in_stream(error, self._engine.version, self._tag)
            yield await self._encoded(text) + (self._encoder.finish() if self._encoder else b"")
            raise BrokenOff from None
        finally:
            pending.cancel()
            with contextlib.suppress(BaseException):
                await pending
            await close()  # type: ignore[misc]

    async def _encoded(self, data: bytes) -> bytes:
        codec = self._encoder
        if codec is None:
            return data
        if len(data) < 1 << 15:
            return codec.encode(data)
        return await self._threads.run(lambda: codec.encode(data))

    def _whole(self, data: bytes, output: str, progress: Progress) -> Answer:
        async def body() -> AsyncIterator[bytes]:
            yield await self._encoded(data) + self._encoder.finish() if self._encoder and data else data

        if not data:
            self._encoder = None
        return Answer(200, self._headers(output, progress), body())

    def _headers(self, output: str, progress: Progress) -> dict[str, str]:
        headers = {
            "Content-Type": content_type(output),
            "X-ClickHouse-Timezone": self._engine.timezone,
            "X-ClickHouse-Exception-Tag": self._tag,
            "X-ClickHouse-Summary": summary(progress),
        }
        if output:
            headers["X-ClickHouse-Format"] = output
        if self._encoder and self._lease.asked.encoding != "native":
            headers["Content-Encoding"] = self._lease.asked.encoding
        return headers


class Totals:
    """Adds up the progress of the blocks of a stream."""

    def __init__(self) -> None:
        self.total = Progress()

    def add(self, blocks: Iterator[tuple[bytes, Progress]]) -> Iterator[bytes]:
        """The bytes of the blocks, counted."""
        try:
            for data, progress in blocks:
                # Rows read and elapsed time are of the whole query so far, rows of the result of this block.
                self.total = Progress(
                    read_rows=max(self.total.read_rows, progress.read_rows),
                    read_bytes=max(self.total.read_bytes, progress.read_bytes),
                    result_rows=self.total.result_rows + progress.result_rows,
                    result_bytes=self.total.result_bytes + len(data),
                    elapsed_s=max(self.total.elapsed_s, progress.elapsed_s),
                )
                if data:
                    yield data
        finally:
            blocks.close()  # type: ignore[attr-defined]


def summary(progress: Progress) -> str:
    """The X-ClickHouse-Summary header: numbers as strings."""
    numbers = {item.name: getattr(progress, item.name) for item in fields(progress) if item.name != "elapsed_s"}
    numbers |= {"total_rows_to_read": 0, "elapsed_ns": int(progress.elapsed_s * 1e9)}
    return json.dumps({name: str(value) for name, value in numbers.items()})


def _hint(output: str) -> str:
    return (
        f"The format {output} is sent in one piece of at most {MAX_COLLECTED_BYTES} bytes."
        f" These are streamed without a limit: {', '.join(sorted(STREAMING))}"
    )

"""The HTTP routes: ClickHouse's interface as an ASGI application, and the process around it."""

import asyncio
import contextlib
import json
import logging
import signal
import socket
import sys
import uuid
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from infra.embedded.clickhouse.access import User, Users
from infra.embedded.clickhouse.engine import Engine
from infra.embedded.clickhouse.errors import BAD_ARGUMENTS, UNKNOWN_EXCEPTION, QueryError
from infra.embedded.clickhouse.execute import Answer, BrokenOff, Execution, Threads
from infra.embedded.clickhouse.lease import Lease
from infra.embedded.clickhouse.request import Asked, Body, read_form, read_parameters, settle
from infra.embedded.clickhouse.sessions import Sessions

_WORKERS = 16
_STOP_S = 3
_SWEEP_S = 5
_DISPLAY_NAME = "setten"

log = logging.getLogger(__name__)


class Application:
    """ClickHouse's HTTP interface."""

    def __init__(self, engine: Engine, users: Users) -> None:
        self._engine, self._users = engine, users
        self._sessions = Sessions()
        self._workers = ThreadPoolExecutor(_WORKERS, "query")
        self._side = ThreadPoolExecutor(1, "side")
        self._threads = Threads(engine, self._workers, self._side)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        method, path = scope["method"], scope["path"]
        if method not in ("GET", "HEAD", "POST"):
            await _send_text(send, 501, "Use GET, HEAD or POST\n")
        elif path == "/ping" or (path == "/" and not scope["query_string"] and method != "POST"):
            await _send_text(send, 200, "Ok.\n", head=method == "HEAD")
        elif path not in ("/", ""):
            await _send_text(send, 404, f"There is no handle {path}\n", head=method == "HEAD")
        else:
            await self._query(Request(scope, receive), send)

    async def stop(self) -> None:
        """Stop what runs, so that its clients get an error and the threads come to an end."""
        with contextlib.suppress(QueryError):
            await asyncio.get_running_loop().run_in_executor(self._side, self._engine.kill_all)

    async def sweep(self) -> None:
        """Drop sessions that timed out, for as long as the server runs."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._sessions.expire()

    async def _query(self, request: Request, send: Send) -> None:
        query_id = str(uuid.uuid4())
        started = False
        try:
            asked = read_parameters(request.method, request.scope["query_string"], request.headers)
            query_id = asked.query_id or query_id
            user = self._users.authenticate(asked.user, asked.password)
            async with self._answering(request, asked, user) as answer:
                headers = _common_headers(query_id) | dict(answer.headers)
                async for piece in answer.body:
                    if not started:
                        if answer.whole:
                            headers["Content-Length"] = str(len(piece))
                        started = True
                        await _start(send, answer.status, headers)
                    if request.method != "HEAD":
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except QueryError as error:
            await self._refuse(send, error, query_id)
        except (BrokenOff, ClientDisconnect):
            # Returning without the end of the answer makes uvicorn cut the connection.
            return
        except Exception as error:
            log.exception("a request failed")
            if not started:
                await self._refuse(send, QueryError(UNKNOWN_EXCEPTION, f"{type(error).__name__}: {error}"), query_id)

    @contextlib.asynccontextmanager
    async def _answering(self, request: Request, asked: Asked, user: User) -> AsyncIterator[Answer]:
        """The answer to a request; what it holds of the engine is given back at the end, however it ends."""
        body: Body | None = None
        if request.headers.get("Content-Type", "").startswith("multipart/form-data"):
            if request.headers.get("Content-Encoding", "identity") != "identity":
                raise QueryError(BAD_ARGUMENTS, "A multipart body cannot be compressed as a whole")
            try:
                await read_form(request, asked)
            except (HTTPException, MultiPartException) as error:
                raise QueryError(BAD_ARGUMENTS, f"The multipart body cannot be read: {error}") from None
        else:
            body = Body(request, asked)
        settle(asked, self._engine.settings)
        statement = await body.statement() if body else asked.query
        lease = await self._threads.run(lambda: Lease.open(self._engine, self._sessions, user, asked))
        gone = asyncio.Event()
        # While the data of an INSERT is still to come, its reader is the one who notices that the client left.
        watch = asyncio.ensure_future(_watch(request, gone)) if isinstance(statement, str) else None
        answer: Answer | None = None
        try:
            answer = await Execution(lease, self._threads, gone).answer(statement, body)
            yield answer
        finally:
            if watch:
                watch.cancel()
            if answer:
                await answer.body.aclose()  # type: ignore[attr-defined]
            await self._threads.run(lease.close)

    async def _refuse(self, send: Send, error: QueryError, query_id: str) -> None:
        headers = _common_headers(query_id) | {"X-ClickHouse-Exception-Code": str(error.code)}
        await _send_text(send, error.status, error.text(self._engine.version), headers)


async def _watch(request: Request, gone: asyncio.Event) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.set()


def _common_headers(query_id: str) -> dict[str, str]:
    return {
        "X-ClickHouse-Query-Id": query_id,
        "X-ClickHouse-Server-Display-Name": _DISPLAY_NAME,
        "Access-Control-Expose-Headers": "X-ClickHouse-Query-Id,X-ClickHouse-Summary,X-ClickHouse-Format,"
        "X-ClickHouse-Timezone,X-ClickHouse-Exception-Code,X-ClickHouse-Exception-Tag",
    }


async def _start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    # A query id is the client's text: what cannot be in a header is replaced.
    raw = [(name.lower().encode(), _header_value(value)) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


def _header_value(value: str) -> bytes:
    return "".join(letter if " " <= letter <= "~" else "?" for letter in value).encode()


async def _send_text(
    send: Send, status: int, text: str, headers: Mapping[str, str] | None = None, *, head: bool = False
) -> None:
    body = text.encode()
    own = {"Content-Type": "text/plain; charset=UTF-8", "Content-Length": str(len(body))}
    await _start(send, status, own | dict(headers or {}))
    await send({"type": "http.response.body", "body": b"" if head else body})


class _Server(uvicorn.Server):
    """Tells the port once requests are answered, and stops running queries before it waits for them."""

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self._application = application

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets and self.started:
            self._sweep = asyncio.ensure_future(self._application.sweep())
            sys.stdout.write(json.dumps({"port": sockets[0].getsockname()[1]}) + "\n")
            sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._sweep.cancel()
        await self._application.stop()
        await super().shutdown(sockets)


def serve(engine: Engine, users: Users, listener: socket.socket) -> int:
    """Serve on a bound socket until SIGTERM or SIGINT, then close the engine. Answers the exit code."""
    application = Application(engine, users)
    config = uvicorn.Config(
        application,
        http="httptools",
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_STOP_S,
    )
    # uvicorn raises the signal again after a clean stop, when the engine is still to be closed.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    asyncio.run(_Server(config, application).serve([listener]))
    engine.close()
    return 0

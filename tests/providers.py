"""Calendar providers on this machine, which answer by HTTP as Google and Microsoft document that theirs do."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "ya29.a-token-nobody-may-see"


@dataclass
class Request:
    """What a provider was asked. query: the last value of each name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str


@dataclass
class Answer:
    """What it answers; value is sent as JSON, bytes as they are."""

    status: int = 200
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Provider:
    """A server in a thread. before: answers to the next requests, before the real ones; asked: all requests so far."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.before: list[Answer] = []
        self.asked: list[Request] = []
        self._answer = answer
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                told = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(told.query).items()}
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, unquote(told.path), query, headers, body)
                provider.asked.append(request)
                answer = provider.before.pop(0) if provider.before else provider._answer(request)
                content = answer.value if isinstance(answer.value, bytes) else json.dumps(answer.value).encode()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def error(status: int, reason: str, **headers: str) -> Answer:
    """An error as Google writes it."""
    told = {"code": status, "message": "a sentence", "errors": [{"domain": "global", "reason": reason}]}
    return Answer(status, {"error": told}, {name.replace("_", "-"): value for name, value in headers.items()})


def graph_error(status: int, code: str) -> Answer:
    """An error as Microsoft writes it."""
    return Answer(status, {"error": {"code": code, "message": "a sentence"}})


class GoogleCalendar:
    """`events.list` with pages of two, sync tokens and 410 for those it has forgotten.

    changes: all versions of all events, in their order; a sync token is how many of them somebody has seen.
    """

    def __init__(self) -> None:
        self.changes: list[dict[str, Any]] = []
        self.forgotten = False
        self.stalled = threading.Event()
        self.going_on = threading.Event()
        self.going_on.set()
        self.provider = Provider(self._answer)

    def _answer(self, request: Request) -> Answer:
        if request.path == "/token":
            return Answer(200, {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return error(401, "authError")
        if request.path != "/calendars/sales@own.example/events":
            return error(404, "notFound")
        if "syncToken" in request.query and {"timeMin", "timeMax"} & request.query.keys():
            return error(400, "badRequest")
        seen = int(request.query.get("syncToken", "0").removeprefix("s"))
        if "syncToken" in request.query and self.forgotten:
            self.forgotten = False
            return error(410, "fullSyncRequired")
        latest = {event["id"]: event for event in self.changes[seen:]}
        # A first look does not tell what was cancelled.
        told = [event for event in latest.values() if seen or event["status"] != "cancelled"]
        first = int(request.query.get("pageToken", "0"))
        if first and not self.going_on.is_set():
            self.stalled.set()
            self.going_on.wait(60)
        page: dict[str, Any] = {"kind": "calendar#events", "items": told[first : first + 2]}
        if first + 2 < len(told):
            return Answer(200, page | {"nextPageToken": str(first + 2)})
        return Answer(200, page | {"nextSyncToken": f"s{len(self.changes)}"})


class MicrosoftGraph:
    """`calendarView/delta` with pages of two, delta links and 410 for those it has forgotten.

    Instances of series tell their times only; the master is told with them if `tells_masters`, else by `events/{id}`.
    """

    def __init__(self) -> None:
        self.changes: list[dict[str, Any]] = []
        self.masters: dict[str, dict[str, Any]] = {}
        self.forgotten = False
        self.provider = Provider(self._answer)

    def _answer(self, request: Request) -> Answer:
        if request.path == "/login/own.example/oauth2/v2.0/token":
            return Answer(200, {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return graph_error(401, "InvalidAuthenticationToken")
        if 'outlook.timezone="UTC"' not in request.headers.get("prefer", ""):
            return graph_error(400, "the test wants times in UTC")
        home = "/v1.0/users/sales@own.example"
        if request.path.startswith(f"{home}/events/"):
            found = self.masters.get(request.path.rpartition("/")[2])
            return Answer(200, found) if found else graph_error(404, "ErrorItemNotFound")
        if request.path != f"{home}/calendarView/delta":
            return graph_error(404, "ErrorInvalidUser")
        skip, delta = request.query.get("$skiptoken"), request.query.get("$deltatoken")
        if skip is None and delta is None and not {"startDateTime", "endDateTime"} <= request.query.keys():
            return graph_error(400, "ErrorInvalidParameter")
        if delta and self.forgotten:
            self.forgotten = False
            return graph_error(410, "syncStateNotFound")
        since, _, first = (skip or f"{delta or 0}-0").partition("-")
        told = self.changes[int(since) :]
        page: dict[str, Any] = {"value": told[int(first) : int(first) + 2]}
        link = f"{self.provider.url}{home}/calendarView/delta?"
        if int(first) + 2 < len(told):
            return Answer(200, page | {"@odata.nextLink": f"{link}$skiptoken={since}-{int(first) + 2}"})
        return Answer(200, page | {"@odata.deltaLink": f"{link}$deltatoken={len(self.changes)}"})

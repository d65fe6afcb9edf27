"""POST /v1/signals: canonical signals, taken as they are. What is wrong in them the worker finds, and keeps."""

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from models.events import KINDS
from models.write_keys import SOURCE
from streams.collect.answers import Refused
from streams.collect.desk import Desk, origin

_SOURCE = re.compile(SOURCE)


async def take(request: Request, desk: Desk) -> Response:
    """Answer 202 once the broker has the body."""
    source, topic = addressed(request, desk)
    async with desk.body(request) as body:
        await desk.forward(topic, body, origin(request, source, "canonical"))
        return accepted(body)


def addressed(request: Request, desk: Desk) -> tuple[str, str]:
    """Source and topic of a request to one of our own routes. Raises Refused."""
    of_key = desk.sender(request, request.path_params.get("key", ""))
    source = request.query_params.get("source", of_key or "api")
    lane = request.query_params.get("lane", "web")
    if not _SOURCE.fullmatch(source):
        raise Refused(400, "bad_source", f"source {source[:80]!r}: use lower-case letters, digits, '.', '_', '-'")
    if of_key is not None and source != of_key:
        raise Refused(403, "other_source", f"source {source!r}: this write key is that of another source")
    if lane not in KINDS:
        raise Refused(400, "bad_lane", f"lane {lane[:80]!r}: use one of {', '.join(KINDS)}")
    return source, f"signals.{lane}"


def accepted(body: bytes) -> JSONResponse:
    """The broker has it."""
    return JSONResponse({"accepted": True, "bytes": len(body)}, status_code=202)

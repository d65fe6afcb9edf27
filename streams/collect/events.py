"""POST /v1/events: CloudEvents over HTTP in the binary, the structured and the batch mode, in JSON.

A binary event becomes a structured one: its attributes stand in headers, and a record keeps only the body.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

import base64
import json
import re
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.responses import Response

from models.sources.canonical import MAX_EVENT_BYTES
from models.write_keys import without_keys
from streams.collect.answers import Refused
from streams.collect.desk import Desk, origin, strict
from streams.collect.signals import accepted, addressed

_NEEDED = ("specversion", "id", "source", "type")
_ATTRIBUTE = re.compile(r"[a-z0-9]{1,64}")
_JSON = re.compile(r"[a-z]+/([a-z0-9.+-]+\+)?json")
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


async def take(request: Request, desk: Desk) -> Response:
    """Answer 202 once the broker has the event or the batch."""
    source, topic = addressed(request, desk)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    binary = "ce-specversion" in request.headers
    if not binary and media not in (STRUCTURED, BATCH):
        raise Refused(
            415,
            "bad_content_type",
            f"{media[:80]!r}: send {STRUCTURED}, {BATCH}, or the event's attributes as ce- headers",
        )
    async with desk.body(request) as body:
        if binary:
            body = structured(request, body, media)
        elif len(body) <= MAX_EVENT_BYTES:  # more is looked at by the worker alone: see strict_json.loads
            _require(body, media)
        where = origin(request, source, "cloudevents")
        if binary:
            where = where._replace(content_type=STRUCTURED)
        await desk.forward(topic, without_keys(body), where)
        return accepted(body)


def _require(body: bytes, media: str) -> None:
    """Raises Refused where the body is not what its content type says."""
    told = strict(body)
    if not isinstance(told, dict if media == STRUCTURED else list):
        raise Refused(400, "not_an_event", f"a JSON {type(told).__name__} does not go with {media}")


def structured(request: Request, body: bytes, media: str) -> bytes:
    """A binary event as a structured one. Data in JSON stays as it was written. Raises Refused."""
    if len(body) > MAX_EVENT_BYTES:
        raise Refused(413, "too_large", f"{len(body):,} bytes in one event; the limit is {MAX_EVENT_BYTES:,}")
    attributes: dict[str, str] = {}
    for name, value in request.headers.items():
        if not name.startswith("ce-"):
            continue
        name = name.removeprefix("ce-")
        if not _ATTRIBUTE.fullmatch(name) or name in ("data", "datacontenttype") or name in attributes:
            raise Refused(400, "field_invalid", f"ce-{name[:64]}: no attribute of an event, or sent twice")
        attributes[name] = _decoded(name, value)
    for name in _NEEDED:
        if not attributes.get(name):
            raise Refused(400, "not_an_event", f"ce-{name}: the event has none")
    if media:
        attributes["datacontenttype"] = request.headers["content-type"][:256]
    head = json.dumps(attributes, ensure_ascii=False).encode()
    if not body:
        return head
    return head[:-1] + b", " + _data(body, media) + b"}"


def _data(body: bytes, media: str) -> bytes:
    if not media or _JSON.fullmatch(media):
        strict(body)
        return b'"data": ' + body.strip().removeprefix(b"\xef\xbb\xbf")
    try:
        return b'"data": ' + json.dumps(body.decode("utf-8"), ensure_ascii=False).encode()
    except UnicodeDecodeError:
        return b'"data_base64": "' + base64.b64encode(body) + b'"'


def _decoded(name: str, value: str) -> str:
    """A header's value: percent-encoded UTF-8, in quotes or not."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    try:
        return unquote_to_bytes(value.encode("latin-1")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(400, "invalid_utf8", f"ce-{name}: is not UTF-8, percent-encoded") from error

"""The Segment HTTP API, so that Segment's and RudderStack's SDKs work by changing their host.

The write key is the user of HTTP Basic (servers), the body's `writeKey` (browsers) or, of beacons, a parameter. With a
key in front a sender is refused before his body is read. Bodies go on as they came, without the key's secret.

Source: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/ and
https://www.rudderstack.com/docs/api/http-api/; the short paths are those of Segment's browser SDK.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from streams.collect.answers import Refused
from streams.collect.bodies import MAX_TRACKED_BYTES
from streams.collect.desk import Desk, given_key, origin, strict, without_key

_CALLS = {"t": "track", "p": "page", "s": "screen", "i": "identify", "g": "group", "a": "alias"}
_BATCHES = ("batch", "b", "import")


async def take(request: Request, desk: Desk, adapter: str) -> Response:
    """Answer 200 once the broker has the call or the batch."""
    key = request.path_params.get("key") or given_key(request) or request.query_params.get("writeKey", "")
    source = desk.source_of(key) if key else None
    async with desk.body(request, MAX_TRACKED_BYTES, known=source is not None) as body:
        named = _write_key(body)
        if source is None:
            source = desk.source_of(named)
        await desk.forward("signals.web", without_key(body, named), origin(request, source, adapter))
    return JSONResponse({"success": True})


def _write_key(body: bytes) -> str:
    """What a call or batch names as its key. Raises Refused for what is neither.

    A function of its own, so that what it builds of the body is gone before the broker is waited for: kept alive by
    each request that waits, it made the garbage collector the most expensive part of a batch.
    """
    told = strict(body)
    if not isinstance(told, dict):
        raise Refused(400, "not_an_event", f"a JSON {type(told).__name__}, not an object")
    return str(told.get("writeKey", ""))


async def drop(request: Request, desk: Desk) -> Response:
    """The browser SDK's reports on itself: nobody here reads them, and an error would make it send them again."""
    async with desk.body(request, MAX_TRACKED_BYTES, known=False):
        return JSONResponse({"success": True})


def _routes() -> dict[str, Callable[[Request, Desk], Awaitable[Response]]]:
    batch = partial(take, adapter="segment")
    routes: dict[str, Callable[[Request, Desk], Awaitable[Response]]] = {
        "/v1/m": drop,
        "/beacon/v1/batch": batch,
        **{f"/v1/{name}": batch for name in _BATCHES},
    }
    for short, call in _CALLS.items():
        routes |= dict.fromkeys((f"/v1/{call}", f"/v1/{short}"), partial(take, adapter=f"segment-{call}"))
    return routes


ROUTES = _routes()

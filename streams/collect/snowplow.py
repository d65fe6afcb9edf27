"""Snowplow's tracker protocol: POST /com.snowplowanalytics.snowplow/tp2 and the pixel GET /i.

Trackers know no credentials. What all of them can be told is an application's id (`aid`) and the collector's address:
the write key is the one or stands in the other (/k/KEY/…). There is no cookie, no /r/ that would redirect anybody
anywhere, and no pixel without a key.

Source: https://docs.snowplow.io/docs/events/going-deeper/snowplow-tracker-protocol/
"""

import base64
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from streams.collect.answers import Refused
from streams.collect.bodies import MAX_TRACKED_BYTES
from streams.collect.desk import Desk, origin, strict, without_key

POST_PATH = "/com.snowplowanalytics.snowplow/tp2"
MOST_PARAMETERS = 256
SEVERAL = " "  # no app id
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


async def take(request: Request, desk: Desk) -> Response:
    """Answer 200 once the broker has the events of a POST."""
    key = request.path_params.get("key", "")
    source = desk.source_of(key) if key else None
    async with desk.body(request, MAX_TRACKED_BYTES, known=source is not None) as body:
        named = _app_id(body)
        if source is None and named == SEVERAL:
            raise Refused(400, "several_keys", "the events of one request name several app ids (aid): send them apart")
        if source is None:
            source = desk.source_of(named)
        await desk.forward("signals.web", without_key(body, named), origin(request, source, "snowplow"))
    return PlainTextResponse("ok")


async def take_get(request: Request, desk: Desk) -> Response:
    """Answer a transparent pixel once the broker has the event of a GET."""
    query: bytes = request.scope["query_string"]
    try:
        told = dict(parse_qsl(query.decode("ascii", "replace"), max_num_fields=MOST_PARAMETERS))
    except ValueError:
        raise Refused(400, "too_many_parameters", f"the limit is {MOST_PARAMETERS} parameters: send by POST") from None
    named = told.get("aid", "")
    source = desk.source_of(request.path_params.get("key", "") or named)
    await desk.forward("signals.web", without_key(query, named), origin(request, source, "snowplow-get"))
    return Response(_PIXEL, media_type="image/gif", headers={"Cache-Control": "no-cache, no-store"})


def _app_id(body: bytes) -> str:
    """The one application's id that all events tell; SEVERAL where they do not agree.

    Raises Refused for what is no payload. What it builds of the body is gone when it returns: see segment._write_key.
    """
    told = strict(body)
    events = told.get("data") if isinstance(told, dict) else None
    if not isinstance(events, list) or not events:
        raise Refused(400, "not_an_event", "no Snowplow payload: `data` must be an array of events")
    ids = {str(event.get("aid", "")) if isinstance(event, dict) else "" for event in events}
    return ids.pop() if len(ids) == 1 else SEVERAL

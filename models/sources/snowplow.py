"""The snowplow adapter: what Snowplow's trackers send, by POST (`snowplow`) or as a query string (`snowplow-get`).

A POST's body is JSON with a `schema` and `data`: an array of events (models.sources.snowplow_event).

Source: https://docs.snowplow.io/docs/events/going-deeper/http-requests/
"""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from models.events import Signal
from models.facts import AnyFact
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources import snowplow_event
from models.sources.canonical import MAX_EVENTS, elements_of
from models.sources.webhook_json import Refused, parse, shown

_MOST_PARAMETERS = 300


def decode(body: bytes, origin: Origin) -> Sequence[Signal | AnyFact | DeadLetter]:
    """Answer every event of a POST's body, in order, by a signal and perhaps a fact, or one dead letter."""
    try:
        events = _events(parse(body))
    except Refused as refused:
        return [DeadLetter(0, refused.reason, refused.detail, body)]
    answers: list[Signal | AnyFact | DeadLetter] = []
    raws: list[bytes] | None = None
    for at, event in enumerate(events):
        try:
            if not isinstance(event, dict):
                raise Refused(Reason.NOT_AN_EVENT, f"a JSON {type(event).__name__}, not an object")
            answers += snowplow_event.answers(event, origin, len(answers))
        except Refused as refused:
            if raws is None:
                raws = elements_of(body, "data", len(events))
            answers.append(DeadLetter(len(answers), refused.reason, refused.detail, raws[at]))
    return answers


def decode_query(body: bytes, origin: Origin) -> Sequence[Signal | AnyFact | DeadLetter]:
    """Answer the query string of a GET, one event."""
    try:
        return snowplow_event.answers(_parameters(body), origin, 0)
    except Refused as refused:
        return [DeadLetter(0, refused.reason, refused.detail, body)]


def _events(body: object) -> list[object]:
    schema = body.get("schema") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(schema, str) or "/payload_data/jsonschema/" not in schema:
        raise Refused(Reason.NOT_AN_EVENT, f"schema: must be that of payload_data; got {shown(schema)}")
    events = body.get("data")
    if not isinstance(events, list):
        raise Refused(Reason.FIELD_INVALID, f"data: must be an array; got {shown(events)}")
    if not events:
        raise Refused(Reason.EMPTY_BODY, "data: holds no event")
    if len(events) > MAX_EVENTS // 2:  # each may state a fact
        raise Refused(Reason.TOO_LARGE, f"{len(events):,} events in one body; the limit is {MAX_EVENTS // 2:,}")
    return events


def _parameters(body: bytes) -> Mapping[str, object]:
    try:
        query = body.decode("utf-8").strip().removeprefix("?")
        query = "&".join(filter(None, query.split("&")))  # `a=1&` says no less than `a=1`
        told = dict(parse_qsl(query, strict_parsing=True, errors="strict", max_num_fields=_MOST_PARAMETERS))
    except UnicodeDecodeError as error:
        raise Refused(Reason.INVALID_UTF8, f"the query string: {error.reason}") from error
    except ValueError as error:
        raise Refused(Reason.LINE_MALFORMED, f"the query string: {error}") from error
    if not told:
        raise Refused(Reason.EMPTY_BODY, "the query string is empty")
    return told

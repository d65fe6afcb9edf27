"""The cloudevents adapter: CloudEvents 1.0 in JSON, one (structured mode) or an array of them (batched mode).

An event whose `type` is one of ours, with the engagement in `data`, is a canonical signal that says in its attributes
what the standard asks for: `specversion`, `id`, `source` and `type`. Of an event in binary mode the collector makes a
structured one. Identity: `source` and `id`, as the standard has it.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

import re

from models.events import Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin
from models.sources.webhook_json import Refused, Told, decode_events, shown, text

_JSON = re.compile(r"(application|text)/([\w.+-]+\+)?json\s*(;.*)?", re.IGNORECASE)


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Answer every event of a body by one signal or one dead letter, in order."""
    return decode_events(body, _read)


def _read(told: Told) -> list[Told]:
    if told.get("specversion") != "1.0":
        detail = f"specversion: must be '1.0'; got {shown(told.get('specversion'))}"
        raise Refused(Reason.NOT_AN_EVENT, detail)
    value: Told = {name: text(told, name) for name in ("id", "source", "type")}
    if "data_base64" in told:
        raise Refused(Reason.FIELD_INVALID, "data_base64: the engagement is JSON, in `data`")
    kind = told.get("datacontenttype")
    if kind is not None and not (isinstance(kind, str) and _JSON.fullmatch(kind.strip())):
        raise Refused(Reason.FIELD_INVALID, f"datacontenttype: must be JSON; got {shown(kind)}")
    data = told.get("data")
    if isinstance(data, dict) and "subject" not in data and isinstance(told.get("subject"), str):
        data = {**data, "subject": told["subject"]}
    return [{**value, "time": told.get("time"), "data": data}]

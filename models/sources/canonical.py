"""The canonical adapter: a JSON object, a JSON array or NDJSON of canonical signals."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pydantic_core
from pydantic import ValidationError

from models.events import KINDS, Signal
from models.outcomes import DeadLetter, Reason
from models.records import Origin

MAX_EVENT_BYTES = 1 << 20
MAX_EVENTS = 20_000
NDJSON_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")


def decode(body: bytes, origin: Origin) -> list[Signal | DeadLetter]:
    """Read one body as received. Every event in it is answered by a signal or a dead letter, in its order."""
    stripped = _without_bom(body.strip())
    if not stripped:
        return [DeadLetter(0, Reason.EMPTY_BODY, "the body is empty", body)]
    try:
        text = stripped.decode("utf-8")
    except UnicodeDecodeError as error:
        if b"\n" in stripped and not stripped.startswith(b"["):
            return _decode_lines(stripped)  # in NDJSON one bad line must not take its neighbours along
        return [DeadLetter(0, Reason.INVALID_UTF8, f"byte {error.start} is not UTF-8", body)]
    lines_expected = origin.content_type.partition(";")[0].strip() in NDJSON_TYPES
    if not lines_expected:
        try:
            value = pydantic_core.from_json(stripped, allow_inf_nan=False)
        except ValueError as error:
            # Several objects, one a line, are NDJSON whatever the content type says.
            if b"\n" in stripped and not stripped.startswith(b"["):
                return _decode_lines(stripped)
            return [DeadLetter(0, _json_reason(stripped), f"not JSON: {error}", body)]
        if isinstance(value, list):
            return _decode_array(value, text) if len(value) <= MAX_EVENTS else _too_many(len(value), body)
        return [_decode_value(0, value, stripped)]
    return _decode_lines(stripped)


def decode_event(index: int, raw: bytes, *, is_line: bool) -> Signal | DeadLetter:
    """One event of a body as decode() reads it: a line of NDJSON, or an element of an array that is well-formed.

    Raises ValueError for an element that makes the array ill-formed.
    """
    if is_line:
        return _decode_line(index, raw)
    [value] = pydantic_core.from_json(b"[%b]" % raw, allow_inf_nan=False)
    return _decode_value(index, value, raw)


def event_bytes(body: bytes, position: int) -> bytes:
    """The bytes of one event of a body that decode() has read; the whole body where it holds only one."""
    stripped = _without_bom(body.strip())
    if stripped.startswith(b"["):
        return next(islice(elements(stripped.decode()), position, None), stripped)
    lines = [line.strip() for line in stripped.split(b"\n") if line.strip()]
    return lines[position] if len(lines) > 0 and position < len(lines) and len(lines) > 1 else stripped


def _without_bom(body: bytes) -> bytes:
    return body.removeprefix(b"\xef\xbb\xbf")


def _too_many(count: int, body: bytes) -> list[Signal | DeadLetter]:
    detail = f"{count:,} events in one body; the limit is {MAX_EVENTS:,}"
    return [DeadLetter(0, Reason.TOO_LARGE, detail, body)]


def _json_reason(raw: bytes) -> Reason:
    return Reason.TOO_LARGE if len(raw) > MAX_EVENT_BYTES else Reason.NOT_JSON


def _decode_lines(body: bytes) -> list[Signal | DeadLetter]:
    lines = [line for line in map(bytes.strip, body.split(b"\n")) if line]
    if len(lines) > MAX_EVENTS:
        return _too_many(len(lines), body)
    return [_decode_line(index, line) for index, line in enumerate(lines)]


def _decode_line(index: int, line: bytes) -> Signal | DeadLetter:
    if len(line) > MAX_EVENT_BYTES:
        return _too_large(index, line)
    try:
        value = pydantic_core.from_json(line, allow_inf_nan=False)
    except ValueError as error:
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as encoding:
            return DeadLetter(index, Reason.INVALID_UTF8, f"byte {encoding.start} is not UTF-8", line)
        return DeadLetter(index, Reason.NOT_JSON, f"not JSON: {error}", line)
    return _decode_value(index, value, line)


def _decode_array(values: list[object], text: str) -> list[Signal | DeadLetter]:
    # The bounds of the elements are only needed for what is refused, or where one of them may be too large.
    if len(text) <= MAX_EVENT_BYTES:
        outcomes = [_decode_value(index, value, b"") for index, value in enumerate(values)]
        if all(isinstance(outcome, Signal) for outcome in outcomes):
            return outcomes
        told = zip(outcomes, elements(text), strict=True)
        return [replace(outcome, raw=raw) if isinstance(outcome, DeadLetter) else outcome for outcome, raw in told]
    return [
        _decode_value(index, value, raw) for index, (value, raw) in enumerate(zip(values, elements(text), strict=True))
    ]


def elements(text: str) -> Iterator[bytes]:
    """The bytes of each element of a JSON array that is known to be well-formed."""
    decoder, position = json.JSONDecoder(), text.index("[") + 1
    while True:
        while text[position] in " \t\r\n,":
            position += 1
        if text[position] == "]":
            return
        _, end = decoder.raw_decode(text, position)
        yield text[position:end].encode()
        position = end


def elements_of(body: bytes, name: str, number: int) -> list[bytes]:
    """The bytes of each element of the array of that name in a JSON object, or as often the body where it has none."""
    text = body.decode("utf-8-sig").strip()
    decoder, at = json.JSONDecoder(), 1
    while text.startswith("{"):
        while text[at] in " \t\r\n,":
            at += 1
        if text[at] == "}":
            break
        found, at = decoder.raw_decode(text, at)
        while text[at] in " \t\r\n:":
            at += 1
        start = at
        _, at = decoder.raw_decode(text, at)
        if found == name and len(raws := list(elements(text[start:at])) if text[start] == "[" else []) == number:
            return [raw[:MAX_EVENT_BYTES] for raw in raws]
    return [body] * number


def _too_large(index: int, raw: bytes) -> DeadLetter:
    return DeadLetter(
        index, Reason.TOO_LARGE, f"{len(raw):,} bytes in one event; the limit is {MAX_EVENT_BYTES:,}", raw
    )


def _decode_value(index: int, value: object, raw: bytes) -> Signal | DeadLetter:
    if len(raw) > MAX_EVENT_BYTES:
        return _too_large(index, raw)
    if not isinstance(value, dict):
        return DeadLetter(index, Reason.NOT_AN_EVENT, f"a JSON {type(value).__name__}, not an object", raw)
    return signal_or_dead_letter(index, value, raw)


def signal_or_dead_letter(index: int, value: dict[str, object], raw: bytes) -> Signal | DeadLetter:
    """Hold one event against the contract; every adapter ends here."""
    try:
        return Signal.model_validate(value)
    except ValidationError as error:
        reason, detail = explain(error, value)
        return DeadLetter(index, reason, detail, raw)


def explain(error: ValidationError, value: dict[str, object]) -> tuple[Reason, str]:
    """The first thing wrong with an event, as a reason and one line for a person."""
    # Several fields may be wrong; the envelope says more than the data, so it goes first.
    rank = {"type": 0, "time": 1}
    first = min(error.errors(include_url=False), key=lambda e: rank.get(str(e["loc"][0]) if e["loc"] else "", 2))
    where = ".".join(str(part) for part in first["loc"])
    given = repr(first.get("input"))[:120]
    detail = f"{where}: {first['msg']}; got {given}"
    field = str(first["loc"][0]) if first["loc"] else ""
    if field == "type":
        kind = str(value.get("type", "")).partition(".")[0]
        return (Reason.UNKNOWN_KIND if kind not in KINDS else Reason.FIELD_INVALID), detail
    if field == "time":
        if first["type"] == "missing" or value.get("time") in (None, ""):
            return Reason.TIME_MISSING, "time: the event has none"
        return (Reason.TIME_OUT_OF_RANGE if "out of range" in first["msg"] else Reason.TIME_INVALID), detail
    if first["loc"][:2] == ("data", "contacts") and len(first["loc"]) <= 3 and first["type"] != "too_long":
        return Reason.CONTACT_MISSING, detail
    return Reason.FIELD_INVALID, detail

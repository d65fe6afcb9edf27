"""A record of the facts topic: one fact, a JSON array of them, or NDJSON."""

from dataclasses import replace
from datetime import datetime

from pydantic import ValidationError

from models.erasure import Suppressed, is_nobody, redact
from models.facts import FACT, AnyFact
from models.outcomes import DeadLetter, Erased, Reason
from models.records import Origin
from models.sources.canonical import MAX_EVENTS, elements
from models.strict_json import NotStrict, loads


def decode_facts(body: bytes, recorded_at: datetime | None = None) -> list[AnyFact | DeadLetter | Erased]:
    """Read one body of facts; every fact in it is answered, in its order. Erased: it tells of an erased person.

    recorded_at: when those were stated that do not say it; None where every fact has to say it.
    """
    stripped = body.strip()
    if not stripped:
        return [DeadLetter(0, Reason.EMPTY_BODY, "the body is empty", body)]
    try:
        value = loads(stripped)
    except NotStrict as refused:
        if b"\n" in stripped and not stripped.startswith(b"[") and not refused.is_doubled:
            lines = [line for line in stripped.split(b"\n") if line.strip()]
            return [
                _one(index, outcome)
                for index, line in enumerate(lines)
                for outcome in decode_facts(line, recorded_at)[:1]
            ]
        return [DeadLetter(0, refused.reason, refused.detail, body)]
    if not isinstance(value, list):
        return [_fact(0, value, stripped, recorded_at)]
    if len(value) > MAX_EVENTS:
        return [DeadLetter(0, Reason.TOO_LARGE, f"{len(value):,} facts in one body; the limit is {MAX_EVENTS:,}", body)]
    raws = elements(stripped.decode())
    return [_fact(index, item, raw, recorded_at) for index, (item, raw) in enumerate(zip(value, raws, strict=True))]


def without_forgotten(fact: AnyFact, suppressed: Suppressed) -> AnyFact | None:
    """The fact without people who are forgotten: itself where it names none, None where nothing is left of it."""
    told = fact.model_dump_json().encode()
    # Of where a statement came from its redaction needs to know only that it is one.
    if (left := redact(told, Origin("setten", "facts", fact.recorded_at), suppressed)) is told:
        return fact
    [found] = decode_facts(left)
    return None if isinstance(found, DeadLetter | Erased) else found


def _one(index: int, outcome: AnyFact | DeadLetter | Erased) -> AnyFact | DeadLetter | Erased:
    return replace(outcome, index=index) if isinstance(outcome, DeadLetter | Erased) else outcome


def _fact(index: int, value: object, raw: bytes, recorded_at: datetime | None) -> AnyFact | DeadLetter | Erased:
    if isinstance(value, dict) and any(_of_nobody(told) for told in (value, value.get("item"))):
        return Erased(index)
    try:
        if recorded_at is not None and isinstance(value, dict):
            value = {"recorded_at": recorded_at, **value}
        return FACT.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return DeadLetter(index, Reason.FIELD_INVALID, f"{where}: {first['msg']}", raw)


def _of_nobody(told: object) -> bool:
    """Whether a statement, or the item of a plan in it, names somebody who was erased."""
    keys = ("contact_key", "visitor_key")
    return isinstance(told, dict) and any(is_nobody(str(told.get(key, ""))) for key in keys)

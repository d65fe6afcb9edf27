"""A msgspec reader of one canonical record at a time: what a careful user of a framework of records writes.

It takes what the contract would take unchanged and leaves everything else to the contract. Setten read this way itself
until it went by column (models/sources/canonical_fast.py).
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from models.events import EARLIEST_YEAR, MAX_CONTACTS, Contact, Direction, default_direction, split_type
from models.records import Origin
from models.sources.canonical import MAX_EVENT_BYTES, MAX_EVENTS, NDJSON_TYPES
from models.touch_table import TouchRow, micros
from models.touches import FUTURE_TOLERANCE, content_digest, event_digest, machine_reason

# RFC 3339 as nearly everyone writes it.
_TIME = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-5][0-9])")


class _Contact(Struct, frozen=True, forbid_unknown_fields=True):
    email: str | None = None
    id: str | None = None
    anonymous_id: str | None = None
    host: str | None = None
    ip: str | None = None
    organization: str | None = None


class _Data(Struct, forbid_unknown_fields=True):
    contacts: Annotated[list[_Contact], Meta(min_length=1, max_length=MAX_CONTACTS)]
    direction: Direction | None = None
    campaign: Annotated[str, Meta(max_length=256)] = ""
    subject: Annotated[str, Meta(max_length=512)] = ""
    user_agent: Annotated[str, Meta(max_length=2048)] = ""


class _Signal(Struct, forbid_unknown_fields=True):
    type: str
    time: str
    data: _Data
    id: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    source: Annotated[str, Meta(max_length=128)] = ""
    specversion: str = ""  # CloudEvents senders name it; nothing is made of it


_ONE = msgspec.json.Decoder(_Signal)
_MANY = msgspec.json.Decoder(list[_Signal])


class _Unusual(ValueError):
    """Not for the fast path; says nothing of right or wrong."""


def fast_rows(body: bytes, origin: Origin, record: str) -> list[TouchRow] | None:
    """The touches of all events of a body, in their order; None where the contract itself has to read it.

    record: the body's record_id.
    """
    if len(body) > MAX_EVENT_BYTES:
        return None
    try:
        signals = _signals(body, origin.content_type)
        rows: list[TouchRow] = []
        received_us = micros(origin.received_at)
        latest = origin.received_at + FUTURE_TOLERANCE
        for position, signal in enumerate(signals):
            _read(rows, signal, latest, (origin.source, received_us, record, position))
    except ValueError:  # msgspec's errors and pydantic's are ValueErrors too
        return None
    return rows


def _signals(body: bytes, content_type: str) -> list[_Signal]:
    if content_type.partition(";")[0].strip() in NDJSON_TYPES:
        signals = [_ONE.decode(line) for line in map(bytes.strip, body.split(b"\n")) if line]
    elif body[:1] == b"[":
        signals = _MANY.decode(body)
    else:
        return [_ONE.decode(body)]
    if not 0 < len(signals) <= MAX_EVENTS:
        raise _Unusual
    return signals


def _read(rows: list[TouchRow], signal: _Signal, latest: datetime, arrival: tuple[str, int, str, int]) -> None:
    data, text = signal.data, signal.time
    campaign, subject, user_agent = data.campaign, data.subject, data.user_agent
    if campaign.strip() != campaign or subject.strip() != subject or user_agent.strip() != user_agent:
        raise _Unusual  # the contract strips them
    if not _TIME.fullmatch(text):
        raise _Unusual
    time = datetime.fromisoformat(text)
    if not EARLIEST_YEAR <= time.year <= 9998:
        raise _Unusual
    if time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    if time > latest:
        raise _Unusual
    kind, action = _type(signal.type)
    direction = data.direction or default_direction(signal.type)
    people = [_person(contact) for contact in data.contacts]
    if len(people) > 1:
        people = sorted(dict(people).items())
    # Most senders write UTC without fractions; putting the digits together again would cost more than all the rest.
    told = f"{text[:19]}+00:00" if text[19:] in ("Z", "+00:00") else time.isoformat()
    said = (signal.type, told, direction, campaign, subject, user_agent)
    content = content_digest((*said, *chain.from_iterable(people)))
    default_source, received_us, record, position = arrival
    source = signal.source or default_source
    event_id = event_digest(source, signal.id, content)
    machine = machine_reason(user_agent)
    occurred_us = micros(time)
    first = 1
    for key, affiliation in people:
        rows.append(
            (
                key,
                event_id,
                occurred_us,
                received_us,
                kind,
                action,
                direction,
                affiliation,
                machine,
                campaign,
                subject,
                source,
                None,
                content,
                record,
                position,
                first,
            )
        )
        first = 0


@lru_cache(maxsize=4096)
def _type(told: str) -> tuple[str, str]:
    """(kind, action) of a type. Raises _Unusual for what is none."""
    found = split_type(told)
    if found is None:
        raise _Unusual
    return found


@lru_cache(maxsize=1 << 16)
def _person(contact: _Contact) -> tuple[str, str]:
    """(key, affiliation) of a contact, by the contract itself: people recur. Raises ValueError for what it refuses."""
    told: dict[str, Any] = {name: value for name, value in msgspec.structs.asdict(contact).items() if value is not None}
    known = Contact.model_validate(told)
    return known.key, known.affiliation

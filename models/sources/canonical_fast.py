"""The canonical adapter's fast path: bodies that the contract takes unchanged, read by column without its models.

It answers what `canonical.decode` and `read_signal` together would, or nothing at all: whatever is unusual in a body
(an unknown attribute, blanks to strip, a time in another form, anything wrong) is left to them. The contract stays
`models.events`; tests/property/test_fast_path.py holds both against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, groupby
from typing import Annotated, Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Meta, Struct

from models.erasure import MARK
from models.events import MAX_CONTACTS, Contact, Direction, default_direction, split_type
from models.sources.canonical import MAX_EVENT_BYTES, MAX_EVENTS, NDJSON_TYPES
from models.strict_json import NotStrict, loads
from models.touch_table import TOUCH_ROW, from_micros, micros, touch_table, with_precedence
from models.touches import FUTURE_TOLERANCE, content_digest, event_digest, machine_reason

# RFC 3339 as nearly everyone writes it, in years that no zone carries over the contract's bounds.
_TIME = (
    r"^(199[1-9]|[2-8][0-9]{3}|9[0-8][0-9]{2})(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,6})?"
    r"(Z|[+-][0-9]{2}:[0-5][0-9])$"
)
_MICROS = pa.timestamp("us", "UTC")
_TOLERANCE_US = FUTURE_TOLERANCE // timedelta(microseconds=1)


# Bounded as in the contract, so that what is kept of people and types for the next time is bounded too.
class _Contact(Struct, frozen=True, forbid_unknown_fields=True):
    email: Annotated[str, Meta(max_length=320)] | None = None
    id: Annotated[str, Meta(max_length=256)] | None = None
    anonymous_id: Annotated[str, Meta(max_length=256)] | None = None
    host: Annotated[str, Meta(max_length=253)] | None = None
    ip: Annotated[str, Meta(max_length=45)] | None = None
    organization: Annotated[str, Meta(max_length=256)] | None = None


class _Data(Struct, forbid_unknown_fields=True):
    contacts: msgspec.Raw  # read by _people
    direction: Direction | None = None
    campaign: Annotated[str, Meta(max_length=256)] = ""
    subject: Annotated[str, Meta(max_length=512)] = ""
    user_agent: Annotated[str, Meta(max_length=2048)] = ""


class _Signal(Struct, forbid_unknown_fields=True):
    type: Annotated[str, Meta(max_length=72)]
    time: Annotated[str, Meta(max_length=64)]
    data: _Data
    id: Annotated[str, Meta(min_length=1, max_length=512)] | None = None
    source: Annotated[str, Meta(max_length=128)] = ""
    specversion: str = ""  # CloudEvents senders name it; nothing is made of it


_ONE = msgspec.json.Decoder(_Signal)
_MANY = msgspec.json.Decoder(list[_Signal])
_CONTACTS = msgspec.json.Decoder(Annotated[list[_Contact], Meta(min_length=1, max_length=MAX_CONTACTS)])
# msgspec takes the last of a name given twice; the contract refuses both. Every name and every text has two quotes, so
# a body that has no more of them than what was read from it accounts for gives no name twice, however it spells it.
# Only where it has more (a default spelt out, a quote in a text) is it read again by a parser that tells.
_QUOTES = 2
_NEEDED_QUOTES = 6 * _QUOTES  # type, time, data and contacts, and two texts
_OPTIONAL_QUOTES = 2 * _QUOTES  # a name and its text
# People recur in the same words; longer ones are read anew, so that what is kept of them is bounded.
_KEPT_BYTES = 256


class Bodies(NamedTuple):
    """Bodies by column. received_us: int64, Unix microseconds. records: their record_ids."""

    values: Sequence[bytes]
    sources: Sequence[str]
    content_types: Sequence[str]
    received_us: pa.Array
    records: Sequence[str]


class _Kind(NamedTuple):
    """What a type says."""

    kind: str
    action: str
    direction: Direction


class _People(NamedTuple):
    """The distinct contacts of an event, sorted. told: as the content digest takes them. quotes: in their JSON."""

    keys: tuple[str, ...]
    affiliations: tuple[str, ...]
    told: str
    quotes: int = 0


# In the place of what only the contract can read, until its rows are left out.
_NO_KIND = _Kind("", "", "inbound")
_NOBODY = _People((), (), "")


@dataclass(slots=True)
class _Events:
    """The events of some bodies by column: the body each is of, its place there, and what it says."""

    body: list[int]
    position: list[int]
    signals: list[_Signal]
    types: list[str]
    campaigns: list[str]
    subjects: list[str]
    user_agents: list[str]
    people: list[_People | None]
    times: list[str]
    moments: pa.Array  # int64, Unix microseconds; null where the time is unusual
    received: pa.Array


def fast_table(bodies: Bodies) -> tuple[pa.Table, list[int]]:
    """Touches (models.touch_table) of the bodies that can be read this way, and the places of those that cannot.

    A body is read whole or left whole.
    """
    left: set[int] = set()
    events = _read(bodies, left)
    kinds = {told: _kind(told) for told in set(events.types)}
    left |= {events.body[at] for at in _unusual(events, kinds)}
    left |= _doubled(events, bodies)
    table = _table(events, kinds, bodies, left) if events.signals else touch_table([])
    return table, sorted(left)


def _read(bodies: Bodies, left: set[int]) -> _Events:
    """Read JSON. left: gets the bodies that are no plain canonical JSON."""
    signals: list[_Signal] = []
    owner: list[int] = []
    position: list[int] = []
    decode = _ONE.decode
    for at, (value, content_type) in enumerate(zip(bodies.values, bodies.content_types, strict=True)):
        try:
            if MARK in value:
                left.add(at)  # erased people are left out by the contract's reading
            elif value[:1] == b"{" and content_type == "application/json" and len(value) <= MAX_EVENT_BYTES:
                signals.append(decode(value))
                owner.append(at)
                position.append(0)
            else:
                several = _several(value, content_type)
                signals += several
                owner += [at] * len(several)
                position += range(len(several))
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors too; nesting a thousand deep is not
            left.add(at)
    data = [signal.data for signal in signals]
    times = [signal.time for signal in signals]
    return _Events(
        owner,
        position,
        signals,
        [signal.type for signal in signals],
        [d.campaign for d in data],
        [d.subject for d in data],
        [d.user_agent for d in data],
        [_people(bytes(d.contacts)) for d in data],
        times,
        _moments(times),
        bodies.received_us.take(pa.array(owner, pa.int64())),
    )


def _several(body: bytes, content_type: str) -> list[_Signal]:
    """The events of a body that may have many. Raises ValueError."""
    if len(body) > MAX_EVENT_BYTES:
        raise ValueError("large bodies are the contract's")
    if content_type.partition(";")[0].strip() in NDJSON_TYPES:
        signals = [_ONE.decode(line) for line in map(bytes.strip, body.split(b"\n")) if line]
    elif body[:1] == b"[":
        signals = _MANY.decode(body)
    else:
        return [_ONE.decode(body)]
    if not 0 < len(signals) <= MAX_EVENTS:
        raise ValueError("none, or too many")
    return signals


def _moments(times: list[str]) -> pa.Array:
    column = pa.array(times, pa.string())
    usual = pc.match_substring_regex(column, _TIME)
    column = pc.if_else(usual, column, None)
    try:
        return column.cast(_MICROS).cast(pa.int64())
    except pa.ArrowInvalid:  # a month 13 or so, somewhere
        return pa.array([None if text is None else _moment(text) for text in column.to_pylist()], pa.int64())


def _moment(text: str) -> int | None:
    try:
        return micros(datetime.fromisoformat(text).astimezone(UTC))
    except ValueError:
        return None


def _doubled(events: _Events, bodies: Bodies) -> set[int]:
    """The bodies that give a name twice in one object of theirs."""
    columns: tuple[Sequence[object], ...] = (
        [signal.id for signal in events.signals],
        [signal.source for signal in events.signals],
        [signal.specversion for signal in events.signals],
        [signal.data.direction for signal in events.signals],
        events.campaigns,
        events.subjects,
        events.user_agents,
    )
    people = [found or _NOBODY for found in events.people]
    # A body never has fewer quotes than are accounted for: where all together have as many, each has.
    absent = sum(column.count("") + column.count(None) for column in columns)
    told = _OPTIONAL_QUOTES * (len(columns) * len(people) - absent) + _NEEDED_QUOTES * len(people)
    read = [at for at, _ in groupby(events.body)]
    if told + sum(p.quotes for p in people) == sum(bodies.values[at].count(b'"') for at in read):
        return set()
    accounted = dict.fromkeys(read, 0)
    for at, person, *texts in zip(events.body, people, *columns, strict=True):
        accounted[at] += _NEEDED_QUOTES + _OPTIONAL_QUOTES * sum(1 for text in texts if text) + person.quotes
    doubtful = [at for at, quotes in accounted.items() if bodies.values[at].count(b'"') != quotes]
    return {at for at in doubtful if _gives_a_name_twice(bodies.values[at], bodies.content_types[at])}


def _gives_a_name_twice(body: bytes, content_type: str) -> bool:
    is_lines = content_type.partition(";")[0].strip() in NDJSON_TYPES
    try:
        for text in filter(None, map(bytes.strip, body.split(b"\n"))) if is_lines else (body,):
            loads(text)
    except NotStrict:
        return True
    return False


def _unusual(events: _Events, kinds: dict[str, _Kind | None]) -> set[int]:
    """The events that are the contract's: it refuses them, or reads something else than they say."""
    found: set[int] = set()
    if None in kinds.values():
        found |= {at for at, told in enumerate(events.types) if kinds[told] is None}
    for column in (events.campaigns, events.subjects, events.user_agents):
        if padded := {text for text in set(column) if text.strip() != text}:
            found |= {at for at, text in enumerate(column) if text in padded}
    found |= {at for at, people in enumerate(events.people) if people is None}
    in_time = pc.less_equal(events.moments, pc.add(events.received, _TOLERANCE_US))
    wrong = pc.invert(pc.fill_null(in_time, False))
    return found | set(pc.indices_nonzero(wrong).to_pylist())


def _table(events: _Events, kinds: dict[str, _Kind | None], bodies: Bodies, left: set[int]) -> pa.Table:
    """One row for each event and contact; none for those of the bodies in `left`."""
    readable = {told: kind or _NO_KIND for told, kind in kinds.items()}
    told = [readable[told] for told in events.types]
    directions = [signal.data.direction or kind.direction for signal, kind in zip(events.signals, told, strict=True)]
    people = [found or _NOBODY for found in events.people]
    said = zip(
        events.types,
        _in_utc(events.times, pc.fill_null(events.moments, 0)),
        directions,
        events.campaigns,
        events.subjects,
        events.user_agents,
        [p.told for p in people],
        strict=True,
    )
    contents = [content_digest(one) for one in said]
    sources = [signal.source or bodies.sources[body] for signal, body in zip(events.signals, events.body, strict=True)]
    ids = [
        event_digest(source, signal.id, content)
        for source, signal, content in zip(sources, events.signals, contents, strict=True)
    ]
    machines = {agent: machine_reason(agent) for agent in set(events.user_agents)}
    texts = {
        "event_id": ids,
        "kind": [kind.kind for kind in told],
        "action": [kind.action for kind in told],
        "direction": directions,
        "machine": [machines[agent] for agent in events.user_agents],
        "campaign": events.campaigns,
        "subject": events.subjects,
        "source": sources,
        "content": contents,
        "record_id": [bodies.records[body] for body in events.body],
    }
    columns = {name: pa.array(column, pa.string()) for name, column in texts.items()}
    columns["occurred_at"] = events.moments.cast(_MICROS)
    columns["received_at"] = events.received.cast(_MICROS)
    columns["answers"] = pa.nulls(len(ids), pa.string())  # whatever names what it answers is the contract's
    columns["position"] = pa.array(events.position, pa.uint32())
    table = pa.table(columns)
    if left:
        kept = [at for at, body in enumerate(events.body) if body not in left]
        table, people = table.take(pa.array(kept, pa.int64())), [people[at] for at in kept]
    each = [len(p.keys) for p in people]
    first = [1] * len(people)
    if len(people) < sum(each):
        table = table.take(pa.array([at for at, count in enumerate(each) for _ in range(count)], pa.int64()))
        first = [int(number == 0) for count in each for number in range(count)]
    table = table.append_column("contact_key", pa.array(chain.from_iterable(p.keys for p in people), pa.string()))
    affiliations = chain.from_iterable(p.affiliations for p in people)
    table = table.append_column("affiliation", pa.array(affiliations, pa.string()))
    table = table.append_column("first", pa.array(first, pa.uint8()))
    return with_precedence(table.select(TOUCH_ROW.names))


def _in_utc(times: list[str], moments: pa.Array) -> list[str]:
    """Times as the content digest takes them: in UTC, as Python writes them."""
    # Many senders write UTC without fractions; putting the digits together again would cost more than all the rest.
    told = [text[:19] + "+00:00" if text[19:] in ("Z", "+00:00") else "" for text in times]
    if "" in told:
        others = zip(told, moments.to_pylist(), strict=True)
        told = [text or from_micros(moment).isoformat() for text, moment in others]
    return told


@lru_cache(maxsize=4096)
def _kind(told: str) -> _Kind | None:
    found = split_type(told)
    return None if found is None else _Kind(*found, default_direction(told))


def _people(contacts: bytes) -> _People | None:
    """The contacts of an event from their JSON; None for what the contract has to read."""
    return _known_people(contacts) if len(contacts) <= _KEPT_BYTES else _read_people(contacts)


def _read_people(contacts: bytes) -> _People | None:
    try:
        found = _CONTACTS.decode(contacts)
        told = sum(len(contact.__struct_fields__) - msgspec.structs.astuple(contact).count(None) for contact in found)
        quotes = contacts.count(b'"')
        if quotes != _OPTIONAL_QUOTES * told:
            loads(contacts)
    except (ValueError, NotStrict):
        return None
    people = _alone(found[0]) if len(found) == 1 else _together(found)
    return people and people._replace(quotes=quotes)


_known_people = lru_cache(maxsize=1 << 16)(_read_people)


@lru_cache(maxsize=1 << 13)  # their texts may be as long as the contract allows
def _alone(contact: _Contact) -> _People | None:
    """A contact by the contract itself, as people recur; None for what it refuses."""
    told: dict[str, Any] = {name: value for name, value in msgspec.structs.asdict(contact).items() if value is not None}
    try:
        known = Contact.model_validate(told)
    except ValueError:
        return None
    return _People((known.key,), (known.affiliation,), f"{known.key}\x1f{known.affiliation}")


def _together(contacts: list[_Contact]) -> _People | None:
    known = [_alone(contact) for contact in contacts]
    if None in known:
        return None
    pairs = sorted({one.keys[0]: one.affiliations[0] for one in known if one is not None}.items())
    keys, affiliations = zip(*pairs, strict=True)
    return _People(keys, affiliations, "\x1f".join(chain.from_iterable(pairs)))

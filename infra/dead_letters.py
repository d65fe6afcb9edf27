"""Dead letters in ClickHouse: counted, listed, read, and noted as sent again."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple, TypeVar

import pyarrow as pa

from infra.clickhouse import ClickHouse
from models.dead_letters import Identity, Letter, by_receipt
from models.records import Origin

State = Literal["open", "closed", "all"]
Thing = TypeVar("Thing")

_EVERYTHING = 1 << 62
_KEYS_PER_QUERY = 20_000
_MOST_BYTES = 32 << 20
_MOST_THINGS = 500
_RECORDS = pa.schema([("record_id", pa.string())])
_KEYS = pa.schema([("record_id", pa.string()), ("position", pa.uint32())])


class Which(NamedTuple):
    """Which dead letters are meant; empty: all. since: received then or later."""

    state: State = "open"
    reasons: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    since: datetime = datetime(1970, 1, 1, tzinfo=UTC)


class Count(NamedTuple):
    """How many events one source sent on one business day that were refused for one reason."""

    reason: str
    source: str
    day: date
    events: int


class Archived(NamedTuple):
    """A body in the archive, without its bytes. size: how many it has."""

    record_id: str
    topic: str
    origin: Origin
    size: int


class Successor(NamedTuple):
    """A dead letter, and the event it is sent again as. sent_as: the body that holds that event."""

    letter: Letter
    event: Identity
    sent_as: str


class DeadLetters:
    """What the commands do with dead letters. zone: the business time zone."""

    def __init__(self, clickhouse: ClickHouse, zone: str) -> None:
        self._clickhouse = clickhouse
        self._zone = zone

    def counts(self, which: Which) -> list[Count]:
        rows = self._clickhouse.rows("dead_letters_counted", {**_parameters(which), "zone": self._zone})
        return [Count(r["reason"], r["source"], r["day"], int(r["events"])) for r in rows]

    def select(self, which: Which, *, most: int = _EVERYTHING, skip: int = 0) -> list[Letter]:
        """Dead letters, the latest received first."""
        return self._letters({**_parameters(which), "prefix": "", "position": -1, "most": most, "skip": skip})

    def find(self, prefix: str, position: int | None) -> list[Letter]:
        """Those whose body's id begins so; at this position, if one is given."""
        at = -1 if position is None else position
        chosen = {**_parameters(Which("all")), "prefix": prefix, "position": at, "most": _EVERYTHING, "skip": 0}
        return self._letters(chosen)

    def open_of(self, record_ids: Iterable[str]) -> list[Letter]:
        """The open dead letters of these bodies, the first received first."""
        found: list[Letter] = []
        for some in _slices(list(dict.fromkeys(record_ids))):
            found += _as_letters(self._clickhouse.query("dead_letters_open_of", batch=_records(some)))
        return sorted(found, key=by_receipt)

    def raws(self, letters: Sequence[Letter]) -> Iterator[tuple[Letter, bytes]]:
        """Each with its bytes, in their order; a bounded amount is held at a time."""
        for some in by_size(letters, lambda one: one.size):
            columns = list(zip(*((one.record_id, one.position) for one in some), strict=True))
            batch = pa.Table.from_arrays(
                [pa.array(column, field.type) for field, column in zip(_KEYS, columns, strict=True)], schema=_KEYS
            )
            table = self._clickhouse.query("dead_letters_raw", batch=batch)
            keys = zip(table.column("record_id").to_pylist(), table.column("position").to_pylist(), strict=True)
            found = dict(zip(keys, _bytes(table, "raw"), strict=True))
            for one in some:
                if (one.record_id, one.position) in found:
                    yield one, found[one.record_id, one.position]

    def archived(self, record_ids: Iterable[str]) -> dict[str, Archived]:
        """The bodies that the archive has of these, the first received first."""
        found: list[Archived] = []
        for some in _slices(list(dict.fromkeys(record_ids))):
            table = self._clickhouse.query("archived_origins", batch=_records(some))
            found += map(_archived, table.to_pylist())
        return {one.record_id: one for one in sorted(found, key=lambda one: one.origin.received_at)}

    def bodies(self, archived: Sequence[Archived]) -> Iterator[tuple[Archived, bytes]]:
        """Each with its bytes, in their order; a bounded amount is held at a time."""
        for some in by_size(archived, lambda one: one.size):
            table = self._clickhouse.query("archived_bodies", batch=_records([one.record_id for one in some]))
            found = dict(zip(table.column("record_id").to_pylist(), _bytes(table, "body"), strict=True))
            yield from ((one, found[one.record_id]) for one in some if one.record_id in found)

    def note_successors(self, successors: Sequence[Successor]) -> None:
        """What these dead letters are sent again as. They are closed once that is stored, and not before."""
        self._clickhouse.insert_rows(
            "dead_letter_successors",
            ("record_id", "position", "event_id", "content", "sent_as"),
            [(s.letter.record_id, s.letter.position, *s.event, s.sent_as) for s in successors],
        )

    def successors_of(self, letter: Letter) -> list[dict[str, Any]]:
        parameters = {"record_id": letter.record_id, "position": letter.position}
        return self._clickhouse.rows("dead_letter_successors_of", parameters)

    def _letters(self, parameters: dict[str, Any]) -> list[Letter]:
        return _as_letters(self._clickhouse.query("dead_letters_selected", parameters))


def by_size(things: Sequence[Thing], size: Callable[[Thing], int]) -> Iterator[list[Thing]]:
    """Slices of bounded bytes and number, in their order; what is too large for any slice is one of its own."""
    some: list[Thing] = []
    held = 0
    for thing in things:
        if some and (held + size(thing) > _MOST_BYTES or len(some) >= _MOST_THINGS):
            yield some
            some, held = [], 0
        some.append(thing)
        held += size(thing)
    if some:
        yield some


def _parameters(which: Which) -> dict[str, Any]:
    since = which.since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return {"state": which.state, "reasons": list(which.reasons), "sources": list(which.sources), "since": since}


def _slices(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _KEYS_PER_QUERY):
        yield ids[start : start + _KEYS_PER_QUERY]


def _records(ids: Sequence[str]) -> pa.Table:
    return pa.Table.from_arrays([pa.array(ids, pa.string())], schema=_RECORDS)


def _bytes(table: pa.Table, name: str) -> list[bytes]:
    # The driver calls every String text; these need not be UTF-8.
    return [bytes(value) for value in table.column(name).cast(pa.binary()).to_pylist()]


def _as_letters(table: pa.Table) -> list[Letter]:
    return [Letter(**row) for row in table.to_pylist()]


def _archived(row: dict[str, Any]) -> Archived:
    domains = tuple(domain for domain in row["own_domains"].split(",") if domain)
    origin = Origin(row["source"], row["adapter"], row["received_at"], row["content_type"], domains)
    return Archived(row["record_id"], row["topic"], origin, row["size"])

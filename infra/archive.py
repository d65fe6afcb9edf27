"""The archive, read again: all bodies, or those that a replay has not had, a bounded amount at a time."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import pyarrow as pa

from infra.clickhouse import load_sql
from infra.store import ArchivedBody, Store
from models.facts import AnyFact
from models.touch_table import received_us

Thing = TypeVar("Thing")

MOST_BODIES = 20_000
_MOST_BYTES = 8 << 20  # some 40,000 small events, which are many times that as objects
_LARGE_BODY = 1 << 20
_FIRST_LOOK = 500
# Bodies whose ids ClickHouse holds for one comparison, about 300 MB.
_IDS_AT_ONCE = 5_000_000
_START = "0" * 32


class Lost(NamedTuple):
    """Bodies of the archive that Kafka no longer has. oldest: the day of receipt of the first, UTC, '' for none."""

    bodies: int
    oldest: str


class Archive:
    """The bodies and facts of the live store, beside what a replay has had of them."""

    def __init__(self, live: Store, ledger: Store, databases: tuple[str, str]) -> None:
        """ledger: the shadow; its archive and facts are what the replay has had. databases: live and shadow."""
        self._live = live
        self._ledger = ledger
        self._databases = databases

    def bodies(self) -> int:
        """About how many there are: one that came twice may be counted twice."""
        return int(str(self._live.clickhouse.statement("SELECT count() FROM archive")))

    def all(self) -> Iterator[list[ArchivedBody]]:
        """Every body, in the order of the archive's key: the first received stands, so any order will do."""
        after, most = _START, _FIRST_LOOK
        while True:
            keys = self._live.clickhouse.query("archive_keys", {"after": after, "most": most})
            if not keys.num_rows:
                return
            sized = zip(keys.column("record_id").to_pylist(), keys.column("size").to_pylist(), strict=True)
            some = next(_bounded(sized))
            # To know a body's size ClickHouse reads it, so it is asked for few more than were taken.
            after, most = some[-1], min(MOST_BODIES, max(16, 2 * len(some)))
            yield self._whole(list(dict.fromkeys(some)))

    def later_arrivals(self) -> Iterator[list[ArchivedBody]]:
        """Bodies of which an event first lay in the future and was stored when they came again, as of that arrival."""
        arrivals = self._live.clickhouse.query("archive_later_arrivals").to_pylist()
        for some in _bounded((one, _LARGE_BODY) for one in arrivals):
            whole = {body.record_id: body for body in self._whole([one["record_id"] for one in some])}
            yield [
                whole[one["record_id"]]._replace(received_us=received_us(one["precedence"]))
                for one in some
                if one["record_id"] in whole
            ]

    def missing(self) -> Iterator[list[ArchivedBody]]:
        """The bodies that the replay has not had, or only as received later."""
        for share in self._shares():
            names = {"shadow": self._databases[1], **share}
            ids = self._live.clickhouse.query("archive_missing", names).column("record_id").to_pylist()
            for start in range(0, len(ids), MOST_BODIES):
                for some in _bounded(self._sizes(ids[start : start + MOST_BODIES])):
                    yield self._whole(some)

    def facts(self) -> list[AnyFact]:
        """All facts of the directory; those beside it are copied."""
        self._copy_side_facts()
        return self._live.facts()

    def missing_facts(self) -> list[AnyFact]:
        """The facts of the directory that the replay has not had; those beside it are copied."""
        self._copy_side_facts()
        known = {fact.fact_id for fact in self._ledger.facts()}
        return [fact for fact in self._live.facts() if fact.fact_id not in known]

    def _copy_side_facts(self) -> None:
        live, shadow = self._databases
        self._live.clickhouse.statement(load_sql("copy_side_facts"), {"live": live, "shadow": shadow})

    def suspect(self) -> bool:
        """Note the bodies that the replay has not had so far; answers whether there are any."""
        shadow = self._ledger.clickhouse
        shadow.statement(load_sql("suspects_table"))
        for share in self._shares():
            shadow.statement(load_sql("suspects"), {"live": self._databases[0], **share})
        return bool(int(str(shadow.statement("SELECT count() FROM suspects"))))

    def lost(self) -> Lost:
        """Of the noted ones those that the replay has not had to this moment."""
        found = [self._ledger.clickhouse.rows("suspects_left", share)[0] for share in self._shares()]
        oldest = min((row["oldest"] for row in found if row["bodies"]), default="")
        return Lost(sum(int(row["bodies"]) for row in found), oldest)

    def _shares(self) -> list[dict[str, int]]:
        buckets = 1 + self.bodies() // _IDS_AT_ONCE
        return [{"bucket": bucket, "buckets": buckets} for bucket in range(buckets)]

    def _whole(self, record_ids: Sequence[str]) -> list[ArchivedBody]:
        return list(self._live.archived_bodies(record_ids).values())

    def _sizes(self, record_ids: Sequence[str]) -> Iterator[tuple[str, int]]:
        batch = pa.table({"record_id": pa.array(record_ids, pa.string())})
        table = self._live.clickhouse.query("archived_origins", batch=batch)
        return zip(table.column("record_id").to_pylist(), table.column("size").to_pylist(), strict=True)


def _bounded(sized: Iterable[tuple[Thing, int]]) -> Iterator[list[Thing]]:
    """Slices of bounded bytes and number, in their order; what is too large for any slice is one of its own."""
    some: list[Thing] = []
    held = 0
    for thing, size in sized:
        if some and (held + size > _MOST_BYTES or len(some) >= MOST_BODIES):
            yield some
            some, held = [], 0
        some.append(thing)
        held += size
    if some:
        yield some

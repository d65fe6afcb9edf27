"""Two databases with the same tables, compared by what they say: order-free checksums, then where they differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from infra.clickhouse import ClickHouse

# Table -> the column whose months it is compared by; '' for small tables and those without a day.
COMPARED: Mapping[str, str] = {
    "touches": "day",
    "contact_day": "day",
    "events": "",
    "dead_letters": "received_at",
    "accounts": "",
    "contacts": "",
    "revenue": "month",
    "archive": "received_at",
    "facts": "",
    "fact_sources": "",
}
_EXAMPLES = 3
_MONTHS_WITH_EXAMPLES = 2


class Sum(NamedTuple):
    """Rows, and a checksum of their content in which their order does not matter."""

    rows: int
    digest: int


@dataclass
class Comparison:
    """One table in two databases. months, accounts: those that differ, with the rows before and after.

    gone, new: examples of rows that only the one or the other has.
    """

    table: str
    before: Sum
    after: Sum
    months: dict[str, tuple[int, int]] = field(default_factory=dict)
    accounts: dict[str, tuple[int, int]] = field(default_factory=dict)
    gone: list[dict[str, Any]] = field(default_factory=list)
    new: list[dict[str, Any]] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return self.before == self.after


class Databases:
    """Two databases on one server: before and after."""

    def __init__(self, clickhouse: ClickHouse, before: str, after: str) -> None:
        self._clickhouse = clickhouse
        self._names = (before, after)

    def compare(self, tables: list[str]) -> list[Comparison]:
        """Each of the tables; a table that is equal is read twice, one that differs a few times more."""
        return [self._compare(table, COMPARED[table]) for table in tables]

    def _compare(self, table: str, at: str) -> Comparison:
        query, told = ("checksums_by_month", {"at": at}) if at else ("checksums", {})
        before, after = (self._sums(query, {"database": name, "table": table, **told}) for name in self._names)
        result = Comparison(table, _total(before), _total(after))
        if result.equal:
            return result
        parts = apart(before, after)
        if at:
            result.months = parts
        if table == "contact_day":
            by_account = (
                self._sums("checksums_by_account", {"database": name, "table": table}) for name in self._names
            )
            result.accounts = apart(*by_account)
        for month in list(parts)[:_MONTHS_WITH_EXAMPLES]:
            result.gone += self._rows_apart(table, at, month, *self._names)
            result.new += self._rows_apart(table, at, month, *reversed(self._names))
        return result

    def _sums(self, query: str, parameters: dict[str, Any]) -> dict[str, Sum]:
        rows = self._clickhouse.rows(query, parameters)
        return {row["part"]: Sum(int(row["row_count"]), int(row["digest"])) for row in rows}

    def _rows_apart(self, table: str, at: str, month: str, one: str, other: str) -> list[dict[str, Any]]:
        told = {"database": one, "other": other, "table": table, "most": _EXAMPLES}
        if not at:
            return self._clickhouse.rows("rows_apart", told)
        return self._clickhouse.rows("rows_apart_in_month", {**told, "at": at, "month": month})


def apart(before: Mapping[str, Sum], after: Mapping[str, Sum]) -> dict[str, tuple[int, int]]:
    """The parts that differ, with their rows before and after."""
    nothing = Sum(0, 0)
    return {
        part: (before.get(part, nothing).rows, after.get(part, nothing).rows)
        for part in sorted({*before, *after})
        if before.get(part, nothing) != after.get(part, nothing)
    }


def _total(parts: Mapping[str, Sum]) -> Sum:
    return Sum(sum(one.rows for one in parts.values()), sum(one.digest for one in parts.values()) % (1 << 64))

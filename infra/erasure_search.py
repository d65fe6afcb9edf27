"""Looking for an address in every text of every table: the proof of an erasure, and what is to be put right for it.

The address goes along as a table of its own: servers keep what they were asked.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import pyarrow as pa

from infra.clickhouse import ClickHouse
from infra.purge import hashed
from models.erasure import Suppressed, redact
from models.records import Origin

# Read as a mail is: in every way in which an address may be spelled.
_ANY_WAY = Origin("", "mbox", datetime(1970, 1, 1, tzinfo=UTC))
_WORDS = r"=\\?[^?]{1,40}\\?[bB]\\?([A-Za-z0-9+/=]+)\\?="
_LINES = r"\\n([A-Za-z0-9+/]{4,100}={0,2}(?:\\r?\\n[A-Za-z0-9+/]{2,100}={0,2})*)"
_REWRITABLE = ("String", "LowCardinality(String)", "Nullable(String)", "LowCardinality(Nullable(String))")


class Column(NamedTuple):
    """A column of a table. is_text: it may hold text."""

    table: str
    name: str
    type: str
    is_text: bool


class Search:
    """Looks for addresses that match a pattern (models.spellings) and are suppressed."""

    def __init__(self, clickhouse: ClickHouse, pattern: str, suppressed: Suppressed) -> None:
        self._clickhouse = clickhouse
        self._wanted = pa.table({"pattern": pa.array([pattern], pa.string())})
        self._suppressed = suppressed

    def columns(self) -> dict[str, list[Column]]:
        """All columns of the database, by table."""
        found: dict[str, list[Column]] = {}
        for row in self._clickhouse.query("text_columns").to_pylist():
            found.setdefault(row["table"], []).append(Column(**{**row, "is_text": bool(row["is_text"])}))
        return found

    def rows_holding(self) -> dict[str, dict[str, int]]:
        """By table, every column of it that may hold text, and in how many rows it holds an address."""
        return {
            table: {column.name: self._rows(column) for column in columns if column.is_text}
            for table, columns in self.columns().items()
        }

    def _rows(self, column: Column) -> int:
        sql = (
            f"WITH (SELECT any(pattern) FROM wanted) AS p SELECT base64Encode({_text(column)}) AS told, count() AS rows"
            f" FROM {column.table} WHERE {_matches(column)} GROUP BY told"
        )
        table = self._clickhouse.query_text(sql, wanted=self._wanted)
        told = zip(table.column("told").to_pylist(), table.column("rows").to_pylist(), strict=True)
        return sum(rows for value, rows in told if self._redacted(b64decode(value)) is not None)

    def _redacted(self, value: bytes) -> bytes | None:
        """The value without the addresses, None where it holds none of them, but perhaps the end of another."""
        left = redact(value, _ANY_WAY, self._suppressed)
        return None if left is value else left

    def rewrite(self, table: str, delete: Callable[[str, str, Sequence[str]], None]) -> None:
        """Store the rows of a table again without the addresses, then delete those that hold them.

        delete: infra.purge.Purge.delete_hashed.
        """
        columns = self.columns()[table]
        texts = [column for column in columns if column.type in _REWRITABLE]
        row = f"formatRow('TSV', {', '.join(_name(column) for column in columns)})"
        told = ", ".join(f"base64Encode({_text(column)}) AS v{at}" for at, column in enumerate(texts))
        found = self._clickhouse.query_text(
            f"WITH (SELECT any(pattern) FROM wanted) AS p SELECT DISTINCT {hashed(row)} AS row_hash, {told}"
            f" FROM {table} WHERE {' OR '.join(map(_matches, texts))}",
            wanted=self._wanted,
        )
        changed: list[dict[str, str]] = []
        for one in found.to_pylist():
            left = {name: self._redacted(b64decode(value)) for name, value in one.items() if name != "row_hash"}
            if any(value is not None for value in left.values()):
                new = {name: b64encode(value).decode() for name, value in left.items() if value is not None}
                changed.append(one | new)
        if not changed:
            return
        place = {column.name: f"base64Decode(v{at})" for at, column in enumerate(texts)}
        names = ", ".join(_name(column) for column in columns)
        self._clickhouse.statement(
            f"INSERT INTO {table} ({names}) SELECT"
            f" {', '.join(place.get(column.name, 't.' + _name(column)) for column in columns)}"
            f" FROM (SELECT *, {hashed(row)} AS row_hash FROM {table}) AS t INNER JOIN redacted USING (row_hash)",
            redacted=pa.table({name: [one[name] for one in changed] for name in changed[0]}),
        )
        delete(table, row, [one["row_hash"] for one in changed])


def _name(column: Column) -> str:
    return f"`{column.name}`"


def _text(column: Column) -> str:
    return f"toString({_name(column)})"


def _matches(column: Column) -> str:
    """SQL: the text may hold an address, plainly, in encoded words or in base64 lines. p: the pattern."""
    text = _text(column)
    words = f"arrayStringConcat(arrayMap(w -> tryBase64Decode(w), extractAll({text}, '{_WORDS}')))"
    decoded = "tryBase64Decode(replaceRegexpAll(w, '[\\\\r\\\\n]', ''))"
    lines = f"arrayExists(w -> match({decoded}, p), extractAll({text}, '{_LINES}'))"
    return (
        f"(match({text}, p) OR (position({text}, '=?') > 0 AND match({words}, p))"
        f" OR (positionCaseInsensitive({text}, 'base64') > 0 AND {lines}))"
    )

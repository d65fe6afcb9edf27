"""The company names that touches carry, in ClickHouse."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import pyarrow as pa

from infra.clickhouse import ClickHouse

_NAMED = pa.schema([("affiliation", pa.string()), ("organization", pa.string())])
_TOLD = pa.schema([("contact_key", pa.string()), ("organization", pa.string())])
_PREFIX = "org:"


class Counted(NamedTuple):
    """How many touches by how many contacts name an organization, and on which days. organization: its key."""

    organization: str
    touches: int
    contacts: int
    first_day: date
    last_day: date


class Organizations:
    """What `setten review` asks of the store."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse

    def named(self) -> list[str]:
        """The names that touches carry, as they are written, in their order."""
        found = self._clickhouse.query("organizations_named").column("affiliation").to_pylist()
        return sorted(affiliation.removeprefix(_PREFIX) for affiliation in found)

    def counted(self, named: Iterable[tuple[str, str]], told: Iterable[tuple[str, str]]) -> list[Counted]:
        """Touches and contacts by organization, the most first.

        named: names as they are written, with the organization's key. told: contact keys with it, of whom a source
        told the name. People who are declared for an account do not count, whatever names their touches carry.
        """
        rows = [(_PREFIX + name, key) for name, key in named]
        table = self._clickhouse.query("organizations_counted", named=_table(_NAMED, rows), told=_table(_TOLD, told))
        columns = (table.column(name).to_pylist() for name in Counted._fields)
        return [Counted(*row) for row in zip(*columns, strict=True)]


def _table(schema: pa.Schema, rows: Iterable[tuple[str, str]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema)

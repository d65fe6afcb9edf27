"""ClickHouse: the only module that knows its driver. Queries are named `.sql` files, their parameters bound there."""

import logging
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from typing import Any, TypeVar
from urllib.parse import urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError
from clickhouse_connect.driver.external import ExternalData
from clickhouse_connect.driver.httpclient import HttpClient
from clickhouse_connect.driver.summary import QuerySummary
from urllib3 import Timeout

from infra.settings import Settings

T = TypeVar("T")

# What they log is raised as well, and said once, in our words.
for _name in ("clickhouse_connect", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

# Time, memory, disk, parts and places run out and come back, and so do a replica's keepers: worth waiting for, unlike
# a wrong statement. TIMEOUT_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES, SOCKET_TIMEOUT, NETWORK_ERROR,
# MEMORY_LIMIT_EXCEEDED, TABLE_IS_READ_ONLY, NOT_ENOUGH_SPACE, TOO_MANY_PARTS, UNKNOWN_STATUS_OF_INSERT and
# KEEPER_EXCEPTION.
_OVERLOADED = frozenset({159, 202, 209, 210, 241, 242, 243, 252, 319, 999})

# To reach the server for the first time; afterwards to reach it, or to send it a request.
_CONNECT_S = 5
_SEND_S = 60

# An answered insert must be stored: asynchronous inserts are acknowledged from memory.
_SETTINGS: dict[str, Any] = {
    "async_insert": 0,
    # Right because every table is partitioned by a function of its sort key; see docs/architecture.md.
    "do_not_merge_across_partitions_select_final": 1,
}


class ClickHouseUnavailable(Exception):
    """ClickHouse cannot be reached; the message names the address and the remedy."""


class QueryFailed(Exception):
    """ClickHouse refused a statement; `code` is its error code, 0 where it gave none."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def as_moment(moment: datetime) -> str:
    """A moment as a parameter {…:DateTime64(6, 'UTC')} of a query."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


@lru_cache(maxsize=256)
def load_sql(name: str, folder: str = "queries") -> str:
    """The text of `infra/sql/<folder>/<name>.sql`."""
    return (resources.files("infra.sql") / folder / f"{name}.sql").read_text("utf-8")


class ClickHouse:
    """A connection; threads may share it, each request stands alone."""

    def __init__(self, settings: Settings, *, database: str | None = None, timeout_s: int = 120) -> None:
        """Connect. Raises ClickHouseUnavailable; `database` '' connects without choosing one, for migrations."""
        if not settings.clickhouse_url:
            raise ClickHouseUnavailable(
                "no ClickHouse is configured: run `setten up`, or set SETTEN_CLICKHOUSE_URL=http://host:8123"
            )
        self._settings = settings
        self.url = settings.clickhouse_url
        parts = urlsplit(self.url)
        try:
            self._client: Client = clickhouse_connect.get_client(
                host=parts.hostname or "",
                port=parts.port or (8443 if parts.scheme == "https" else 8123),
                secure=parts.scheme == "https",
                username=settings.clickhouse_user,
                password=settings.clickhouse_password.get_secret_value(),
                database=settings.clickhouse_database if database is None else database or "default",
                ca_cert=str(settings.clickhouse_ca_file) if settings.clickhouse_ca_file else None,
                send_receive_timeout=timeout_s,
                connect_timeout=_CONNECT_S,
                autogenerate_session_id=False,
                settings=_SETTINGS,
                compress=parts.hostname not in ("127.0.0.1", "localhost", "::1"),
            )
        except (ClickHouseError, OSError) as error:
            raise self._explain(error) from error
        # urllib3 holds the sending of a request to the time for connecting: a large insert over a slow connection would
        # be cut, and cut again at every try. The price: a host that is silently gone is noticed that late.
        assert isinstance(self._client, HttpClient)
        self._client.timeout = Timeout(connect=min(timeout_s, _SEND_S), read=timeout_s)

    def query(self, name: str, parameters: dict[str, Any] | None = None, **external: pa.Table) -> pa.Table:
        """Run a named query; answers an Arrow table. `external` tables are sent along and read by their name."""
        return self.query_text(load_sql(name), parameters, **external)

    def query_text(self, sql: str, parameters: dict[str, Any] | None = None, **external: pa.Table) -> pa.Table:
        """As query, for SQL about tables that are known only when it runs."""
        return self._do(
            lambda: self._client.query_arrow(
                sql,
                parameters=parameters,
                use_strings=True,
                external_data=_external(external) if external else None,
            )
        )

    def rows(self, name: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Run a named query of few rows; answers one dict a row, with Python values (dates, UUIDs, aware times)."""
        return self._do(lambda: list(self._client.query(load_sql(name), parameters=parameters).named_results()))

    def insert(self, table: str, rows: pa.Table) -> int:
        """Insert an Arrow table by column names; durable and visible when this returns. Answers the number of rows."""
        if rows.num_rows:
            _all_written(self._do(lambda: self._client.insert_arrow(table, rows)), table, rows.num_rows)
        return int(rows.num_rows)

    def insert_rows(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
        """Insert Python rows; for the small tables, where columns of Arrow would only be in the way."""
        if rows:
            _all_written(
                self._do(lambda: self._client.insert(table, rows, column_names=list(columns))), table, len(rows)
            )
        return len(rows)

    def statement(self, sql: str, parameters: dict[str, Any] | None = None, **external: pa.Table) -> Any:
        """Run one statement that is not a query (DDL, a check of the version)."""
        sent = _external(external) if external else None
        return self._do(lambda: self._client.command(sql, parameters=parameters, external_data=sent))

    def close(self) -> None:
        self._client.close()

    def _do(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except (ClickHouseError, OSError) as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> Exception:
        text = str(error)
        found = re.search(r"\bCode: (\d+)", text) or re.search(r"error code (\d+)", text, re.IGNORECASE)
        if found and int(found[1]) == 516:
            return ClickHouseUnavailable(
                f"ClickHouse at {self._settings.clickhouse_url} refuses user {self._settings.clickhouse_user!r}: "
                "check SETTEN_CLICKHOUSE_USER and SETTEN_CLICKHOUSE_PASSWORD"
            )
        code = int(found[1]) if found else 0
        refused = isinstance(error, ClickHouseError) and not isinstance(error, OperationalError)
        if code not in _OVERLOADED and (code or refused):
            return QueryFailed(text.strip(), code)
        return ClickHouseUnavailable(
            f"ClickHouse at {self._settings.clickhouse_url} does not answer ({_cause(error)}): "
            "is it running (`setten status`), and is SETTEN_CLICKHOUSE_URL right?"
        )


def _all_written(summary: QuerySummary, table: str, rows: int) -> None:
    """A server that answers well and wrote fewer rows than it was sent is not believed."""
    told = summary.summary.get("written_rows")
    if told is not None and int(told) < rows:
        raise QueryFailed(f"{table}: ClickHouse answered well and wrote {told} of {rows} rows", 0)


def _cause(error: BaseException) -> str:
    """The innermost reason in a few words; what the libraries wrap around it tells a user nothing."""
    while (inner := getattr(error, "reason", None) or error.__cause__ or error.__context__) is not None:
        if not isinstance(inner, BaseException):
            break
        error = inner
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]


def _external(tables: dict[str, pa.Table]) -> ExternalData:
    data: ExternalData | None = None
    for name, table in tables.items():
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        part = {
            "file_name": name,
            "data": sink.getvalue().to_pybytes(),
            "fmt": "ArrowStream",
            "structure": [f"{field.name} {_clickhouse_type(field.type)}" for field in table.schema],
        }
        if data is None:
            data = ExternalData(**part)
        else:
            data.add_file(**part)
    assert data is not None
    return data


def _clickhouse_type(kind: pa.DataType) -> str:
    if pa.types.is_date32(kind):
        return "Date32"
    if pa.types.is_string(kind):
        return "String"
    if pa.types.is_uint64(kind):
        return "UInt64"
    if pa.types.is_uint32(kind):
        return "UInt32"
    raise TypeError(f"no external column of type {kind} is needed so far")

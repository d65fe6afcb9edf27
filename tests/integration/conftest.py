"""Fixtures of the integration tests: an embedded ClickHouse without the rest, a database of its own for each test."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from infra.clickhouse import ClickHouse
from infra.settings import Settings
from infra.store import Store
from jobs.migrate import migrate_tables
from tests.contract.embedded_clickhouse import PASSWORDS, Server


@pytest.fixture(scope="session")
def clickhouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("clickhouse")).start()
    yield server
    server.stop()


@pytest.fixture
def new_store(clickhouse_server: Server, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Makes stores in empty databases of their own."""
    names = count()
    opened: list[ClickHouse] = []

    def make(kind: type[Store] = Store) -> Store:
        settings = Settings(
            data_dir=tmp_path,
            clickhouse_url=f"http://127.0.0.1:{clickhouse_server.port}",
            clickhouse_password=PASSWORDS["setten"],
            clickhouse_database=f"t{abs(hash(tmp_path)) % 10**9}_{next(names)}",
        )
        migrate_tables(settings)
        opened.append(ClickHouse(settings))
        return kind(opened[-1], settings.business_timezone)

    yield make
    for clickhouse in opened:
        clickhouse.statement(f"DROP DATABASE {clickhouse.statement('SELECT currentDatabase()')}")
        clickhouse.close()

"""Fixtures of the integration tests: an embedded ClickHouse without the rest, a database of its own for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.bi import databases
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
def new_database(clickhouse_server: Server, tmp_path: Path) -> Iterator[Callable[[], Settings]]:
    """Makes empty databases with our tables; answers the settings to reach one."""
    made: list[Settings] = []

    def make() -> Settings:
        settings = Settings(
            data_dir=tmp_path,
            clickhouse_url=f"http://127.0.0.1:{clickhouse_server.port}",
            clickhouse_password=PASSWORDS["setten"],
            clickhouse_database=f"t{abs(hash(tmp_path)) % 10**9}_{len(made)}",
        )
        migrate_tables(settings)
        made.append(settings)
        return settings

    yield make
    for settings in made:
        clickhouse = ClickHouse(settings)
        for database in (*databases(settings).values(), settings.clickhouse_database):
            clickhouse.statement(f"DROP DATABASE {database}")
        clickhouse.close()


@pytest.fixture
def new_store(new_database: Callable[[], Settings]) -> Iterator[Callable[..., Store]]:
    """Makes stores in empty databases of their own."""
    opened: list[ClickHouse] = []

    def make(kind: type[Store] = Store) -> Store:
        settings = new_database()
        opened.append(ClickHouse(settings))
        return kind(opened[-1], settings.business_timezone)

    yield make
    for clickhouse in opened:
        clickhouse.close()

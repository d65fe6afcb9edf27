"""A ClickHouse that is slow is waited for: giving up on it in the middle of an insert would do so at every try."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from infra import clickhouse
from infra.clickhouse import ClickHouse
from infra.settings import Settings
from tests.faults.proxy import Proxy


def test_an_insert_may_take_longer_to_send_than_a_connection_to_open(
    new_database: Callable[[], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = new_database()
    proxy = Proxy(int(settings.clickhouse_url.rpartition(":")[2]))
    monkeypatch.setattr(clickhouse, "_CONNECT_S", 1)
    through = ClickHouse(settings.model_copy(update={"clickhouse_url": f"http://127.0.0.1:{proxy.port}"}))
    rows = pa.table({"correction_id": [f"{number:032x}" for number in range(400_000)]})
    proxy.delay_s = 0.02  # before each 64 KiB, of which there are two hundred: four seconds
    assert through.insert("corrections", rows) == rows.num_rows
    proxy.delay_s = 0.0
    through.close()
    proxy.close()

"""The data dictionary is what ClickHouse itself says of the tables that the migrations made."""

import json
from collections.abc import Callable

from infra.store import Store
from jobs.data_dictionary import tables


def test_the_engine_has_the_tables_columns_types_and_comments_of_the_dictionary(
    new_store: Callable[[], Store],
) -> None:
    client = new_store().clickhouse
    own = "table NOT IN ('migrations', 'store_facts')"
    told = client.statement(
        "SELECT toJSONString(groupArray((table, name, type, comment))) FROM (SELECT * FROM system.columns"
        f" WHERE database = currentDatabase() AND {own} ORDER BY table, position) FORMAT TSVRaw"
    )
    written = [
        (t.name, *column)
        for t in sorted(tables(), key=lambda t: t.name)
        if not t.parameters  # until it has its value, the engine does not know what a view has
        for column in t.columns
    ]
    assert [tuple(row) for row in json.loads(str(told))] == written
    keys = client.statement(
        "SELECT toJSONString(groupArray((name, sorting_key, partition_key, comment))) FROM (SELECT * FROM system.tables"
        f" WHERE database = currentDatabase() AND {own.replace('table', 'name')} ORDER BY name) FORMAT TSVRaw"
    )
    declared = [[t.name, t.sort_key, t.partition, t.comment] for t in sorted(tables(), key=lambda t: t.name)]
    assert json.loads(str(keys)) == declared

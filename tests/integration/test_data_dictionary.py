"""The data dictionary is what ClickHouse itself says of the tables that the migrations made."""

import json
from collections.abc import Callable

from infra.bi import FOLDERS, databases
from infra.clickhouse import ClickHouse
from infra.settings import Settings
from infra.store import Store
from jobs.data_dictionary import bi_views, tables


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


def test_the_engine_has_the_views_for_bi_tools_with_the_columns_types_and_comments_of_the_dictionary(
    new_database: Callable[[], Settings],
) -> None:
    settings = new_database()
    clickhouse = ClickHouse(settings)
    for folder in FOLDERS:
        where = f"WHERE database = '{databases(settings)[folder]}'"
        written = bi_views(folder)
        columns = clickhouse.query_text(
            f"SELECT table, name, type, comment FROM system.columns {where} ORDER BY table, position"
        )
        told = [(view.name, *column) for view in written for column in view.columns]
        assert [tuple(row.values()) for row in columns.to_pylist()] == told
        comments = clickhouse.query_text(f"SELECT name, comment FROM system.tables {where} ORDER BY name")
        assert [tuple(row.values()) for row in comments.to_pylist()] == [(view.name, view.comment) for view in written]
        assert len(written) >= 4
    clickhouse.close()

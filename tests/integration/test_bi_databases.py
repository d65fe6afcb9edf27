"""The databases of the views for BI tools: who reads them, what migrate makes of them, what conditions reach."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from infra.bi import databases, readable, views
from infra.clickhouse import ClickHouse
from infra.settings import Settings
from jobs.migrate import MigrationError, migrate_tables
from tests.contract.embedded_clickhouse import PASSWORDS, Server

ACCESS_DENIED = 497


def settings_of(server: Server, **more: object) -> Settings:
    told = {"clickhouse_url": f"http://127.0.0.1:{server.port}", "clickhouse_password": PASSWORDS["setten"]}
    return Settings.model_validate({"data_dir": server.directory, **told, **more})


def test_bi_reads_what_the_setting_says_and_nothing_else(tmp_path: Path) -> None:
    """On one store, whatever it was made with; `bi` needs no rights on the tables behind a view."""
    asked = {
        "bi": [f"SELECT * FROM {view.folder}.{view.name}" for view in views() if view.folder == "bi"],
        "bi_personal": [f"SELECT * FROM {view.folder}.{view.name}" for view in views() if view.folder == "bi_personal"],
        "setten": ["SELECT * FROM setten.contact_day", "SELECT * FROM setten.contacts", "SELECT * FROM setten.archive"],
    }
    choices = {"views": ("bi",), "personal": ("bi", "bi_personal"), "tables": ("bi", "bi_personal", "setten")}
    for choice, allowed in choices.items():
        reads = readable(Settings(data_dir=tmp_path, bi_reads=choice))
        assert tuple(reads) == allowed
        server = Server(tmp_path / "server", bi_reads=tuple(reads)).start()
        migrate_tables(settings_of(server))
        for database, statements in asked.items():
            expected = 0 if database in allowed else ACCESS_DENIED
            assert {server.http(sql, user="bi").code for sql in statements} == {expected}, (choice, database)
            shown = server.http(f"SELECT count() FROM system.columns WHERE database = '{database}'", user="bi").body
            assert (int(shown) > 0) == (database in allowed)
        assert server.http("SELECT * FROM setten.erasure_key", user="bi").code == ACCESS_DENIED
        assert server.stop() == 0


def test_a_view_of_persons_is_in_no_view_without(new_database: Callable[[], Settings]) -> None:
    """By its columns: no address, no name of a person, nobody of our own."""
    named = {"contact_key", "contact_name", "owner", "title", "email", "address", "stakeholder"}
    settings = new_database()
    clickhouse = ClickHouse(settings)
    rows = clickhouse.query_text(
        "SELECT name FROM system.columns WHERE database = {name:String}", {"name": databases(settings)["bi"]}
    )
    clickhouse.close()
    assert rows.num_rows > 50
    assert {row["name"] for row in rows.to_pylist()} & named == set()


def test_migrate_makes_the_views_once_and_again_when_something_changed(new_database: Callable[[], Settings]) -> None:
    settings = new_database()
    names = databases(settings)
    clickhouse = ClickHouse(settings)
    made = [f"{len(views())} views in {names['bi']} and {names['bi_personal']}"]
    assert migrate_tables(settings) == []
    assert migrate_tables(settings.model_copy(update={"fiscal_year_start_month": 7})) == made
    assert migrate_tables(settings) == made
    clickhouse.statement(f"DROP VIEW {names['bi']}.alerts")
    assert migrate_tables(settings) == made
    clickhouse.statement(f"CREATE VIEW {names['bi']}.`of an earlier version` AS SELECT 1")
    migrate_tables(settings)
    left = clickhouse.statement(f"SELECT groupArray(name) FROM system.tables WHERE database = '{names['bi']}'")
    assert "earlier" not in str(left)
    assert "alerts" in str(left)
    clickhouse.statement(f"CREATE TABLE {names['bi']}.mine (a UInt8) ENGINE = Memory")
    with pytest.raises(MigrationError, match=f"{names['bi']}.mine is no view"):
        migrate_tables(settings)
    clickhouse.statement(f"DROP TABLE {names['bi']}.mine")
    clickhouse.close()


def test_views_can_be_read_with_the_settings_that_drivers_send(new_database: Callable[[], Settings]) -> None:
    settings = new_database()
    names = databases(settings)
    clickhouse = ClickHouse(settings)
    for view in views():
        clickhouse.query_text(f"SELECT * FROM {names[view.folder]}.{view.name} SETTINGS join_use_nulls = 1")
    clickhouse.close()


def test_a_database_of_somebody_else_is_left_alone(new_database: Callable[[], Settings]) -> None:
    settings = new_database()
    clickhouse = ClickHouse(settings)
    theirs = f"{settings.clickhouse_database}_theirs"
    clickhouse.statement(f"CREATE DATABASE {theirs}")
    clickhouse.statement(f"CREATE VIEW {theirs}.alerts AS SELECT 'theirs' AS alert_id")
    with pytest.raises(MigrationError, match=f"{theirs} is there .* SETTEN_BI_DATABASE"):
        migrate_tables(settings.model_copy(update={"bi_database": theirs}))
    assert clickhouse.statement(f"SELECT alert_id FROM {theirs}.alerts") == "theirs"
    other = new_database()
    with pytest.raises(MigrationError, match=f"not made for the views of {other.clickhouse_database}"):
        migrate_tables(other.model_copy(update={"bi_database": databases(settings)["bi"]}))
    clickhouse.statement(f"DROP DATABASE {theirs}")
    clickhouse.close()


def test_views_show_the_tables_that_a_replay_has_put_in_place(new_database: Callable[[], Settings]) -> None:
    settings = new_database()
    live, shadow, bi = settings.clickhouse_database, f"{settings.clickhouse_database}_replay", databases(settings)["bi"]
    clickhouse = ClickHouse(settings)
    columns = ("account_id", "counts_for", "month", "currency", "amount", "epoch")
    paid = (date(2026, 5, 1), "JPY", 1.0, 1)
    clickhouse.insert_rows("revenue", columns, [("before", "before", *paid)])
    clickhouse.statement(f"CREATE DATABASE {shadow}")
    clickhouse.statement(f"CREATE TABLE {shadow}.revenue AS {live}.revenue")
    clickhouse.insert_rows(f"{shadow}.revenue", columns, [("after", "after", *paid)])
    assert clickhouse.statement(f"SELECT account_id FROM {bi}.revenue_month") == "before"
    clickhouse.statement(f"EXCHANGE TABLES {live}.revenue AND {shadow}.revenue")
    assert clickhouse.statement(f"SELECT account_id FROM {bi}.revenue_month") == "after"
    clickhouse.statement(f"DROP DATABASE {shadow}")
    assert clickhouse.statement(f"SELECT account_id FROM {bi}.revenue_month") == "after"
    clickhouse.close()


def test_what_a_reader_asks_for_is_all_that_is_read(new_database: Callable[[], Settings]) -> None:
    """A condition on the account reaches the sort key of what a view is read from, one on the period its partitions."""
    settings = new_database()
    clickhouse = ClickHouse(settings)
    views_by_table = {
        "rollup_engagement_rate": ("bi", "engagement_rate", "month"),
        "rollup_engagement_rate_quarter": ("bi", "engagement_rate_quarter", "quarter"),
        "rollup_account_week": ("bi", "account_week", "week"),
        "rollup_management_contacts": ("bi", "management_contacts", "quarter"),
        "rollup_contact_activity": ("bi_personal", "contact_activity", "month"),
    }
    for table, (folder, view, period) in views_by_table.items():
        clickhouse.statement(
            f"INSERT INTO {table} (account_id, {period})"
            " SELECT concat('a', leftPad(toString(intDiv(number, 4)), 5, '0')), makeDate(2023 + number % 4, 5, 1)"
            " FROM numbers(200000)"
        )
        name = f"{databases(settings)['bi']}{folder.removeprefix('bi')}.{view}"

        def granules(condition: str, name: str = name, table: str = table) -> int:
            plan = clickhouse.query_text(f"EXPLAIN ESTIMATE SELECT * FROM {name} WHERE {condition}").to_pylist()
            read = {row["table"]: int(row["marks"]) for row in plan}
            assert "contact_day" not in read, name
            return read.get(table, 0)

        assert granules("1") >= 24, name
        assert 0 < granules(f"{period} >= '2026-02-01'") <= granules("1") // 4, name
        assert 0 < granules("account_id = 'a07000'") <= 4, name
    clickhouse.close()

"""The users of the production ClickHouse can do what they need and nothing else, as ClickHouse's own engine judges."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.bi import views
from infra.settings import Settings
from infra.shadow import DERIVED, SOURCES
from jobs.data_dictionary import tables as dictionary_tables
from jobs.migrate import migrations

ROOT = Path(__file__).resolve().parents[2]
START = ROOT / "infra" / "clickhouse-server" / "start.sh"
ACCESS_DENIED, READONLY, CONSTRAINT_VIOLATED = 497, 164, 452


def run_as(user: str, directory: Path, *statements: str, reads: str = "tables") -> list[tuple[int, str]]:
    """Run the statements one after the other; answers (0, result) or (error code, message) for each.

    reads: SETTEN_BI_READS, of which start.sh makes the grants of `bi`.
    """
    result = subprocess.run(
        ["bash", str(START), sys.executable, "-m", "tests.contract.clickhouse_as_user", str(directory), user],
        cwd=ROOT,
        env=os.environ | {"SETTEN_BI_READS": reads, "SECRETS_DIR": str(directory / "secrets")},
        input=json.dumps(statements),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [(code, text) for code, text in json.loads(result.stdout)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that `setten` has migrated: every statement of every migration, and of every view, was allowed."""
    directory = tmp_path_factory.mktemp("store")
    (directory / "secrets").mkdir()
    for secret in ("setten_clickhouse_password", "clickhouse_bi_password"):
        (directory / "secrets" / secret).write_text("a password")
    statements = ["CREATE DATABASE IF NOT EXISTS setten", "USE setten"]
    statements += ["CREATE TABLE store_facts (name String, value String) ENGINE = ReplacingMergeTree ORDER BY name"]
    statements += [statement for _, of_one in migrations() for statement in of_one]
    statements += ["CREATE DATABASE IF NOT EXISTS bi COMMENT 'ours'", "CREATE DATABASE IF NOT EXISTS bi_personal"]
    # On a server CURRENT_USER is setten; here it is `default`, whoever that stands for.
    made = [view.create(view.folder, Settings()).replace("CURRENT_USER", "setten") for view in views()]
    statements += made + made  # again, as a later version does
    statements += ["DROP VIEW bi_personal.contacts", made[-1]]
    for statement, (code, text) in zip(statements, run_as("setten", directory, *statements), strict=True):
        assert code == 0, f"{statement}: {text}"
    return directory


def test_setten_reads_writes_and_sends_keys_along(store: Path) -> None:
    answers = run_as(
        "setten",
        store,
        "INSERT INTO setten.events (event_id, content) SELECT generateUUIDv4(), generateUUIDv4()",
        "CREATE TEMPORARY TABLE keys (event_id UUID)",
        "INSERT INTO keys SELECT event_id FROM setten.events",
        "SELECT count() FROM setten.events FINAL WHERE event_id IN (SELECT event_id FROM keys)",
        "ALTER TABLE setten.events ADD COLUMN later UInt8",
        "ALTER TABLE setten.events DROP COLUMN later",
        "ALTER TABLE setten.events DELETE WHERE 1 SETTINGS mutations_sync = 2",
        "SELECT count() FROM system.parts WHERE database = 'setten' AND active",
        "SELECT value FROM system.settings WHERE name = 'async_insert'",
    )
    assert [code for code, _ in answers] == [0] * len(answers), answers
    assert (answers[3][1], answers[-1][1]) == ("1\n", "0\n")


def test_setten_builds_tables_beside_its_own_exchanges_them_and_drops_what_is_left(store: Path) -> None:
    shadow = "setten_replay"
    answers = run_as(
        "setten",
        store,
        f"DROP DATABASE IF EXISTS {shadow} SYNC",
        f"CREATE DATABASE {shadow} COMMENT 'run'",
        *(f"CREATE TABLE {shadow}.{table} AS setten.{table}" for table in (*DERIVED, *SOURCES)),
        f"INSERT INTO {shadow}.accounts (account_id) VALUES ('kaze')",
        f"EXCHANGE TABLES setten.touches AND {shadow}.touches, setten.accounts AND {shadow}.accounts",
        f"SELECT comment FROM system.databases WHERE name = '{shadow}'",
        "SELECT account_id FROM setten.accounts",
        f"EXCHANGE TABLES setten.accounts AND {shadow}.accounts",
        f"DROP DATABASE {shadow} SYNC",
    )
    assert [code for code, _ in answers] == [0] * len(answers), answers
    assert [text for _, text in answers[-4:-2]] == ["run\n", "kaze\n"]


def test_setten_reaches_nothing_beyond_its_database(store: Path) -> None:
    answers = run_as(
        "setten",
        store,
        "SELECT * FROM file('/etc/hostname', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM remote('127.0.0.1', 'system', 'one')",
        "CREATE DATABASE another",
        "DROP DATABASE setten",
        "CREATE USER somebody",
    )
    assert [code for code, _ in answers] == [ACCESS_DENIED] * len(answers), answers


@pytest.mark.parametrize(
    ("reads", "allowed"),
    [("views", (True, False, False)), ("personal", (True, True, False)), ("tables", (True, True, True))],
)
def test_bi_reads_the_views_and_by_choice_those_of_persons_and_the_tables(
    store: Path, reads: str, allowed: tuple[bool, bool, bool]
) -> None:
    asked = {
        "bi": [f"SELECT * FROM bi.{view.name}" for view in views() if view.folder == "bi"],
        "bi_personal": ["SELECT * FROM bi_personal.stakeholders", "SELECT * FROM bi_personal.contact_activity"],
        "setten": ["SELECT * FROM setten.contact_day", "SELECT * FROM setten.archive"],
    }
    for may, (database, statements) in zip(allowed, asked.items(), strict=True):
        *answers, shown = run_as("bi", store, *statements, f"SHOW TABLES FROM {database}", reads=reads)
        assert {code for code, _ in answers} == {0 if may else ACCESS_DENIED}, answers
        assert bool(shown[1]) == may


def test_a_wrong_choice_of_what_bi_reads_stops_the_server(store: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        run_as("bi", store, "SELECT 1", reads="everything")
    assert "SETTEN_BI_READS is 'everything': give views, personal or tables" in refused.value.stderr


def test_bi_reads_every_table_but_one_with_settings_of_its_own(store: Path) -> None:
    ((_, tables),) = run_as("bi", store, "SHOW TABLES FROM setten")
    names = [name for name in tables.split() if name != "erasure_key"]
    assert {"touches", "contact_day", "alerts"} <= set(names)
    values = {
        "known_before": "'2026-01-01 00:00:00'",
        "day": "'2026-01-01'",
        "accounts": "[]",
        "profile": "''",
        "zone": "'Asia/Tokyo'",
    }
    asked = {table.name: [f"{one} = {values[one]}" for one in table.parameters] for table in dictionary_tables()}
    read = [f"{name}({', '.join(asked[name])})" if asked.get(name) else name for name in names]
    answers = run_as(
        "bi",
        store,
        "USE setten",  # where a view reads one with a parameter, that is looked for in the reader's database
        *(f"SELECT count() FROM setten.{name} SETTINGS max_threads = 1, join_use_nulls = 1" for name in read),
        "SELECT 1 SETTINGS max_execution_time = 300",
        "DESCRIBE TABLE setten.contact_day",
        "SELECT count() FROM system.columns WHERE database = 'setten'",
        "SELECT name, value FROM system.settings LIMIT 1",
    )
    assert [code for code, _ in answers] == [0] * len(answers), answers


REFUSED = {
    "INSERT INTO setten.events (event_id, content) SELECT generateUUIDv4(), generateUUIDv4()": ACCESS_DENIED,
    "ALTER TABLE setten.events DELETE WHERE 1": ACCESS_DENIED,
    "TRUNCATE TABLE setten.events": ACCESS_DENIED,
    "DROP TABLE setten.events": ACCESS_DENIED,
    "CREATE TABLE setten.mine (a UInt8) ENGINE = Memory": ACCESS_DENIED,
    "CREATE TEMPORARY TABLE mine (a UInt8)": ACCESS_DENIED,
    "SELECT * FROM file('/etc/hostname', 'LineAsString')": ACCESS_DENIED,
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')": ACCESS_DENIED,
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'CSV', 'a UInt8')": ACCESS_DENIED,
    "SELECT * FROM remote('127.0.0.1', 'system', 'one')": ACCESS_DENIED,
    "SELECT * FROM system.users": ACCESS_DENIED,
    "DROP VIEW bi.alerts": ACCESS_DENIED,
    "CREATE OR REPLACE VIEW bi.alerts AS SELECT 1": ACCESS_DENIED,
    "CREATE VIEW bi.mine AS SELECT * FROM setten.contacts": ACCESS_DENIED,
    "SELECT * FROM setten.erasure_key": ACCESS_DENIED,
    "SELECT length(key) FROM setten.erasure_key": ACCESS_DENIED,
    "SELECT key FROM merge('setten', 'erasure_k.*')": ACCESS_DENIED,
    "SET readonly = 0": READONLY,
    "INSERT INTO setten.events SETTINGS readonly = 0 SELECT generateUUIDv4(), generateUUIDv4()": READONLY,
    "SELECT 1 SETTINGS max_execution_time = 0": CONSTRAINT_VIOLATED,
    "SELECT 1 SETTINGS max_execution_time = 301": CONSTRAINT_VIOLATED,
    "SELECT 1 SETTINGS max_memory_usage = 0": CONSTRAINT_VIOLATED,
    "SELECT 1 SETTINGS additional_table_filters = {'setten.contact_day': '1'}": CONSTRAINT_VIOLATED,
    "SELECT 1 SETTINGS parallel_replicas_custom_key = 'day'": CONSTRAINT_VIOLATED,
}


@pytest.fixture(scope="module")
def answers_to_bi(store: Path) -> dict[str, tuple[int, str]]:
    """What `bi` gets for each statement, one after the other on one connection."""
    return dict(zip(REFUSED, run_as("bi", store, *REFUSED), strict=True))


@pytest.mark.parametrize("statement", REFUSED)
def test_bi_is_refused_all_else(answers_to_bi: dict[str, tuple[int, str]], statement: str) -> None:
    code, text = answers_to_bi[statement]
    assert code == REFUSED[statement], text

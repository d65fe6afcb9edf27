"""`setten doctor` and `setten status` where nothing runs: they tell it, with a remedy, and no secret."""

import os
from pathlib import Path

import pytest

from infra.embedded.processes import free_port
from infra.settings import load_settings
from jobs.data_dir import DataDir
from jobs.doctor import Check, compare_clocks, doctor
from jobs.status import status_of


@pytest.fixture(autouse=True)
def _nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SETTEN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_where_nothing_is_configured_both_servers_fail_with_what_to_do() -> None:
    checks = by_name(doctor(load_settings()))
    for server in ("kafka", "clickhouse"):
        assert checks[server].outcome == "fail"
        assert "`setten up` starts one here" in checks[server].remedy
    assert checks["setten up"].outcome == "warn"
    assert all(check.remedy for check in checks.values() if check.outcome != "ok")


def test_servers_that_take_no_connection_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("SETTEN_KAFKA_BROKERS", f"127.0.0.1:{port}")
    monkeypatch.setenv("SETTEN_CLICKHOUSE_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("SETTEN_CLICKHOUSE_PASSWORD", "hunter2")
    checks = by_name(doctor(load_settings()))
    assert checks["kafka"].found == f"127.0.0.1:{port} takes no connection"
    assert checks["clickhouse"].found == f"http://127.0.0.1:{port} takes no connection"
    assert "hunter2" not in str(checks)


def test_a_file_of_passwords_that_others_may_read_fails_and_its_remedy_mends_it() -> None:
    folder = DataDir(Path(".setten"))
    folder.create()
    folder.passwords(("setten", "bi"))
    name = f"file {folder.credentials_file}"
    assert by_name(doctor(load_settings()))[name].outcome == "ok"
    folder.credentials_file.chmod(0o640)
    found = by_name(doctor(load_settings()))[name]
    assert found.outcome == "fail"
    assert found.remedy == f"chmod 600 {folder.credentials_file}"


def test_a_settings_file_needs_to_be_private_only_if_it_has_secrets() -> None:
    config = Path("setten.toml")
    config.write_text("fiscal_year_start_month = 1\n")
    config.chmod(0o644)
    assert "file setten.toml" not in by_name(doctor(load_settings()))
    config.write_text('collector_token = "s3cret"\n')
    assert by_name(doctor(load_settings()))["file setten.toml"].outcome == "fail"


@pytest.mark.parametrize(
    ("ahead_s", "round_trip_s", "outcome"),
    [(0.0, 0.1, "ok"), (-5.0, 0.1, "warn"), (120.0, 0.1, "fail"), (5.0, 20.0, "ok")],
)
def test_clocks_are_apart_only_as_far_as_the_way_of_the_question_cannot_explain(
    ahead_s: float, round_trip_s: float, outcome: str
) -> None:
    asked = 1_750_000_000.0
    theirs = asked + round_trip_s / 2 + ahead_s
    assert compare_clocks(asked, theirs, asked + round_trip_s).outcome == outcome


def test_status_where_nothing_ever_ran_is_stopped() -> None:
    found = status_of(load_settings())
    assert (found.overall, found.exit_code, found.problems) == ("stopped", 3, [])

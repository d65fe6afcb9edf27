"""What the supervised processes are told, and what `setten up` refuses."""

import os
import socket
from pathlib import Path

import pytest

from infra.embedded.processes import LOOPBACK, free_port
from infra.settings import Settings, load_settings
from jobs.data_dir import DataDir, InUse, UpError
from jobs.embedded import Embedded, Ports, environment, refuse_other_servers

FREE = {"broker": 0, "clickhouse": 0, "collector": 0, "metrics_port": 0, "collector_metrics_port": 0}


@pytest.fixture
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("SETTEN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in env.items():
        if name.startswith("SETTEN_"):
            monkeypatch.setenv(name, value)
    return load_settings()


def test_a_child_reads_exactly_the_settings_it_was_given_whatever_file_lies_where_it_runs(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca = clean_environment / "ca.pem"
    ca.touch()
    (clean_environment / "other.toml").write_text(
        'business_timezone = "Europe/Paris"\nkafka_ca_file = "ca.pem"\ncollector_token = "s3cret"\n'
    )
    settings = load_settings(clean_environment / "other.toml")
    env = environment(settings)
    elsewhere = clean_environment / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "setten.toml").write_text('business_timezone = "Asia/Tokyo"\nfiscal_year_start_month = 1\n')
    monkeypatch.chdir(elsewhere)
    found = told(env, monkeypatch)
    absolute = {"data_dir": clean_environment / ".setten", "kafka_ca_file": ca}
    assert found.model_dump() == {**settings.model_dump(), **absolute}
    assert found.collector_token.get_secret_value() == "s3cret"


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({}, ["bi"]),
        ({"bi_reads": "personal"}, ["bi", "bi_personal"]),
        ({"bi_reads": "tables", "clickhouse_database": "other"}, ["other_bi", "other_bi_personal", "other"]),
        ({"bi_reads": "personal", "bi_database": "views"}, ["views", "views_personal"]),
    ],
)
def test_clickhouse_is_told_what_bi_may_read(clean_environment: Path, told: dict[str, str], read: list[str]) -> None:
    folder = DataDir(clean_environment / ".setten")
    folder.create()
    embedded = Embedded(Settings.model_validate(told), folder, Ports(FREE, before={}, hosts={}))
    command = embedded.servers()[1].command()
    assert command[command.index("--bi-reads") + 1 :] == read


def test_the_run_file_leads_other_commands_to_the_services_and_is_private(clean_environment: Path) -> None:
    folder = DataDir(clean_environment / ".setten")
    folder.create()
    embedded = Embedded(load_settings(), folder, Ports(FREE, before={}, hosts={}))
    found = load_settings()
    assert found.kafka_brokers == f"127.0.0.1:{embedded.ports.by_name['broker']}"
    assert found.clickhouse_url == f"http://127.0.0.1:{embedded.ports.by_name['clickhouse']}"
    assert found.collector_port == embedded.ports.by_name["collector"]
    assert found.kafka_session_timeout_s == 6
    assert found.clickhouse_password == embedded.settings.clickhouse_password
    assert folder.run_file.stat().st_mode & 0o777 == 0o600
    refuse_other_servers(found, folder.found())  # its own traces are not somebody else's servers


def test_passwords_are_made_once_and_private(tmp_path: Path) -> None:
    folder = DataDir(tmp_path / "data")
    folder.create()
    first = folder.passwords(("setten", "bi"))
    assert folder.passwords(("setten", "bi")) == first
    assert len(set(first.values())) == 2
    assert folder.credentials_file.stat().st_mode & 0o777 == 0o600
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_a_data_directory_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    folder = DataDir(tmp_path / "data")
    folder.create()
    with folder.lock(), pytest.raises(InUse), DataDir(tmp_path / "data").lock():
        pass
    with folder.lock():
        pass


def test_a_data_directory_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UpError, match=r"data directory cannot be used: .*file"):
        DataDir(tmp_path / "file").create()


def test_a_taken_port_is_told_with_the_one_who_needs_it() -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UpError, match=rf"port {port} is taken and the collector needs it: .*--collector-port"):
            Ports({**FREE, "collector": port}, before={}, hosts={})


def test_the_ports_of_the_last_run_are_taken_again_where_they_are_free() -> None:
    before = {"broker": free_port(), "clickhouse": free_port()}
    with socket.create_server((LOOPBACK, before["clickhouse"])):
        ports = Ports(FREE, before=before, hosts={})
    assert ports.by_name["broker"] == before["broker"]
    assert ports.by_name["clickhouse"] != before["clickhouse"]


def test_a_free_port_that_was_lost_is_replaced_and_an_asked_one_is_not() -> None:
    ports = Ports({**FREE, "collector": free_port()}, before={}, hosts={})
    lost = dict(ports.by_name)
    assert not ports.move("broker"), "it is not lost"
    with (
        socket.create_server((LOOPBACK, lost["broker"])),
        socket.create_server((LOOPBACK, lost["collector"])),
    ):
        assert ports.move("broker")
        assert not ports.move("collector")
    assert ports.by_name["broker"] != lost["broker"]
    assert ports.by_name["collector"] == lost["collector"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("kafka_brokers", "kafka.example:9092"),
        ("clickhouse_url", "http://clickhouse.example:8123"),
        ("clickhouse_password", "hunter2"),
    ],
)
def test_a_configuration_that_names_other_servers_is_refused_without_telling_secrets(
    clean_environment: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    monkeypatch.setenv(f"SETTEN_{setting.upper()}", value)
    with pytest.raises(UpError, match=f"the configuration sets {setting}:") as refusal:
        refuse_other_servers(load_settings(), {})
    assert "hunter2" not in str(refusal.value)

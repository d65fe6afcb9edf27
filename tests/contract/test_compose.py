"""infra/compose.yaml describes production as the Compose specification, docker-compose and Setten's settings read it.

No container engine runs here: what the images do is checked as far as it is written in this repository.
"""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from infra.settings import Settings, SettingsError, load_settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "infra" / "compose.yaml"
OPERATIONS = ROOT / "docs" / "operations.md"
START = ROOT / "infra" / "clickhouse-server" / "start.sh"
OURS = ("migrate", "worker", "collector")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text("utf-8"))


def tool(name: str) -> str:
    """Where a program is, beside this Python or on the path; without it the test is skipped, in CI it fails."""
    found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not installed")
    return found


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def environment_of(service: dict[str, Any]) -> dict[str, str]:
    """What the container sees where the host sets nothing: `${NAME:-default}` is its default."""
    told = service.get("environment", {})
    return {name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value)) for name, value in told.items()}


def write_secrets(folder: Path, names: list[str]) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).write_text(f"the {name}\n", "utf-8")
    return folder


def settings_in(service: dict[str, Any], secrets: Path, monkeypatch: pytest.MonkeyPatch, working_dir: Path) -> Settings:
    """The settings as a container of the service reads them."""
    for name in [name for name in os.environ if name.startswith("SETTEN_")]:
        monkeypatch.delenv(name)
    for name, value in environment_of(service).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SETTEN_SECRETS_DIR", str(secrets))
    monkeypatch.chdir(working_dir)
    return load_settings()


def test_docker_compose_accepts_the_file() -> None:
    result = run(tool("docker-compose"), "-f", COMPOSE, "config", "--quiet")
    assert (result.returncode, result.stderr) == (0, "")


def test_the_file_is_valid_by_the_current_compose_specification() -> None:
    result = run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE)
    assert result.returncode == 0, result.stdout + result.stderr


def test_there_is_all_that_production_needs(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"kafka", "clickhouse", *OURS}


@pytest.mark.parametrize("name", SERVICES)
def test_every_setting_that_is_named_exists(name: str) -> None:
    known = {f"SETTEN_{field.upper()}" for field in Settings.model_fields} | {"SETTEN_SECRETS_DIR"}
    named = {variable for variable in SERVICES[name].get("environment", {}) if variable.startswith("SETTEN_")}
    assert named <= known
    assert bool(named) == (name in (*OURS, "clickhouse"))  # which is told what bi reads


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned_to_a_version(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].rpartition(":")
    assert image, f"{SERVICES[name]['image']} has no tag"
    assert re.fullmatch(r"\d+(\.\d+)+", tag)


def test_our_image_has_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert {SERVICES[name]["image"] for name in OURS} == {f"setten:{version}"}


def test_clickhouse_is_new_enough() -> None:
    tag = SERVICES["clickhouse"]["image"].rpartition(":")[2]
    assert tuple(int(part) for part in tag.split(".")[:2]) >= (24, 8)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check_or_runs_once(name: str) -> None:
    service = SERVICES[name]
    waited_for_to_end = any(
        other.get("depends_on", {}).get(name, {}).get("condition") == "service_completed_successfully"
        for other in SERVICES.values()
    )
    if waited_for_to_end:
        assert service["restart"] == "no"
        assert "healthcheck" not in service
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"


def test_the_tables_are_there_before_anything_uses_them() -> None:
    assert SERVICES["migrate"]["depends_on"] == {
        "kafka": {"condition": "service_healthy"},
        "clickhouse": {"condition": "service_healthy"},
    }
    for name in ("worker", "collector"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert SERVICES[name]["depends_on"]["kafka"] == {"condition": "service_healthy"}
    assert SERVICES["worker"]["depends_on"]["clickhouse"] == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", SERVICES)
def test_only_loopback_is_published(name: str) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_kafka_is_reached_by_us_only(compose: dict[str, Any]) -> None:
    assert compose["networks"]["kafka"] == {"internal": True}
    assert SERVICES["kafka"]["networks"] == ["kafka"]
    assert "ports" not in SERVICES["kafka"]
    assert {name for name in SERVICES if "kafka" in SERVICES[name]["networks"]} == {"kafka", *OURS}


@pytest.mark.parametrize("name", SERVICES)
def test_no_password_is_written_down(name: str) -> None:
    for variable, value in environment_of(SERVICES[name]).items():
        assert not re.search(r"PASSWORD|TOKEN|CREDENTIAL|API_?KEY", variable), f"{variable} belongs into a secret"
        assert not re.search(r"://[^/]*@", value), f"{variable} has a password in its address"


def test_every_secret_is_declared_and_used(compose: dict[str, Any]) -> None:
    declared, used = set(compose["secrets"]), {s for service in SERVICES.values() for s in service.get("secrets", [])}
    assert used == declared
    for name, secret in compose["secrets"].items():
        assert secret == {"file": f"./secrets/{name}"}


def test_every_secret_of_ours_is_a_secret_setting() -> None:
    for service in OURS:
        for name in SERVICES[service]["secrets"]:
            assert Settings.model_fields[name.removeprefix("setten_")].annotation is SecretStr


def test_every_volume_is_declared_or_in_the_repository(compose: dict[str, Any]) -> None:
    used = set()
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source, _, rest = volume.partition(":")
            if source.startswith("."):
                assert (COMPOSE.parent / source).is_file()
                assert rest.endswith(":ro")
            else:
                used.add(source)
    assert used == set(compose["volumes"])


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_write_nothing_that_stays(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert all(mount.endswith(":ro") for mount in service.get("volumes", []))
    assert [mount.partition(":")[0] for mount in service["tmpfs"]] == ["/tmp", "/run/setten"]


@pytest.mark.parametrize("name", OURS)
def test_the_settings_resolve_in_the_container(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secrets = write_secrets(tmp_path / "secrets", SERVICES[name]["secrets"])
    settings = settings_in(SERVICES[name], secrets, monkeypatch, tmp_path)
    assert settings.brokers == ["kafka:9092"]
    for secret in SERVICES[name]["secrets"]:
        value: SecretStr = getattr(settings, secret.removeprefix("setten_"))
        assert value.get_secret_value() == f"the {secret}"
    if name == "collector":
        assert (settings.collector_host, settings.collector_port) == ("0.0.0.0", 8420)
        assert SERVICES[name]["ports"] == [f"127.0.0.1:8420:{settings.collector_port}"]
        assert f":{settings.collector_port}/health" in SERVICES[name]["healthcheck"]["test"][-1]
    else:
        assert (settings.clickhouse_url, settings.clickhouse_user) == ("http://clickhouse:8123", "setten")


def test_the_collector_does_not_start_without_its_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="set collector_token"):
        settings_in(SERVICES["collector"], write_secrets(tmp_path / "secrets", []), monkeypatch, tmp_path)


@pytest.mark.parametrize("name", ["worker", "collector"])
def test_our_programs_take_the_options_they_are_given(name: str) -> None:
    command = SERVICES[name]["command"]
    assert command[0] == name
    shown = run(sys.executable, "-m", "jobs.cli", *command, "--help")
    assert shown.returncode == 0, shown.stderr
    assert all(option in shown.stdout for option in command if option.startswith("--"))


def test_the_worker_is_healthy_once_its_ready_file_is_there() -> None:
    assert SERVICES["worker"]["healthcheck"]["test"][-1] == SERVICES["worker"]["command"][-1]


def test_clickhouse_gets_the_hashes_of_the_passwords(tmp_path: Path) -> None:
    secrets = write_secrets(tmp_path / "secrets", SERVICES["clickhouse"]["secrets"])
    shown = run(tool("bash"), START, "env", SECRETS_DIR=str(secrets))
    for variable, secret in (
        ("CLICKHOUSE_SETTEN_SHA256", "setten_clickhouse_password"),
        ("CLICKHOUSE_BI_SHA256", "clickhouse_bi_password"),
    ):
        assert f"{variable}={hashlib.sha256(f'the {secret}'.encode()).hexdigest()}" in shown.stdout.splitlines()
    assert f"the {secret}" not in shown.stdout


@pytest.mark.parametrize("state", ["empty", "missing", "a folder"])
@pytest.mark.parametrize("secret", SERVICES["clickhouse"]["secrets"])
def test_clickhouse_does_not_start_without_a_password(secret: str, state: str, tmp_path: Path) -> None:
    file = write_secrets(tmp_path / "secrets", SERVICES["clickhouse"]["secrets"]) / secret
    file.unlink()
    if state == "empty":
        file.write_text("\n", "utf-8")
    elif state == "a folder":  # which is what docker-compose makes of a missing file
        file.mkdir()
    shown = run(tool("bash"), START, "echo", "started", SECRETS_DIR=str(file.parent))
    assert shown.returncode != 0
    assert "started" not in shown.stdout
    assert secret in shown.stderr


def test_the_documented_commands_make_the_secrets(compose: dict[str, Any], tmp_path: Path) -> None:
    tool("openssl")
    commands = re.search(r"## Secrets\n.*?```sh\n(.*?)```", OPERATIONS.read_text("utf-8"), re.DOTALL)
    assert commands is not None
    first = run(tool("bash"), "-euc", commands[1], cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    files = {path.name: path for path in (tmp_path / "infra" / "secrets").iterdir()}
    assert set(files) == set(compose["secrets"])
    assert stat.S_IMODE((tmp_path / "infra" / "secrets").stat().st_mode) == 0o700
    values = [path.read_text("utf-8") for path in files.values()]
    assert all(len(value.strip()) >= 32 for value in values)
    assert len(set(values)) == len(values)
    # The container's user is not the host's: it has to be able to read the file that is mounted.
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o444}
    again = run(tool("bash"), "-euc", commands[1], cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert [path.read_text("utf-8") for path in files.values()] == values, "making them again changed them"


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_is_documented(field: str) -> None:
    assert f"| `SETTEN_{field.upper()}` |" in OPERATIONS.read_text("utf-8")


def test_no_setting_is_documented_that_does_not_exist() -> None:
    named = set(re.findall(r"SETTEN_[A-Z0-9_]+[A-Z0-9]", OPERATIONS.read_text("utf-8")))
    assert named <= {f"SETTEN_{field.upper()}" for field in Settings.model_fields} | {"SETTEN_SECRETS_DIR"}


def test_the_image_is_built_of_what_the_builder_is_sent() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    dockerfile = (ROOT / "infra" / "Dockerfile").read_text("utf-8")
    copied = {
        source
        for sources in re.findall(r"^COPY (?!--from)(.+) /src\S*$", dockerfile, re.MULTILINE)
        for source in sources.split()
    }
    assert copied == allowed
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    assert {package.partition(".")[0] for package in packages} <= copied
    assert "infra/secrets" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()


def test_the_image_runs_as_nobody_special() -> None:
    dockerfile = (ROOT / "infra" / "Dockerfile").read_text("utf-8")
    final = dockerfile.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["setten"\]$', final, re.MULTILINE)

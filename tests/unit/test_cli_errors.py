"""What a user can do wrong is answered by one clear line and an exit code, never by a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import ROOT


def setten(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SETTEN_")}
    return subprocess.run(
        [sys.executable, "-m", "jobs.cli", *arguments],
        cwd=folder,
        env=clean | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


CLOSED = "127.0.0.1:9"


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (("import", "mbox", "missing.mbox"), {}, "missing.mbox"),
        (("import", "mbox", "here.mbox"), {"SETTEN_KAFKA_BROKERS": CLOSED}, "no ClickHouse is configured"),
        (("alerts", "list"), {"SETTEN_CLICKHOUSE_URL": f"http://{CLOSED}"}, f"ClickHouse at http://{CLOSED}"),
        (("assess", "--as-of", "2012-12-31"), {}, "setten up"),
        (("migrate",), {"SETTEN_KAFKA_BROKERS": CLOSED}, f"Kafka at {CLOSED} does not answer"),
        (("worker",), {"SETTEN_KAFKA_BROKERS": CLOSED}, "no ClickHouse is configured"),
        (("collector",), {}, "no Kafka broker is configured"),
        (("alerts", "list", "--state", "closed"), {}, "use open, resolved or all"),
        (("import", "access-log", "here.mbox", "--format", "iis"), {}, "use combined or host"),
        (("import", "mbox", "here.mbox", "--own-domain", "co.jp"), {}, "'co.jp' is not a domain"),
        (("import", "attendees", "here.csv"), {}, "here.csv: its times tell no zone; add --timezone"),
        (("import", "attendees", "here.csv", "--timezone", "JST+9"), {}, "'JST+9': not a time zone"),
        (("import", "attendees", "here.csv", "--timezone", "Asia/Tokyo"), {}, "no ClickHouse is configured"),
        (("dead-letters", "stats"), {"SETTEN_CLICKHOUSE_URL": f"http://{CLOSED}"}, f"ClickHouse at http://{CLOSED}"),
        (("dead-letters", "requeue", "--all"), {}, "no ClickHouse is configured"),
        (("dead-letters", "repair", "--all", "--set", ".time ="), {}, "syntax error"),
        (("dead-letters", "list", "--state", "dead"), {}, "'dead' is not one of"),
        (("why", "sato@"), {}, "'sato@' is not a mail address: give one like sato@example.co.jp"),
        (("why", "a@b.example, c@d.example"), {}, "2 addresses; ask about one at a time"),
        (("why", "sato@example.co.jp", "--on", "yesterday"), {}, "'yesterday' does not"),
        (("why", "0a0b0c0d0e0f00112233445566778899", "--on", "2026-01-01"), {}, "an event has a day of its own"),
        (("why", "sato@example.co.jp", "--on", "0001-01-01"), {}, "give a year from 1990 to 2100"),
        (("why", "sato@example.co.jp", "--lang", "fr"), {}, "'fr' is not one of"),
        (("why", "sato@example.co.jp"), {}, "no ClickHouse is configured"),
        (("coverage", "--people"), {}, "--people and --management are of one account"),
        (("coverage", "kita", "--people", "--management", "--csv"), {}, "use one of them with --csv"),
        (("coverage", "kita", "--as-of", "1900-01-01"), {}, "--as-of 1900-01-01: give a year from 1990 on"),
        (("coverage", "kita", "--as-of", "2099-01-01"), {}, "--as-of 2099-01-01: nobody knows that day yet"),
        (("score", "--as-of", "2099-01-01"), {}, "--as-of 2099-01-01: nobody knows that day yet"),
        (("score", "why", "kita", "--as-of", "2099-01-01"), {}, "--as-of 2099-01-01: nobody knows that day yet"),
        (("score", "phases", "--as-of", "2099-01-01"), {}, "--as-of 2099-01-01: nobody knows that day yet"),
        (("prioritise", "--as-of", "2099-01-01"), {}, "--as-of 2099-01-01: nobody knows that day yet"),
        (("score",), {}, "no ClickHouse is configured"),
        (("score", "profile"), {"SETTEN_SCORE_PROFILE": "missing.toml"}, "no such file: missing.toml"),
        (("import", "facts", "missing.json"), {}, "missing.json"),
        (("import", "facts", "here.csv"), {}, "here.csv: fact 1: not_json"),
        (("status",), {"SETTEN_BUSINESS_TIMEZONE": "Mars/Olympus"}, "not a time zone"),
        (("status",), {"SETTEN_NO_SUCH": "1"}, "SETTEN_NO_SUCH: not a setting"),
    ],
)
def test_a_mistake_is_one_clear_line(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    (tmp_path / "here.mbox").write_bytes(b"")
    (tmp_path / "here.csv").write_bytes(b"Email,Date\nann@kita.example,2026-11-20\n")
    done = setten(tmp_path, *arguments, **environment)
    assert done.returncode in (1, 2)
    assert said in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_all_errors_of_the_configuration_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "setten.toml").write_text('kafka_brokers = "nowhere"\nclickhouse_url = "ftp://x"\nno_such_field = 1\n')
    done = setten(tmp_path, "status", SETTEN_KAFKA_PARTITIONS="0")
    assert done.returncode == 1
    for name in ("kafka_brokers", "clickhouse_url", "no_such_field", "kafka_partitions"):
        assert name in done.stderr


def test_secrets_are_never_in_the_errors(tmp_path: Path) -> None:
    done = setten(tmp_path, "status", SETTEN_CLICKHOUSE_PASSWORD="hunter2", SETTEN_KAFKA_PARTITIONS="0")
    assert done.returncode == 1
    assert "hunter2" not in done.stdout + done.stderr


def test_an_outside_collector_without_token_is_refused(tmp_path: Path) -> None:
    done = setten(tmp_path, "doctor", SETTEN_COLLECTOR_HOST="0.0.0.0")
    assert done.returncode == 1
    assert "collector_token" in done.stderr


def test_the_schema_is_that_of_the_signal(tmp_path: Path) -> None:
    done = setten(tmp_path, "schema")
    assert done.returncode == 0
    assert '"title": "Setten signal"' in done.stdout


@pytest.mark.parametrize(
    "command", ["up", "status", "import", "alerts", "assess", "doctor", "dead-letters", "keys", "score", "why"]
)
def test_every_command_teaches(tmp_path: Path, command: str) -> None:
    done = setten(tmp_path, command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout

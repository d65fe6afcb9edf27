"""The process of the embedded ClickHouse: what survives it, how it starts, fails to start, and stops."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.embedded_clickhouse import Server, eventually


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    """End the processes of a test that failed half-way."""
    already = len(Server.launched)
    yield
    for process in Server.launched[already:]:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_what_was_answered_survives_sigkill(tmp_path: Path) -> None:
    server = Server(tmp_path).start()
    server.http("CREATE DATABASE setten")
    server.http("CREATE TABLE setten.t (a Int64) ENGINE = MergeTree ORDER BY a")
    server.http("CREATE TABLE in_default (a Int64) ENGINE = MergeTree ORDER BY a")
    for number in range(5):
        assert server.http(f"INSERT INTO setten.t VALUES ({number})").status == 200
        assert server.http(f"INSERT INTO in_default VALUES ({number})").status == 200
    server.kill()
    for _ in range(2):
        server = Server(tmp_path).start()
        assert server.http("SELECT groupArray(a) FROM (SELECT a FROM setten.t ORDER BY a)").body == b"[0,1,2,3,4]\n"
        assert server.http("SELECT count() FROM in_default").body == b"5\n"
        assert server.http("SELECT * FROM `/etc/hostname`").code == 60
        assert server.stop() == 0


def failed(process: object) -> str:
    out, error = process.communicate(timeout=30)  # type: ignore[attr-defined]
    assert process.returncode == 1  # type: ignore[attr-defined]
    assert out == b""
    assert error.count(b"\n") == 1, error.decode()
    return error.decode()


def test_a_taken_port_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}" in failed(Server(tmp_path, port=port).launch())


def test_a_directory_in_use_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    server = Server(tmp_path).start()
    assert "in use by another process" in failed(Server(tmp_path).launch())
    assert server.http("SELECT 1").body == b"1\n"
    assert server.stop() == 0


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ('[setten]\npassword = "x"\n[bi]\npassword = "y"\n', 0o644, "chmod 600"),
        ('[setten]\npassword = "x"\n', 0o600, "[bi] needs password"),
        ("[setten", 0o600, "not TOML"),
        ('[setten]\npassword = "x"\n[bi]\npassword = "y"\n[eve]\npassword = "z"\n', 0o600, "unknown users eve"),
    ],
)
def test_a_bad_file_of_users_is_one_line_and_no_traceback(tmp_path: Path, text: str, mode: int, reason: str) -> None:
    import subprocess
    import sys

    users = tmp_path / "bad.toml"
    users.write_text(text)
    users.chmod(mode)
    command = [sys.executable, "-m", "infra.embedded.clickhouse", "--data-dir", str(tmp_path / "d"), "--port", "0"]
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([*command, "--users", str(users)], cwd=root, stdout=-1, stderr=-1)
    assert reason in failed(process)


def test_it_stops_in_a_few_seconds_whatever_runs(tmp_path: Path) -> None:
    server = Server(tmp_path).start()
    body = b"SELECT sum(sipHash64(number)) AS busy FROM numbers(1000000000000)"
    given = "user=setten&password=s3cret-%27%22%25"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            b"POST /?%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (given.encode(), len(body)) + body
        )
        ask = "SELECT count() > 1 FROM system.processes WHERE query LIKE '%busy%'"
        eventually(lambda: server.http(ask).body == b"1\n", "the query runs")
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 8


def test_a_directory_with_nothing_in_the_default_database_opens_again(tmp_path: Path) -> None:
    server = Server(tmp_path).start()
    server.http("CREATE DATABASE setten")
    for _ in range(2):
        assert server.stop() == 0
        server = Server(tmp_path).start()
        assert server.http("SELECT count() FROM system.databases WHERE name IN ('setten', 'default')").body == b"2\n"
        assert server.http("SELECT * FROM `/etc/hostname`").code == 60
    server.stop()

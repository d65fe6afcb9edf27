"""A real embedded ClickHouse process for contract tests: started on a free port, over a directory of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import clickhouse_connect
from clickhouse_connect.driver.client import Client

PASSWORDS = {"setten": "s3cret-'\"%", "bi": "look only"}
ROOT = Path(__file__).resolve().parents[2]


def eventually(condition: Callable[[], bool], what: str, *, within_s: float = 15) -> None:
    """Wait until a condition holds; fail with `what` when it does not come to."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, f"after {within_s} s still not: {what}"
        time.sleep(0.02)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, also of a refusal."""

    status: int
    body: bytes
    headers: Message

    @property
    def code(self) -> int:
        return int(self.headers.get("X-ClickHouse-Exception-Code", 0))


@dataclass
class Server:
    """One process. `start` waits until it answers. bi_reads: the databases that `bi` may read."""

    directory: Path
    port: int = 0
    bi_reads: tuple[str, ...] = ("setten", "bi")
    process: "subprocess.Popen[bytes]" = field(init=False)
    launched: ClassVar[list["subprocess.Popen[bytes]"]] = []

    def start(self) -> "Server":
        self.launch()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1].decode()
        self.port = json.loads(line)["port"]
        return self

    def launch(self) -> "subprocess.Popen[bytes]":
        users = self.directory / "users.toml"
        self.directory.mkdir(parents=True, exist_ok=True)
        users.write_text("".join(f"[{user}]\npassword = {json.dumps(word)}\n" for user, word in PASSWORDS.items()))
        users.chmod(0o600)
        command = [sys.executable, "-m", "infra.embedded.clickhouse", "--data-dir", str(self.directory / "data")]
        command += ["--port", str(self.port), "--users", str(users), "--bi-reads", *self.bi_reads]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        Server.launched.append(self.process)
        return self.process

    def stop(self) -> int:
        """SIGTERM; answers the exit code."""
        self.process.terminate()
        self.process.communicate(timeout=10)
        return self.process.returncode

    def kill(self) -> None:
        """SIGKILL: nothing is flushed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def client(self, user: str = "setten", **options: Any) -> Client:
        return clickhouse_connect.get_client(
            host="127.0.0.1", port=self.port, username=user, password=PASSWORDS[user], **options
        )

    def http(
        self,
        sql: bytes | str = b"",
        *,
        user: str = "setten",
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        **parameters: str,
    ) -> Reply:
        """One plain request with the SQL as its body."""
        own = {"X-ClickHouse-User": user, "X-ClickHouse-Key": PASSWORDS[user]}
        body = sql.encode() if isinstance(sql, str) else sql
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/?{urlencode(parameters)}",
            data=None if method in ("GET", "HEAD") else body,
            headers={"Content-Type": "application/octet-stream", **own, **(headers or {})},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return Reply(reply.status, reply.read(), reply.headers)
        except urllib.error.HTTPError as error:
            return Reply(error.code, error.read(), error.headers)

    def curl(self, *arguments: str, stdin: bytes = b"", user: str = "setten") -> "subprocess.CompletedProcess[bytes]":
        """curl with credentials; `{url}` in an argument is the address."""
        given = [argument.replace("{url}", f"http://127.0.0.1:{self.port}") for argument in arguments]
        command = ["curl", "-sS", "-u", f"{user}:{PASSWORDS[user]}", *given]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)

    def rss_mib(self) -> float:
        """Memory of the process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def in_ci() -> bool:
    return bool(os.environ.get("CI"))

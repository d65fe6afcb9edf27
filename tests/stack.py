"""A whole Setten for a test: `setten up` in a folder of its own, its commands, and its tables by checksum."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from infra.clickhouse import ClickHouse
from infra.embedded.broker import Kind
from infra.settings import Settings, load_settings

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"

# What a table says, less when and where it arrived: two runs of the same input agree in these columns.
CONTENT = {
    "touches": "contact_key, day, event_id, occurred_at, kind, action, direction, affiliation, machine, campaign,"
    " subject, source, record_id",
    "contact_day": "account_id, day, contact_key, kind, action, direction, bound_by, touches, machine_touches,"
    " first_at, last_at",
    "events": "event_id, content, record_id, position",
    "dead_letters": "record_id, position, reason, detail, source, adapter, raw",
    "dead_letter_successors": "record_id, position, event_id, content, sent_as",
    "archive": "record_id, source, adapter, content_type, own_domains, body",
    "fact_sources": "fact_id, record_id, position",
    "accounts": "account_id, name, domains, tier, kind, parent_account_id, group_id, merged_into,"
    " ifNull(toString(merged_since), ''), merges",
    "contacts": "contact_key, account_id, name, title, department, seniority, job_function,"
    " ifNull(toString(since), ''), identified_as",
    "revenue": "account_id, month, currency, amount, counts_for",
}


def checksums(clickhouse: ClickHouse) -> dict[str, tuple[int, int]]:
    """(rows, order-free checksum of their content) of every table that ingest writes."""
    found = {}
    for table, columns in CONTENT.items():
        text = clickhouse.statement(f"SELECT concat(count(), ' ', sum(cityHash64({columns}))) FROM {table} FINAL")
        rows, digest = str(text).split()
        found[table] = (int(rows), int(digest))
    return found


def wait_for(condition: Callable[[], bool], what: str, patience_s: float = 60.0) -> None:
    """Until the condition holds; fails the test with `what` when it does not in time."""
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until, f"waited {patience_s:.0f} s in vain for {what}"
        time.sleep(0.05)


class Stack:
    """A running Setten. environment: further SETTEN_* variables for everything it starts."""

    broker: Kind = "tansu"

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("SETTEN_")}
        self._environment |= {"SETTEN_EMBEDDED_BROKER": self.broker, **(environment or {})}
        started = self.run("up", "--detach", "--collector-port", "0", timeout=180)
        assert started.returncode == 0, started.stderr
        self.settings: Settings = load_settings(None, folder)
        self.clickhouse = ClickHouse(self.settings)

    def run(self, *arguments: str | Path, timeout: float = 300, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a setten command on this stack. given: what it reads on standard input."""
        return subprocess.run(
            self._command(*arguments),
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            input=given,
        )

    def start(self, *arguments: str | Path, stdin: int | None = None) -> subprocess.Popen[bytes]:
        """Start a setten command on this stack, for who wants to end it in the middle.

        stdin: a terminal to answer it on; what it asks is in its stderr then.
        """
        nothing = subprocess.DEVNULL
        return subprocess.Popen(
            self._command(*arguments),
            cwd=ROOT,
            env=self._environment,
            stdin=nothing if stdin is None else stdin,
            stdout=nothing,
            stderr=nothing if stdin is None else subprocess.PIPE,
        )

    def _command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "jobs.cli", *map(str, arguments), "--data-dir", str(self.folder)]

    def json(self, *arguments: str | Path) -> Any:
        """Run a setten command with --json; answers what it printed."""
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def process(self, name: str) -> dict[str, Any]:
        """What `setten status` says of one process of the stack."""
        status = self.json("status")
        [found] = [p for p in status["processes"] if p["name"] == name] or pytest.fail(f"setten stands still: {status}")
        return found

    def process_id(self, name: str) -> int | None:
        """The pid of one process of the stack, None while it does not run."""
        return self.process(name)["pid"]

    def metrics(self, name: str) -> dict[str, float]:
        """What a process of the stack tells Prometheus, by `metric{label}`: values of labels without their names."""
        with urllib.request.urlopen(self.process(name)["metrics"], timeout=30) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=")
            families = text_string_to_metric_families(answer.read().decode())
        samples = (sample for family in families for sample in family.samples)
        return {f"{s.name}{{{','.join(s.labels.values())}}}" if s.labels else s.name: s.value for s in samples}

    def ask(self, sql: str) -> str:
        return str(self.clickhouse.statement(sql))

    def down(self) -> None:
        self.clickhouse.close()
        done = self.run("down")
        assert done.returncode == 0, done.stderr


def post(stack: Stack, body: bytes, query: str = "", headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
    """Send a body to the collector; answers the status and the answer's JSON."""
    url = f"http://{stack.settings.collector_host}:{stack.settings.collector_port}/v1/signals{query}"
    request = urllib.request.Request(url, body, dict(headers or {"Content-Type": "application/json"}))
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)

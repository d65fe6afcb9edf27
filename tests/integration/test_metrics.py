"""What worker and collector tell Prometheus, asked over HTTP and held against what was sent."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.embedded.processes import accepts
from tests.stack import ROOT, Stack, post, wait_for


def viewed(number: int, **other: Any) -> dict[str, Any]:
    return {
        "id": f"v{number}",
        "type": "web.page_viewed",
        "time": "2026-05-01T09:00:00+09:00",
        "data": {"contacts": [{"email": "hana@aozora.example"}, {"email": "ren@aozora.example"}]},
        **other,
    }


def lag(stack: Stack) -> float:
    told = stack.metrics("worker")
    return sum(value for name, value in told.items() if name.startswith("setten_ingest_lag_records"))


def test_the_counters_are_what_was_sent(stack: Stack) -> None:
    bodies = [
        json.dumps([viewed(n) for n in range(20)]).encode(),
        json.dumps([viewed(n) for n in range(15, 25)]).encode(),  # five of them again
        json.dumps([viewed(30), viewed(31, type="fax.sent"), viewed(32, time="yesterday")]).encode(),
        json.dumps(viewed(30, time="2026-05-02T09:00:00+09:00")).encode(),  # other content under an id that is taken
        b"this is not JSON",
    ]
    for sent, body in enumerate(bodies, 1):
        assert post(stack, body)[0] == 202
        # One after the other, so that it is sure which of two contents comes first.
        wait_for(lambda sent=sent: stack.metrics("worker")["setten_ingest_records_total"] == sent, f"body {sent}")
    assert post(stack, b"{}", "?lane=fax")[0] == 400

    told = stack.metrics("worker")
    assert told["setten_ingest_events_total"] == 32
    assert told["setten_ingest_duplicates_total"] == 5
    assert told["setten_ingest_touches_total"] == 64
    dead = {name: value for name, value in told.items() if "dead_letters" in name and value}
    assert dead == {
        "setten_ingest_dead_letters_total{unknown_kind}": 1,
        "setten_ingest_dead_letters_total{time_invalid}": 1,
        "setten_ingest_dead_letters_total{conflicting_duplicate}": 1,
        "setten_ingest_dead_letters_total{not_json}": 1,
    }
    assert told["setten_ingest_batch_events_sum"] == 32
    cycles = told["setten_ingest_cycle_seconds_count"]
    for step in ("decode", "wait", "insert", "settle", "directory", "roll_up", "publish", "commit"):
        assert told[f"setten_ingest_step_seconds_count{{{step}}}"] == cycles
    steps = sum(value for name, value in told.items() if name.startswith("setten_ingest_step_seconds_sum"))
    assert 0.5 * told["setten_ingest_cycle_seconds_sum"] < steps <= told["setten_ingest_cycle_seconds_sum"]
    assert told["setten_ingest_freshness_seconds_count{oldest}"] == cycles - 1  # of one nothing was valid
    assert (
        0 < told["setten_ingest_freshness_seconds_sum{newest}"] <= told["setten_ingest_freshness_seconds_sum{oldest}"]
    )
    assert told["setten_ingest_last_commit_timestamp_seconds"] > told["process_start_time_seconds"]
    assert told["process_resident_memory_bytes"] > 50e6

    door = stack.metrics("collector")
    assert [door[f"setten_collector_requests_total{{signals,{status}}}"] for status in (202, 400)] == [5, 1]
    assert door["setten_collector_accepted_bytes_total"] == sum(map(len, bodies))
    assert door["setten_collector_request_seconds_count"] == 6


@pytest.mark.slow
def test_the_lag_is_told_while_clickhouse_stands_still_and_falls_to_nothing(stack: Stack) -> None:
    wait_for(lambda: lag(stack) == 0, "ingest to settle")
    clickhouse = stack.process_id("clickhouse")
    assert clickhouse is not None
    metrics = stack.process("worker")["metrics"]
    os.kill(clickhouse, signal.SIGSTOP)
    try:
        for number in range(100, 130):
            assert post(stack, json.dumps(viewed(number)).encode(), "?lane=meeting")[0] == 202

        def waiting() -> bool:
            text = urllib.request.urlopen(metrics, timeout=30).read().decode()
            return 'setten_ingest_lag_records{topic="signals.meeting"} 30.0' in text

        wait_for(waiting, "the worker to tell that 30 records wait")
    finally:
        os.kill(clickhouse, signal.SIGCONT)
    wait_for(lambda: lag(stack) == 0, "the lag to fall")


@pytest.mark.slow
def test_batches_of_a_backlog_are_settled_together(stack: Stack) -> None:
    wait_for(lambda: lag(stack) == 0, "ingest to settle")

    def counted() -> dict[str, float]:
        told = stack.metrics("worker")
        return {step: told[f"setten_ingest_step_seconds_count{{{step}}}"] for step in ("insert", "settle")}

    clickhouse, before = stack.process_id("clickhouse"), counted()
    assert clickhouse is not None
    os.kill(clickhouse, signal.SIGSTOP)
    try:
        for number in range(160):  # of some 570 kB, and a batch takes 6 MiB
            body = json.dumps([viewed(1_000_000 + 3_000 * number + event) for event in range(3_000)]).encode()
            assert post(stack, body, "?lane=web")[0] == 202
    finally:
        os.kill(clickhouse, signal.SIGCONT)
    wait_for(lambda: lag(stack) == 0, "the backlog to be read", 120)
    batches, settlements = (counted()[step] - before[step] for step in ("insert", "settle"))
    assert batches >= 5
    assert settlements <= batches - 2


@pytest.mark.parametrize("name", ["worker", "collector"])
def test_metrics_are_shown_on_loopback_only_and_not_on_the_collectors_own_port(stack: Stack, name: str) -> None:
    where = urlsplit(stack.process(name)["metrics"])
    assert accepts("127.0.0.1", where.port or 0)
    # A socket that listens on every address would take this one too.
    assert not accepts("127.0.0.2", where.port or 0)
    assert where.port != stack.settings.collector_port
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{stack.settings.collector_port}/metrics", timeout=10)


def test_status_tells_where_the_metrics_are(stack: Stack) -> None:
    assert f"worker's metrics: {stack.process('worker')['metrics']}" in stack.run("status").stdout


@pytest.mark.parametrize(
    ("module", "setting"), [("worker", "SETTEN_METRICS_PORT"), ("collector", "SETTEN_COLLECTOR_METRICS_PORT")]
)
def test_a_second_process_on_a_taken_port_says_so_in_one_line(stack: Stack, module: str, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SETTEN_")}
        environment |= {"SETTEN_DATA_DIR": str(stack.folder), setting: str(port)}
        command = [sys.executable, "-m", f"streams.{module}"]
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if line.startswith(f"setten {module}:")]
    assert line.endswith(
        f"metrics cannot be shown on 127.0.0.1:{port} (address already in use): set {setting} to a free port,"
        " or to 0 for none"
    )

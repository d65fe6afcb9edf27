"""`setten replay` on a whole Setten: from the archive and from Kafka, on broken tables, under load, and killed."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import pytest

from infra.kafka import FACTS, SIGNAL_TOPICS, ingest_lag, producer
from infra.store import ArchivedBody, Store, archive_rows
from models.records import Origin, record_id
from models.touch_table import micros
from tests.faults import world
from tests.stack import ROOT, Stack, checksums, post, wait_for

TOLD = world.make(21, 2500)
RECEIVED = datetime(2026, 6, 1, 9, tzinfo=UTC)
ARRIVED = ("touches", "contact_day", "events", "dead_letters", "accounts", "archive")


@pytest.fixture(scope="module")
def stack(stack: Stack) -> Iterator[Stack]:
    """With a world in it: duplicates, conflicting ids, bad events, an account that takes over another's domain."""
    kafka = producer(stack.settings)
    origin = Origin("crm", "canonical", datetime(2026, 1, 1, tzinfo=UTC))
    for fact in TOLD.facts:
        kafka.send(FACTS, fact, headers=origin.to_headers())
    for number, body in enumerate(TOLD.bodies):
        kafka.send(SIGNAL_TOPICS[number % 4], body.raw, headers=body.headers())
    kafka.flush()
    kafka.close()
    settle(stack)
    world.hold(stack.settings, TOLD)
    return stack


def settle(stack: Stack) -> None:
    wait_for(lambda: ingest_lag(stack.settings).records == 0, "ingest to have read it all", 120)


def content(stack: Stack) -> dict[str, tuple[int, int]]:
    found = checksums(stack.clickhouse)
    return {table: found[table] for table in ARRIVED}


def replayed(stack: Stack, *options: str, code: int = 0) -> dict[str, Any]:
    done = stack.run("replay", "--json", *options)
    assert done.returncode == code, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def databases(stack: Stack) -> list[str]:
    return stack.ask("SHOW DATABASES").split("\n")


def event(number: int, **changed: Any) -> bytes:
    data = {"contacts": [{"email": f"late{number}@company2.example"}], "subject": "/pricing"}
    told = {"id": f"late{number}", "type": "web.page_viewed", "time": "2026-05-01T09:00:00+09:00", "data": data}
    return json.dumps(told | changed).encode()


@pytest.mark.parametrize("source", ["archive", "kafka"])
def test_a_replay_of_a_sound_store_gives_equal_checksums(stack: Stack, source: str) -> None:
    before = content(stack)
    told = replayed(stack, "--from", source, "--yes")
    assert (told["equal"], told["exchanged"]) == (True, True), told
    assert {one["table"] for one in told["tables"]} >= {"touches", "contact_day", "events", "dead_letters", "accounts"}
    assert all(one["before"] == one["after"] for one in told["tables"])
    assert told["records"] >= before["archive"][0] > 1000, "the archive is read in several slices"
    assert content(stack) == before
    world.hold(stack.settings, TOLD)
    assert f"{stack.settings.clickhouse_database}_replay" not in databases(stack)


def test_broken_tables_are_told_and_mended(stack: Stack) -> None:
    before = content(stack)
    day = stack.ask("SELECT min(day) FROM contact_day FINAL WHERE account_id = 'account2'")
    for broken in (
        "ALTER TABLE touches DELETE WHERE contact_key = 'mail:p1@company2.example'",
        f"ALTER TABLE contact_day UPDATE touches = touches + 5 WHERE account_id = 'account2' AND day = '{day}'",
        "ALTER TABLE dead_letters DELETE WHERE reason = 'conflicting_duplicate'",
        "ALTER TABLE accounts DELETE WHERE account_id = 'account3'",
    ):
        stack.ask(f"{broken} SETTINGS mutations_sync = 2")
    # A contact-day under an account that it does not belong to.
    stack.ask(
        "INSERT INTO contact_day SELECT * REPLACE ('account4' AS account_id) FROM contact_day FINAL"
        " WHERE contact_key = 'mail:p0@company2.example' LIMIT 1"
    )
    told = replayed(stack, "--dry-run", code=1)
    differs = {one["table"]: one for one in told["tables"] if not one["equal"]}
    assert set(differs) == {"touches", "contact_day", "dead_letters", "accounts"}
    assert day[:7] in differs["contact_day"]["months"]
    assert {"account2", "account4"} <= set(differs["contact_day"]["accounts"])
    assert differs["touches"]["new"][0]["contact_key"] == "mail:p1@company2.example"
    assert differs["accounts"]["new"][0]["account_id"] == "account3"
    assert content(stack) != before, "a dry run changes nothing"
    done = stack.run("replay", "--yes", "--keep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "differs" in done.stdout
    assert "The rebuilt tables are live." in done.stdout
    assert content(stack) == before
    world.hold(stack.settings, TOLD)
    kept = f"{stack.settings.clickhouse_database}_replay"
    assert int(stack.ask(f"SELECT count() FROM {kept}.accounts FINAL WHERE account_id = 'account3'")) == 0
    assert replayed(stack, "--dry-run")["equal"]
    assert kept not in databases(stack)


def test_stages_are_computed_again_after_the_tables_are_swapped(stack: Stack) -> None:
    told = "SELECT arraySort(groupArray((account_id, day, to_stage, score))) FROM stage_transitions FINAL"
    assert stack.run("score", "update").returncode == 0
    before = stack.ask(told)
    assert "engaged" in before
    # A worker that fell ill: what it wrote of the tables as they were.
    stack.ask("ALTER TABLE stage_transitions UPDATE score = 1 WHERE to_stage = 'engaged' SETTINGS mutations_sync = 2")
    stack.ask("ALTER TABLE stage_transitions DELETE WHERE to_stage = 'aware' SETTINGS mutations_sync = 2")
    replayed(stack, "--yes")
    assert stack.ask(told) == before


def test_what_a_mended_adapter_reads_now_becomes_touches(stack: Stack) -> None:
    clean = content(stack)
    # The tables as a version would have left them whose adapter failed on some bodies.
    bodies = "(SELECT record_id FROM touches WHERE contact_key = 'mail:p2@company3.example')"
    stack.ask(
        "INSERT INTO dead_letters SELECT record_id, 0, 'unreadable', 'KeyError', source, adapter, received_at, topic,"
        f" partition, offset, body, rank + 1, 0 FROM archive FINAL WHERE record_id IN {bodies}"
    )
    for table in ("events", "touches"):
        stack.ask(f"ALTER TABLE {table} DELETE WHERE record_id IN {bodies} SETTINGS mutations_sync = 2")
    assert content(stack) != clean
    assert not replayed(stack, "--yes")["equal"]
    assert content(stack) == clean
    world.hold(stack.settings, TOLD)


def test_what_comes_in_during_a_replay_is_in_the_tables_after_it(stack: Stack) -> None:
    ended, sent = Event(), [0]

    def send() -> None:
        while not ended.is_set():
            body = event(sent[0])
            if sent[0] % 10 == 9:
                body = event(sent[0], id=f"late{sent[0] - 1}")  # other content under the id before
            assert post(stack, body)[0] == 202
            sent[0] += 1
            if sent[0] % 40 == 0:
                declare_account(stack, sent[0])

    sender = Thread(target=send)
    sender.start()
    try:
        for source in ("archive", "kafka"):
            done = stack.run("replay", "--yes", "--from", source)
            assert done.returncode == 0, done.stdout + done.stderr
    finally:
        ended.set()
        sender.join()
    settle(stack)
    conflicts = sent[0] // 10
    found = stack.ask("SELECT (count(), uniqExact(event_id)) FROM touches FINAL WHERE contact_key LIKE 'mail:late%'")
    assert found == f"({sent[0] - conflicts},{sent[0] - conflicts})", f"{sent[0]} were sent"
    told = replayed(stack, "--dry-run")
    assert told["equal"], told


def declare_account(stack: Stack, number: int) -> None:
    """An account for a company of the world that belonged to nobody: its contact-days are bound anew."""
    told = {
        "type": "account_declared",
        "recorded_at": datetime(2026, 2, 1, tzinfo=UTC).isoformat(),
        "account_id": f"late{number}",
        "name": f"Late {number}",
        "domains": [f"company{world.ACCOUNTS + number // 40 % world.ACCOUNTS}.example"],
    }
    kafka = producer(stack.settings)
    kafka.send(FACTS, json.dumps(told).encode(), headers=Origin("crm", "facts", RECEIVED).to_headers()).get(timeout=30)
    kafka.close()


def test_a_replay_killed_at_any_moment_and_run_again_loses_nothing(stack: Stack) -> None:
    before = content(stack)
    command = [sys.executable, "-m", "jobs.cli", "replay", "--yes", "--data-dir", str(stack.folder)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    begun = time.monotonic()
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=300, **quiet).returncode == 0  # type: ignore[call-overload]
    whole_s = time.monotonic() - begun
    for share in (0.4, 0.75, 0.9):
        process = subprocess.Popen(command, cwd=ROOT, **quiet)  # type: ignore[call-overload]
        try:
            process.wait(share * whole_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert replayed(stack, "--yes")["exchanged"]
    assert content(stack) == before
    assert f"{stack.settings.clickhouse_database}_replay" not in databases(stack)


def test_a_second_replay_takes_over_and_the_first_swaps_nothing(stack: Stack) -> None:
    before = content(stack)
    shadow = f"{stack.settings.clickhouse_database}_replay"
    command = [sys.executable, "-m", "jobs.cli", "replay", "--yes", "--data-dir", str(stack.folder)]
    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_for(lambda: shadow in databases(stack), "the first replay to begin")
    assert replayed(stack, "--yes")["exchanged"]
    told, _ = first.communicate(timeout=300)
    assert first.returncode == 1, told
    assert content(stack) == before


def test_touches_without_a_body_are_not_dropped_unasked(stack: Stack) -> None:
    before = content(stack)
    stack.ask(
        "INSERT INTO touches SELECT * REPLACE (generateUUIDv4() AS record_id, generateUUIDv4() AS event_id)"
        " FROM touches FINAL WHERE contact_key = 'mail:p1@company2.example' LIMIT 2"
    )
    for source in ("archive", "kafka"):
        done = stack.run("replay", "--yes", "--from", source)
        assert done.returncode == 1
        assert "2 touches, received from 2026-06-01 on, come from bodies that nobody has" in " ".join(
            done.stderr.split()
        )
    assert not replayed(stack, "--yes", "--drop-unfounded")["equal"]
    assert content(stack) == before


def test_bodies_that_kafka_no_longer_has_are_not_dropped(stack: Stack) -> None:
    body = event(10**6)
    store = Store(stack.clickhouse, stack.settings.business_timezone)
    told = ("web", "canonical", "", "", micros(RECEIVED), "signals.web", 0, 0, body)
    store.archive(archive_rows([ArchivedBody(record_id("web", "canonical", body), *told)]))
    before = content(stack)
    done = stack.run("replay", "--yes", "--from", "kafka")
    assert done.returncode == 1
    said = " ".join(done.stderr.split())
    assert "Kafka no longer has 1 body of the archive, the oldest received on 2026-06-01" in said
    assert "--from archive" in said
    assert content(stack) == before
    replayed(stack, "--yes")
    assert (
        stack.ask(f"SELECT count() FROM touches FINAL WHERE contact_key = 'mail:late{10**6}@company2.example'") == "1"
    )


def test_without_anybody_to_ask_nothing_is_swapped(stack: Stack) -> None:
    done = stack.run("replay")
    assert done.returncode == 2
    assert "--dry-run" in done.stderr

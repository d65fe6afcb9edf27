"""`setten dead-letters`: poison in, looked at, requeued and repaired, until the tables are those of a clean run."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.dead_letters import Which
from infra.jq import compiled
from infra.kafka import FACTS, ingest_lag, producer
from jobs.requeue import Again
from models.records import Origin
from models.repairs import json_edit
from tests.stack import CONTENT, ROOT, Stack, checksums, post, wait_for

TIME = "2026-05-01T09:00:00+09:00"
CLOSED_ONLY = "--state=closed"


def event(number: int, **changed: Any) -> dict[str, Any]:
    """One event as its source should have sent it; changed: how it sends it instead."""
    data = {"contacts": [{"email": f"person{number}@aozora.example"}], "subject": "/pricing"}
    return {"id": f"e{number}", "type": "web.page_viewed", "time": TIME, "data": data} | changed


def body(*events: dict[str, Any]) -> bytes:
    """Compact, as a repair writes it."""
    return "\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in events).encode()


SLASHES = [body(event(n, time="2026/05/01 09:00")) for n in range(6)]
MIXED = body(event(10), event(11, time="2026/05/01 09:00"), event(12))
RIGHT = [body(event(n)) for n in range(6)]
MIXED_RIGHT = body(event(10), event(11), event(12))
TO_RFC_3339 = '.time |= (sub("/"; "-"; "g") | sub(" "; "T") + ":00+09:00")'


def start(folder: Path) -> Stack:
    """A running Setten with an account, so that contact-days are bound, and one event of another source."""
    running = Stack(folder)
    (folder / "accounts.csv").write_text("account_id,name,domains\naozora,Aozora,aozora.example\n")
    (folder / "first.ndjson").write_bytes(body(event(99)))
    done = running.run("import", "signals", folder / "first.ndjson", "--accounts", folder / "accounts.csv")
    assert done.returncode == 0, done.stderr
    return running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = start(tmp_path_factory.mktemp("stack"))
    yield running
    running.down()


def settle(stack: Stack, letters: int, source: str) -> None:
    sql = f"SELECT count() FROM dead_letters FINAL WHERE source = '{source}'"
    wait_for(lambda: ingest_lag(stack.settings).records == 0 and int(stack.ask(sql)) == letters, f"{letters} letters")


def listed(stack: Stack, *options: str) -> list[dict[str, Any]]:
    return list(stack.json("dead-letters", "list", "--limit", "100", *options)["dead_letters"])


def test_poison_is_counted_listed_and_shown(stack: Stack) -> None:
    for bad in (*SLASHES, MIXED):
        assert post(stack, bad, "?source=crm", {"Content-Type": "application/json"})[0] == 202
    post(stack, b'{"id": "\x93\x8c\x8b\x9e\x1b[31m"}', "?source=shop")
    post(stack, b'{"id": "' + b"x" * 1_500_000 + b'"}', "?source=shop")
    settle(stack, 7, "crm")
    settle(stack, 2, "shop")
    counted = stack.json("dead-letters", "stats")
    assert counted["total"] == 9
    assert {(one["reason"], one["source"], one["events"]) for one in counted["counts"]} == {
        ("time_invalid", "crm", 7),
        ("invalid_utf8", "shop", 1),
        ("too_large", "shop", 1),
    }
    table = stack.run("dead-letters", "stats").stdout
    assert "give the time in RFC 3339 with its zone" in " ".join(table.split())
    for by in ("source", "day"):
        assert "9 open dead letters" in stack.run("dead-letters", "stats", "--by", by).stdout

    assert len(listed(stack, "--reason", "time_invalid", "--source", "crm")) == 7
    assert listed(stack, "--source", "nobody") == []
    assert listed(stack, "--since", "2100-01-01") == []
    pages = [stack.json("dead-letters", "list", "--limit", "4", "--offset", str(n)) for n in (0, 4, 8)]
    assert [len(page["dead_letters"]) for page in pages] == [4, 4, 1]
    assert len({one["id"] for page in pages for one in page["dead_letters"]}) == 9
    first = stack.run("dead-letters", "list", "--limit", "4")
    assert "The next page: --offset 4" in first.stderr
    assert pages[0]["dead_letters"][0]["id"][:12] in first.stdout

    [mixed] = [one for one in listed(stack, "--source", "crm") if one["position"] == 1]
    shown = stack.json("dead-letters", "show", mixed["id"])
    assert shown["raw"].encode() == MIXED.split(b"\n")[1]
    assert (shown["open"], shown["sent_again"], shown["topic"]) == (True, [], "signals.web")
    text = stack.run("dead-letters", "show", mixed["id"][:12] + ":1").stdout
    for part in ("2026/05/01 09:00", "What to do", "offset", "counted from 0"):
        assert part in text


def test_strange_and_large_bytes_are_shown_without_harm_and_given_whole(stack: Stack) -> None:
    by_reason = {one["reason"]: one["id"] for one in listed(stack, "--source", "shop")}
    strange = stack.run("dead-letters", "show", by_reason["invalid_utf8"])
    assert "\\x93\\x8c" in strange.stdout
    assert "\x1b" not in strange.stdout
    large = stack.run("dead-letters", "show", by_reason["too_large"])
    assert len(large.stdout) < 8000
    assert "--raw > FILE" in large.stderr
    command = [sys.executable, "-m", "jobs.cli", "dead-letters", "show", by_reason["invalid_utf8"], "--raw"]
    raw = subprocess.run([*command, "--data-dir", stack.folder], cwd=ROOT, capture_output=True, check=True).stdout
    assert raw == b'{"id": "\x93\x8c\x8b\x9e\x1b[31m"}'


def test_requeue_of_unchanged_poison_leaves_every_table_as_it_is(stack: Stack) -> None:
    before = checksums(stack.clickhouse)
    dry = stack.json("dead-letters", "requeue", "--all", "--dry-run")
    assert dry == {"records": 9, "letters": 9, "readable": 0}
    for _ in range(2):
        done = stack.run("dead-letters", "requeue", "--all", "--yes", "--json")
        assert done.returncode == 1
        told = json.loads(done.stdout)
        assert (told["records"], told["letters"], told["closed"]) == (9, 9, 0)
        assert told["dead"] == {"time_invalid": 7, "invalid_utf8": 1, "too_large": 1}
        assert checksums(stack.clickhouse) == before
    assert stack.json("dead-letters", "stats")["total"] == 9


def test_a_dry_repair_shows_the_changes_and_changes_nothing(stack: Stack) -> None:
    before, lag = checksums(stack.clickhouse), ingest_lag(stack.settings)
    done = stack.run("dead-letters", "repair", "--source", "crm", "--set", TO_RFC_3339)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('-  "time": "2026/05/01 09:00",') == 7
    assert done.stdout.count(f'+  "time": "{TIME}",') == 7
    assert "would pass now 7" in " ".join(done.stderr.split())
    assert "--apply" in done.stderr
    assert (checksums(stack.clickhouse), ingest_lag(stack.settings)) == (before, lag)


def test_mistakes_are_one_clear_line_and_send_nothing(stack: Stack) -> None:
    before, lag = checksums(stack.clickhouse), ingest_lag(stack.settings)
    some_id = listed(stack)[0]["id"]
    for arguments, code, text in (
        (("show", "ffffffffffff:0"), 1, "no dead letter has the id"),
        (("show", "wrong"), 2, "no dead letter's id"),
        (("list", "--since", "0001-01-01"), 2, "1971"),
        (("requeue",), 2, "say which"),
        (("requeue", some_id, "--all"), 2, "not both"),
        (("requeue", "--all"), 2, "--yes"),
        (("requeue", "--reason", "no_such"), 2, "no_such"),
        (("repair", "--all", "--set", ".time ="), 2, "syntax error"),
        (("repair", "--all"), 2, "--set PROGRAM or --replace FILE"),
        (("repair", "--all", "--replace", "x"), 2, "give one ID"),
        (("repair", some_id, "--replace", "missing.json"), 1, "missing.json"),
        (("repair", "--all", "--set", '.id = "x"', "--apply", "--yes"), 1, ""),
    ):
        done = stack.run("dead-letters", *arguments)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), (arguments, done.stderr)
        assert text in " ".join(done.stderr.split()), done.stderr
    assert (checksums(stack.clickhouse), ingest_lag(stack.settings)) == (before, lag)


def test_repaired_events_give_the_tables_of_a_clean_run(stack: Stack, tmp_path: Path) -> None:
    repair = ("dead-letters", "repair", "--source", "crm", "--set", TO_RFC_3339, "--apply", "--yes")
    done = stack.run(*repair, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["passes"], told["sent"]["closed"], told["sent"]["dead"]) == (7, 7, {})
    assert stack.json("dead-letters", "stats", "--source", "crm")["total"] == 0
    assert len(listed(stack, "--source", "crm", CLOSED_ONLY)) == 7
    one = stack.json("dead-letters", "show", listed(stack, "--source", "crm", CLOSED_ONLY)[0]["id"])
    assert one["open"] is False
    assert len(one["sent_again"]) == 1
    assert "time_invalid" not in stack.json("status")["dead_letters"]

    again = checksums(stack.clickhouse)
    assert json.loads(stack.run(*repair, "--json").stdout)["letters"] == 0
    for bad in (*SLASHES, MIXED):  # the same poison once more: it is dead as before, and closed as before
        post(stack, bad, "?source=crm", {"Content-Type": "application/json"})
    wait_for(lambda: ingest_lag(stack.settings).records == 0, "the poison to be read again")
    assert checksums(stack.clickhouse) == again
    assert stack.json("dead-letters", "stats", "--source", "crm")["total"] == 0

    clean = start(tmp_path / "clean")
    try:
        for right in (*RIGHT, MIXED_RIGHT):
            post(clean, right, "?source=crm", {"Content-Type": "application/json"})
        wait_for(lambda: clean.ask("SELECT count() FROM touches FINAL") == "10", "the clean run")
        wait_for(lambda: ingest_lag(clean.settings).records == 0, "the clean run to settle")
        wanted, found = checksums(clean.clickhouse), checksums(stack.clickhouse)
        for table in ("contact_day", "accounts"):
            assert found[table] == wanted[table], table
        events = "SELECT count(), sum(cityHash64(event_id, content)) FROM events FINAL"
        assert stack.ask(events) == clean.ask(events)
        # Which body a touch came in is the one thing that differs: the broken body of three events was received.
        columns = CONTENT["touches"].removesuffix(", record_id")
        sql = f"SELECT count(), sum(cityHash64({columns})) FROM touches FINAL"
        assert stack.ask(sql) == clean.ask(sql)
        sql = "SELECT groupArray((event_id, record_id)) FROM (SELECT * FROM touches FINAL WHERE {} ORDER BY event_id)"
        single = "NOT match(contact_key, 'person1[012]@')"
        assert stack.ask(sql.format(single)) == clean.ask(sql.format(single))
    finally:
        clean.down()


def test_a_repaired_event_is_received_when_the_broken_one_was(stack: Stack) -> None:
    told = stack.ask(
        "SELECT (count(), countIf(t.received_at = d.received_at)) FROM (SELECT * FROM touches FINAL) AS t"
        " INNER JOIN dead_letter_successors AS s ON t.event_id = s.event_id"
        " INNER JOIN (SELECT * FROM dead_letters FINAL) AS d ON d.record_id = s.record_id AND d.position = s.position"
    )
    assert told == "(7,7)"


def test_whole_events_are_replaced_by_a_file(stack: Stack, tmp_path: Path) -> None:
    [letter] = listed(stack, "--reason", "invalid_utf8")
    fixed = tmp_path / "fixed.json"
    fixed.write_bytes(body(event(20, id="東京")))
    done = stack.run("dead-letters", "repair", letter["id"][:12], "--replace", fixed, "--apply", "--yes")
    assert done.returncode == 0, done.stderr
    assert stack.ask("SELECT count() FROM touches FINAL WHERE source = 'shop'") == "1"
    assert listed(stack, "--reason", "invalid_utf8") == []


def test_an_id_that_is_taken_is_told_before_anything_is_sent(stack: Stack) -> None:
    post(stack, body(event(0, time="2026/06/01 09:00")), "?source=crm")
    settle(stack, 8, "crm")
    before = checksums(stack.clickhouse)
    done = stack.run("dead-letters", "repair", "--source", "crm", "--set", TO_RFC_3339, "--apply", "--yes", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["reasons"] == {"conflicting_duplicate": 1}
    assert checksums(stack.clickhouse) == before
    renamed = TO_RFC_3339 + ' | .id += "-2"'
    done = stack.run("dead-letters", "repair", "--source", "crm", "--set", renamed, "--apply", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert listed(stack, "--source", "crm") == []


def test_a_repair_killed_at_any_moment_and_done_again_counts_nothing_twice(stack: Stack) -> None:
    for n in range(40):
        post(stack, body(event(100 + n, time="2026/05/01 09:00")), "?source=killed")
    settle(stack, 40, "killed")
    command = [sys.executable, "-m", "jobs.cli", "dead-letters", "repair", "--source", "killed", "--set", TO_RFC_3339,
               "--apply", "--yes", "--data-dir", str(stack.folder)]  # fmt: skip
    for after_s in (1.2, 1.8, 2.4):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert stack.run(*command[3:-2]).returncode == 0
    counts = "SELECT (count(), uniqExact(event_id), uniqExact(contact_key)) FROM touches FINAL WHERE source = 'killed'"
    assert stack.ask(counts) == "(40,40,40)"
    assert listed(stack, "--source", "killed") == []
    assert len(listed(stack, "--source", "killed", CLOSED_ONLY)) == 40


class Crash(Exception):
    """What a test throws between two steps."""


@pytest.mark.parametrize(("step", "open_then"), [("noted", 3), ("sent", 0)])
def test_a_crash_between_the_steps_of_a_repair_loses_and_repeats_nothing(
    stack: Stack, step: str, open_then: int
) -> None:
    source = f"crash-{step}"
    for n in range(3):
        post(stack, body(event(300 + n, time="2026/05/01 09:00")), f"?source={source}")
    settle(stack, 3, source)
    again = Again(stack.settings)
    owner, name = (again.letters, "note_successors") if step == "noted" else (again, "_send")
    done = getattr(owner, name)

    def crashing(*arguments: Any) -> None:
        done(*arguments)
        raise Crash(step)

    setattr(owner, name, crashing)
    repaired = again.repaired(again.letters.select(Which(sources=(source,))), json_edit(compiled(TO_RFC_3339)))
    with pytest.raises(Crash):
        again.send([resend for _, resend in repaired if resend is not None])
    wait_for(lambda: ingest_lag(stack.settings).records == 0, "what was sent")
    # What was sent closes its letters by itself; what was only noted closes none.
    assert len(listed(stack, "--source", source)) == open_then
    assert (
        stack.run("dead-letters", "repair", "--source", source, "--set", TO_RFC_3339, "--apply", "--yes").returncode
        == 0
    )
    counts = f"SELECT (count(), uniqExact(event_id)) FROM touches FINAL WHERE source = '{source}'"
    assert (stack.ask(counts), listed(stack, "--source", source)) == ("(3,3)", [])


def test_what_an_older_version_refused_is_stored_by_a_requeue(stack: Stack) -> None:
    post(stack, body(event(200), event(201), event(202)), "?source=mended&lane=meeting")
    wait_for(lambda: stack.ask("SELECT count() FROM touches FINAL WHERE source = 'mended'") == "3", "three touches")
    wait_for(lambda: ingest_lag(stack.settings).records == 0, "the events to be registered")
    clean = checksums(stack.clickhouse)
    # The tables as a version would have left them whose adapter failed on that body.
    stack.ask(
        "INSERT INTO dead_letters SELECT record_id, 0, 'unreadable', 'KeyError', source, adapter, received_at, topic,"
        " partition, offset, body, rank, 0 FROM archive WHERE source = 'mended'"
    )
    event_ids = "(SELECT event_id FROM touches WHERE source = 'mended')"
    for table, which in (
        ("events", f"event_id IN {event_ids}"),
        ("contact_day", "match(contact_key, 'person20[012]@')"),
        ("touches", "source = 'mended'"),
    ):
        stack.ask(f"ALTER TABLE {table} DELETE WHERE {which} SETTINGS mutations_sync = 2")
    assert stack.json("dead-letters", "requeue", "--reason", "unreadable", "--dry-run")["readable"] == 1
    done = stack.run("dead-letters", "requeue", "--reason", "unreadable", "--yes")
    assert done.returncode == 0, done.stderr
    # What was refused and sent again is on record; all else is as if it had never happened.
    found = checksums(stack.clickhouse)
    for table in set(clean) - {"dead_letters", "dead_letter_successors"}:
        assert found[table] == clean[table], table
    assert listed(stack, "--reason", "unreadable") == []


def test_a_refused_fact_is_repaired_too(stack: Stack, tmp_path: Path) -> None:
    kafka = producer(stack.settings)
    bad = {"type": "account_declared", "account_id": "kaze", "name": "Kaze", "recorded_at": "May"}
    headers = Origin("crm-facts", "facts", datetime.now(UTC)).to_headers()
    kafka.send(FACTS, json.dumps(bad).encode(), headers=headers).get(timeout=30)
    kafka.close()
    settle(stack, 1, "crm-facts")
    program = '.recorded_at = "2026-05-01T09:00:00+09:00"'
    done = stack.run("dead-letters", "repair", "--source", "crm-facts", "--set", program, "--apply", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert stack.ask("SELECT name FROM accounts FINAL WHERE account_id = 'kaze'") == "Kaze"
    assert listed(stack, "--source", "crm-facts") == []


def test_a_broker_that_is_away_is_said_in_one_line(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jobs.cli", "dead-letters", "requeue", "--all", "--yes", "--data-dir", stack.folder],
        cwd=ROOT, env={**stack._environment, "SETTEN_KAFKA_BROKERS": "127.0.0.1:9"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Kafka at 127.0.0.1:9 does not answer" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr

"""`setten forget` on a whole stack: nothing is left, nothing comes back, and nobody else is touched by it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.kafka import FACTS, ingest_lag, producer
from models.erasure import NOBODY
from models.records import Origin
from tests.stack import ROOT, Stack, checksums, post, wait_for

SATO = "sato@aozora.example"
TIME = "2026-05-01T09:00:00+09:00"
RECEIVED = datetime(2026, 6, 1, tzinfo=UTC)
# What two runs must agree in that differ only in whether a person was in the bodies: all but the ids of the bodies.
OTHERS = {
    "touches": "contact_key, day, event_id, occurred_at, kind, action, direction, affiliation, machine, campaign,"
    " subject, source",
    "contact_day": "account_id, day, contact_key, kind, action, direction, bound_by, touches, machine_touches,"
    " first_at, last_at",
    "events": "event_id, content, position",
    "dead_letters": "position, reason, detail, source, adapter, hex(raw)",
    "contacts": "contact_key, account_id, name, title",
    "accounts": "account_id, name, domains",
}


# What the command says when a step begins; `:2` the second time that it says so.
KILLED_AT = (
    "suppressing",
    "waiting for what",
    "looking",
    "removing",
    "reading",
    "waiting for the workers",
    "computing",
    "searching every table:2",
)


def event(number: int | str, *contacts: str, **changed: Any) -> dict[str, Any]:
    data = {"contacts": [{"email": one} for one in contacts], "subject": changed.pop("subject", "/pricing")}
    return {"id": f"e{number}", "type": "web.page_viewed", "time": TIME, "data": data} | changed


def bodies(person: str) -> list[bytes]:
    """Bodies with a person in them; with nobody's address in all its spellings, those that are left of them."""
    there = person == SATO
    who = [person] if there else []
    only = [event(2, person)] if there else []
    escaped = person.replace("@", "\\u0040").replace("a", "\\u0061") if there else person
    loud = person.upper() if there else person
    return [
        json.dumps([event(1, "abe@aozora.example", *[one.upper() for one in who]), *only]).encode(),
        json.dumps(event(3, "abe@aozora.example", *who, subject=f"reply to {loud}")).encode(),
        json.dumps(event(4, "abe@aozora.example", *who, subject="X")).replace('"X"', f'"about {escaped}"').encode(),
        json.dumps(event(5, "kita@kita.example", note={"text": f"see {person}."})).encode(),
        json.dumps(event(6, "abe@aozora.example", time="2026/05/01", subject=f"{person} called")).encode(),
        b'{"id": "\x93\x8c ' + person.encode() + b'"}',
        # One id, two contents because of one person: without them both say the same.
        json.dumps(event(7, "abe@aozora.example", *who)).encode(),
        json.dumps(event(7, "abe@aozora.example", campaign="")).encode(),
        # One id, two contents in any case; which stands does not change.
        json.dumps(event(8, "abe@aozora.example", *who)).encode(),
        json.dumps(event(8, "kita@kita.example", type="web.form_submitted")).encode(),
        json.dumps(event(9, "kita@kita.example")).encode(),
    ]


MAIL = """From {person}  Fri May  1 09:00:00 2026
Message-ID: <1@mail>
Date: Fri, 1 May 2026 09:00:00 +0900
From: Boss <boss@our.example>
To: {name}, abe@aozora.example
Subject: hello

Dear {person}

From x  Fri May  1 10:00:00 2026
Message-ID: <2@mail>
Date: Fri, 1 May 2026 10:00:00 +0900
From: kita@kita.example
To: {word} <boss@our.example>

hi

"""
ATTENDANCE = "meeting,date,attendee_id,organization\nReview,2026-05-01,abe-1,Aozora\n"
ACCOUNTS = "account_id,name,domains\naozora,Aozora,aozora.example\nkita,Kita,kita.example\n"
WORD = "=?UTF-8?B?c2F0b0Bhb3pvcmEuZXhhbXBsZQ==?="  # sato@aozora.example


def fact(person: str, name: str, day: int) -> bytes:
    told = {"type": "contact_declared", "recorded_at": f"2026-01-0{day}T00:00:00Z", "contact_key": f"mail:{person}"}
    return json.dumps(told | {"account_id": "kita", "name": name}).encode()


def plan(person: str, name: str) -> bytes:
    told = {"type": "plan_item_stated", "recorded_at": "2026-01-04T00:00:00Z", "account_id": "kita", "key": "cio"}
    return json.dumps(told | {"item": {"part": "stakeholder", "contact_key": f"mail:{person}", "name": name}}).encode()


def send(stack: Stack, person: str) -> None:
    """Everything in, every time under the same times of receipt, and wait until it is stored."""
    there = person == SATO
    kafka = producer(stack.settings)
    received = Origin("crm", "canonical", RECEIVED)
    for minute, body in enumerate(bodies(person)):
        origin = received._replace(received_at=RECEIVED.replace(minute=minute))
        kafka.send("signals.web", body, key=b"crm", headers=origin.to_headers()).get(timeout=30)
    for told in [fact("abe@aozora.example", "Abe", 2)] + (
        [fact(SATO, "Taro Sato", 3), plan(SATO, "Taro Sato")] if there else []
    ):
        kafka.send(FACTS, told, headers=received.to_headers()).get(timeout=30)
    kafka.close()
    name = f"Taro Sato <{SATO}>" if there else "Abe <abe@aozora.example>"
    mbox = MAIL.format(person=person, name=name, word=WORD if there else "Boss")
    rows = f"Review,2026-05-01,{SATO},Aozora\n" if there else ""
    accounts = stack.folder / "accounts.csv"
    accounts.write_text(ACCOUNTS)
    for kind, text in (("mbox", mbox), ("attendance", ATTENDANCE + rows)):
        file = stack.folder / f"{kind}.txt"
        file.write_text(text)
        own = ("--own-domain", "our.example") if kind == "mbox" else ()
        done = stack.run("import", kind, file, *own, "--accounts", accounts)
        assert done.returncode == 0, done.stderr
    wait_for(lambda: ingest_lag(stack.settings).records == 0, "ingest")


def others(stack: Stack) -> dict[str, list[bytes]]:
    """What the tables say, without the ids of bodies and the times at which imports ran."""
    found = {}
    for table, columns in OTHERS.items():
        rows = stack.ask(
            f"SELECT arrayStringConcat(groupArray(hex(toString(tuple({columns})))), ' ') FROM {table} FINAL"
        )
        found[table] = sorted(map(bytes.fromhex, rows.split()))
    return found


def places(stack: Stack, *needles: str) -> list[str]:
    """Every column of every table that holds the text, whatever its case: not what the command looks with.

    Without the tables in which roll-ups are being computed: they may be gone before they are read.
    """
    columns = stack.ask(
        "SELECT arrayStringConcat(groupArray(concat(table, '.', name)), ' ') FROM system.columns"
        " WHERE database = currentDatabase() AND position(type, 'String') > 0"
        " AND NOT startsWith(table, 'rollup_staging_')"
    ).split()
    return [
        column
        for column in columns
        for needle in needles
        if int(
            stack.ask(
                f"SELECT countIf(positionCaseInsensitive(toString({column.partition('.')[2]}), '{needle}') > 0)"
                f" FROM {column.partition('.')[0]}"
            )
        )
    ]


def files_holding(folder: Path, needle: bytes) -> list[Path]:
    """Files that hold the text as it is: statements that were kept, names, logs. Kafka's keep what they have."""
    files = [*(folder / "clickhouse").rglob("*"), *(folder / "logs").rglob("*"), *(folder / "run").rglob("*")]
    return [file for file in files if file.is_file() and needle in file.read_bytes().lower()]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("stack"))
    yield running
    running.down()


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A Setten that the person was never told to."""
    running = Stack(tmp_path_factory.mktemp("without"))
    yield running
    running.down()


def test_a_forgotten_address_is_found_nowhere_and_the_others_are_as_if_it_had_never_been(
    stack: Stack, without: Stack
) -> None:
    send(stack, SATO)
    send(without, NOBODY)
    evidence = json.dumps({"query": f"touches of {SATO}"})
    columns = "(alert_id, account_id, state, evidence)"
    stack.ask(f"INSERT INTO alerts {columns} VALUES (generateUUIDv4(), 'kita', 'open', '{evidence}')")
    tables = {"alerts", "archive", "contact_day", "contacts", "dead_letters", "facts", "touches"}
    rolled_up, views = {"rollup_contact_activity", "rollup_stakeholders"}, {"open_dead_letters", "plan_stakeholders"}

    def holding() -> set[str]:
        return {one.partition(".")[0] for one in places(stack, SATO)}

    # A refresh of the worker's that began before can be over only after this one: then the next one mends it.
    wait_for(lambda: stack.run("rollups", "refresh").returncode == 0 and rolled_up <= holding(), "roll-ups of persons")
    tables |= rolled_up
    assert holding() == {*tables, *views, "plan_items"}

    dry = stack.json("forget", SATO, "--dry-run")
    assert set(dry["found"]) == tables
    assert places(stack, SATO), "a dry run changes nothing"

    done = stack.run("forget", SATO.upper(), "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The proof: found nowhere." in done.stdout
    assert "has not dropped" not in done.stdout
    assert "signals.web" in done.stdout
    assert places(stack, SATO, "Taro Sato", WORD, "c2F0b0Bhb3pvcmEuZXhhbXBsZQ") == []
    assert files_holding(stack.folder, SATO.encode()) == []
    assert others(stack) == others(without)
    assert "x@erased.invalid" in stack.ask("SELECT evidence FROM alerts FINAL")
    assert stack.ask("SELECT count() FROM erasure_pending") == "0"


def test_the_tombstone_says_what_went_and_not_of_whom(stack: Stack) -> None:
    assert stack.ask("SELECT finished_at >= started_at FROM erasures FINAL") == "1"
    assert int(stack.ask("SELECT removed['touches'] FROM erasures FINAL")) > 5
    assert stack.ask("SELECT groupArray(length(key)) FROM erasure_key") == "[64]"


def test_what_comes_in_again_changes_nothing(stack: Stack, without: Stack) -> None:
    before = checksums(stack.clickhouse)
    send(stack, SATO)
    after = checksums(stack.clickhouse)
    assert after == before
    assert places(stack, SATO, "Taro Sato") == []
    assert others(stack) == others(without)


def test_forgetting_again_finds_nothing_and_says_so(stack: Stack) -> None:
    before = checksums(stack.clickhouse)
    done = stack.run("forget", SATO, "--yes")
    assert done.returncode == 0, done.stderr
    assert "was forgotten before and is found nowhere" in done.stdout
    assert checksums(stack.clickhouse) == before


def test_an_address_that_nobody_has_seen_is_kept_out_all_the_same(stack: Stack) -> None:
    new = "new@kita.example"
    told = stack.json("forget", new, "--yes")
    assert (told["clean"], told["forgotten_before"], told["removed"]) == (True, 0, {})
    assert post(stack, json.dumps(event(20, new, "old@kita.example", subject=f"of {new}")).encode())[0] == 202
    wait_for(
        lambda: stack.ask("SELECT count() FROM touches WHERE contact_key = 'mail:old@kita.example'") == "1", "touch"
    )
    assert places(stack, new) == []


def test_what_cannot_be_meant_is_refused_before_anything_is_done(stack: Stack) -> None:
    wrong = stack.run("forget", "sato", "--yes")
    assert (wrong.returncode, "is not a mail address" in wrong.stderr) == (2, True)
    unasked = stack.run("forget", "kita@kita.example")
    assert (unasked.returncode, "Add --yes" in unasked.stderr) == (2, True)
    assert places(stack, "kita@kita.example")


@pytest.mark.parametrize("step", KILLED_AT)
def test_killed_at_any_step_it_is_finished_by_the_next_run(stack: Stack, step: str) -> None:
    number = 100 + KILLED_AT.index(step)
    person, friend = f"p{number}@aozora.example", f"f{number}@aozora.example"
    disputed = event(f"d{number}", friend), event(f"d{number}", friend, person)
    for body in (event(number, friend, person, subject=person), *disputed):
        assert post(stack, json.dumps(body).encode())[0] == 202
    wait_for(lambda: ingest_lag(stack.settings).records == 0, "ingest")
    wanted, _, times = step.partition(":")
    command = [sys.executable, "-m", "jobs.cli", "forget", person, "--yes", "--data-dir", str(stack.folder)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        seen = 0
        for line in process.stderr:
            seen += line.startswith(wanted)
            if seen == int(times or 1):
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    done = stack.run("forget", person, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert places(stack, person) == []
    assert stack.ask("SELECT count() FROM erasure_pending") == "0"
    touches = f"SELECT count() FROM touches FINAL WHERE contact_key = 'mail:{friend}'"
    days = f"SELECT sum(touches) FROM contact_day FINAL WHERE contact_key = 'mail:{friend}'"
    assert (stack.ask(touches), stack.ask(days)) == ("2", "2")
    dead = "SELECT count() FROM dead_letters FINAL WHERE reason = 'conflicting_duplicate' AND position(raw, '{}') > 0"
    assert stack.ask(dead.format(friend)) == "0", "without the person both bodies say the same"

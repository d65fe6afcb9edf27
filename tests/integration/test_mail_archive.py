"""The real mail archive through the whole pipeline: every message accounted for, under disturbance too."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from infra.kafka import ingest_lag
from jobs.files import records
from jobs.supervisor import QUICK_DEATH_S
from tests.plain_mail_count import engaged_by_year
from tests.stack import ROOT, Stack, checksums, wait_for

MESSAGES = 46_080
KILLS = 5


def arguments(data: Path, file: Path | None = None) -> list[str]:
    """The import of the whole archive, or of the part of it that is in the file."""
    email = data / "email"
    return [
        "import",
        "mbox",
        str(file or email / "archive-1996-2012.mbox.gz"),
        "--accounts",
        str(email / "accounts.csv"),
        "--own-domain",
        "linux-mips.org",
    ]


@pytest.fixture(scope="module")
def archive(real_data: Path, stack: Stack) -> Stack:
    """A stack that has imported the archive once, undisturbed."""
    report = stack.json(*arguments(real_data))
    assert report["events"] == MESSAGES
    assert report["unaccounted"] == 0
    assert report["stored"] + report["duplicates"] + sum(report["dead"].values()) == MESSAGES
    return stack


def test_every_message_is_in_the_tables_or_in_the_dead_letters(archive: Stack) -> None:
    # 46,080 messages: 46,041 with an id and content of their own, 10 repeated, 29 refused.
    assert archive.ask("SELECT uniqExact(event_id) FROM touches FINAL") == "46041"
    assert archive.ask("SELECT uniqExact(event_id) FROM events") == "46041"
    by_reason = archive.ask("SELECT reason, count() AS n FROM dead_letters FINAL GROUP BY reason ORDER BY reason")
    assert archive.ask("SELECT count() FROM dead_letters FINAL") == "29", by_reason
    assert (
        archive.ask("SELECT countIf(raw = '' OR source != 'mbox' OR topic != 'signals.email') FROM dead_letters") == "0"
    )


def test_the_contact_days_add_up_to_the_touches(archive: Stack) -> None:
    counted = archive.ask("SELECT sum(touches) + sum(machine_touches) FROM contact_day FINAL")
    assert counted == archive.ask("SELECT count() FROM touches FINAL")


def test_importing_again_changes_no_table(real_data: Path, archive: Stack) -> None:
    before = checksums(archive.clickhouse)
    report = archive.json(*arguments(real_data))
    assert report["stored"] == 0
    assert report["duplicates"] + sum(report["dead"].values()) == MESSAGES
    assert report["facts"] == 0
    assert checksums(archive.clickhouse) == before


def test_netlogic_is_quiet_and_mips_and_red_hat_are_not(archive: Stack) -> None:
    verdicts = archive.json("assess", "--as-of", "2012-12-31")["verdicts"]
    quiet = {v["account_id"]: v for v in verdicts if v["rule"] == "gone_quiet" and v["status"] == "finding"}
    assert "netlogic" in quiet
    assert quiet["netlogic"]["evidence"]["observed"]["last_touch_on"] == "2012-07-16"
    assert not {"mips", "redhat"} & set(quiet)


def test_without_revenue_replacement_risk_is_not_judged(archive: Stack) -> None:
    verdicts = archive.json("assess", "--as-of", "2012-12-31", "--account", "mips")["verdicts"]
    assert [(v["rule"], v["status"]) for v in verdicts] == [("replacement_risk", "insufficient_data")]


BOUND = "SELECT groupUniqArray((account_id, bound_by)) FROM contact_day FINAL WHERE endsWith(contact_key, '@{}')"


@pytest.mark.parametrize(
    ("host", "account_id"),
    [
        ("caviumnetworks.com", "cavium"),
        ("cavium.com", "cavium"),
        ("ru.mvista.com", "montavista"),
        ("oss.sgi.com", "sgi"),
        ("melbourne.sgi.com", "sgi"),
    ],
)
def test_all_domains_and_subdomains_of_a_company_are_one_account_and_why_says_by_what(
    archive: Stack, host: str, account_id: str
) -> None:
    assert archive.ask(BOUND.format(host)) == f"[('{account_id}','domain')]"
    [told] = archive.json("why", host, "--on", "2012-12-31")["explanations"]
    assert (told["account_id"], told["bound_by"]) == (account_id, "domain")
    assert [(fact["type"], fact["account_id"]) for fact in told["facts"]] == [("account_declared", account_id)]
    assert host.endswith(told["looked_at"][-1]["name"])


def test_engaged_contacts_by_account_and_year_are_those_of_an_independent_count(
    real_data: Path, archive: Stack
) -> None:
    rows = archive.ask(
        "SELECT toJSONString(groupArray((account_id, year, contacts))) FROM (SELECT account_id, toYear(day) AS year,"
        " uniqExact(contact_key) AS contacts FROM contact_day FINAL WHERE account_id != '' AND touches > 0 AND"
        " direction IN ('inbound', 'mutual') GROUP BY account_id, year)"
    )
    counted = {(account_id, year): int(contacts) for account_id, year, contacts in json.loads(rows)}
    email = real_data / "email"
    independent = engaged_by_year(email / "archive-1996-2012.mbox.gz", email / "accounts.csv", "linux-mips.org")
    assert counted == independent
    assert (len(independent), sum(independent.values())) == (255, 858)


def test_the_coverage_counts_the_same_engaged_contacts_by_year(real_data: Path, archive: Stack) -> None:
    email = real_data / "email"
    independent = engaged_by_year(email / "archive-1996-2012.mbox.gz", email / "accounts.csv", "linux-mips.org")
    years = list(range(1996, 2013))
    stretches = {"firsts": [date(year, 1, 1) for year in years], "lasts": [date(year, 12, 31) for year in years]}
    asked = {**stretches, "first": stretches["firsts"][0], "last": stretches["lasts"][-1]}
    rows = archive.clickhouse.rows("coverage_management", {**asked, "accounts": sorted({of for of, _ in independent})})
    ranks = ("executives", "managers", "staff", "unknown")
    counted = {(row["account_id"], years[row["w"] - 1]): sum(row[rank] for rank in ranks) for row in rows}
    assert counted == {key: count for key, count in independent.items() if key[1] in years}
    told = archive.json("coverage", "mips", "--as-of", "2012-12-31", "--people")
    assert told["counts"]["engaged"] == sum(one["engaged_days"] > 0 for one in told["people"]) > 0
    assert told["counts"]["missing"] is None


def test_free_mail_and_disposable_senders_belong_to_nobody(archive: Stack) -> None:
    for host in ("gmail.com", "yahoo.com", "hotmail.com", "hotpop.com"):
        assert archive.ask(BOUND.format(host)) == "[('','free_mail')]"


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("disturbed"))
    yield running
    running.down()


def portions(data: Path, folder: Path) -> list[Path]:
    """The archive cut into a file for each kill: however fast ingest is, there is work left to be killed in."""
    messages = list(records(data / "email" / "archive-1996-2012.mbox.gz", "mbox"))
    size = -(-len(messages) // KILLS)
    files = [folder / f"{number}.mbox" for number in range(KILLS)]
    for number, file in enumerate(files):
        file.write_bytes(b"".join(messages[number * size : (number + 1) * size]))
    return files


def kill_in_the_middle(stack: Stack, worker: int, table: str, rows: int) -> bool:
    """Kill the worker once the table has that many rows; whether records were read and not committed then."""
    wait_for(lambda: int(stack.ask(f"SELECT count() FROM {table} FINAL")) >= rows, f"{rows:,} rows in {table}")
    os.kill(worker, signal.SIGSTOP)  # frozen, so that what is asked now still holds when it dies
    uncommitted = ingest_lag(stack.settings).records
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: stack.process_id("worker") not in (worker, None), "the worker to be restarted")
    return uncommitted > 0


@pytest.mark.slow
def test_five_kills_of_the_worker_leave_the_tables_of_an_undisturbed_run(
    real_data: Path, archive: Stack, disturbed: Stack, tmp_path: Path
) -> None:
    rng = random.Random(20261122)
    # The supervisor gives up after five deaths in a row that came this soon; the first of ours is not to be one.
    wait_for(lambda: disturbed.process("worker")["uptime_s"] > QUICK_DEATH_S, "the worker to be old enough to die")
    for file in portions(real_data, tmp_path):
        table = rng.choice(["archive", "events", "touches"])
        rows = int(disturbed.ask(f"SELECT count() FROM {table} FINAL")) + rng.randrange(1, 4_000)
        worker = disturbed.process_id("worker")
        assert worker is not None
        command = [sys.executable, "-m", "jobs.cli", *arguments(real_data, file), "--data-dir", str(disturbed.folder)]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as running:
            assert kill_in_the_middle(disturbed, worker, table, rows), f"nothing was under way at {rows:,} of {table}"
            said, _ = running.communicate(timeout=300)
        assert running.returncode == 0, said
    assert checksums(disturbed.clickhouse) == checksums(archive.clickhouse)


@pytest.fixture(scope="module")
def stated(archive: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[Stack, str, str]:
    """The archive and a free-mail sender of whom, after all that compares the tables as imported, a fact says more."""
    sender = "SELECT argMax(contact_key, n) FROM (SELECT contact_key, count() AS n FROM contact_day FINAL WHERE"
    sender += " endsWith(contact_key, '@gmail.com') AND direction = 'inbound' GROUP BY contact_key)"
    key = archive.ask(sender)
    before = archive.ask(BOUND_ON.format(key))
    file = tmp_path_factory.mktemp("facts") / "facts.ndjson"
    told = {"type": "contact_declared", "contact_key": key, "account_id": "lemote", "since": "2010-01-01"}
    file.write_text(json.dumps(told))
    assert archive.json("import", "facts", file) == {"facts": 1, "stated": 1, "known": 0}
    assert archive.json("import", "facts", file) == {"facts": 1, "stated": 0, "known": 1}
    return archive, key, before


BOUND_ON = (
    "SELECT groupUniqArray((account_id, bound_by, day >= '2010-01-01')) FROM contact_day FINAL WHERE contact_key = '{}'"
)


def test_a_free_mail_sender_belongs_to_an_account_once_a_fact_says_so_from_the_day_that_it_says(
    stated: tuple[Stack, str, str],
) -> None:
    archive, key, before = stated
    assert "lemote" not in before
    after = archive.ask(BOUND_ON.format(key))
    assert "('lemote','contact',1)" in after
    assert "('lemote','contact',0)" not in after
    told = {
        day: archive.json("why", f"Somebody <{key.removeprefix('mail:').upper()}>", "--on", day)
        for day in ("2009-12-31", "2010-01-01")
    }
    bound = {
        day: (one["explanations"][0]["account_id"], one["explanations"][0]["bound_by"]) for day, one in told.items()
    }
    assert bound == {"2009-12-31": ("", "free_mail"), "2010-01-01": ("lemote", "contact")}
    assert told["2010-01-01"]["touches"][0]["touches"] > 1


def test_why_explains_an_event_with_its_record_and_that_it_came_again(archive: Stack) -> None:
    twice = "SELECT lower(hex(event_id)) FROM events GROUP BY event_id HAVING uniqExact(record_id) > 1 LIMIT 1"
    event = archive.json("why", archive.ask(twice))
    assert len(event["arrivals"]) > 1
    assert event["conflicting"] or event["duplicates"] >= 1
    [touch] = event["touches"]
    assert touch["explanation"]["contact_key"] == touch["contact_key"]
    assert {one["source"] for one in event["records"]} == {"mbox"}
    said = archive.run("why", event["event_id"], "--lang", "ja")
    assert "レコード" in said.stdout
    assert archive.run("why", "0" * 32).returncode == 1

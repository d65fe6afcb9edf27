"""`setten why` on a real ClickHouse: who states a fact, what became of an event, who was forgotten."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.clickhouse import ClickHouse
from infra.settings import Settings
from infra.store import Store
from infra.suppressions import Suppressions
from models.erasure import address_hash
from models.records import Origin
from streams.ingest.batch import Record
from tests.contract.embedded_clickhouse import PASSWORDS
from tests.integration.test_rebinding import ACCOUNTS, ask, fact, ingest, record
from tests.stack import ROOT

HANA = "hana@aozora.example"


def body(adapter: str, told: Any, minute: int) -> Record:
    origin = Origin("site", adapter, datetime(2026, 6, 1, 0, minute, tzinfo=UTC))
    return Record("signals.web", 0, minute, 0, tuple(origin.to_headers()), json.dumps(told).encode())


def visit(event: str, subject: str = "/", **contact: str) -> dict[str, Any]:
    return {
        "id": event,
        "type": "web.page_viewed",
        "time": "2026-05-01T03:00:00Z",
        "data": {"contacts": [contact], "subject": subject, "user_agent": "curl/8" if event == "m" else ""},
    }


IDENTIFY = {"type": "identify", "timestamp": "2026-05-01T04:00:00Z", "anonymousId": "v1", "traits": {"email": HANA}}
BODIES = [
    record([*ACCOUNTS, fact("own_domain_declared", domain="ours.example")], "facts"),
    body("segment", {"batch": [IDENTIFY]}, 1),
    body("canonical", [visit("a", anonymous_id="v1", host="pc.isp.example"), visit("m", email="bot@gmail.com")], 2),
    body("canonical", [visit("c", "/first", email=HANA)], 3),
    body("canonical", [visit("c", "/second", email="x@kita.example")], 4),
    body("canonical", [visit("a", anonymous_id="v1", host="pc.isp.example")], 5),
]


@pytest.fixture
def settings(new_database: Callable[[], Settings]) -> Settings:
    made = new_database()
    ingest(Store(ClickHouse(made), made.business_timezone), *([one] for one in BODIES))
    return made


def setten(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SETTEN_")} | {
        "SETTEN_CLICKHOUSE_URL": settings.clickhouse_url,
        "SETTEN_CLICKHOUSE_PASSWORD": PASSWORDS["setten"],
        "SETTEN_CLICKHOUSE_DATABASE": settings.clickhouse_database,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "jobs.cli", "why", *arguments]
    return subprocess.run(
        command, cwd=settings.data_dir, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def told(settings: Settings, *arguments: str) -> Any:
    done = setten(settings, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def event_id(settings: Settings, contact_key: str) -> str:
    store = Store(ClickHouse(settings), settings.business_timezone)
    sql = f"SELECT lower(hex(event_id)) AS t FROM touches WHERE contact_key = '{contact_key}'"
    return str(ask(store, sql)[0])


def test_why_names_the_body_that_states_a_fact_the_event_s_arrivals_and_what_was_taken_back(settings: Settings) -> None:
    visitor = told(settings, "anon:v1", "--on", "2026-05-01")
    [explained] = visitor["explanations"]
    assert (explained["account_id"], explained["bound_by"]) == ("aozora", "domain")
    assert (explained["evidence"], explained["other_keys"]) == ("pc.isp.example", [f"mail:{HANA}"])
    stated = {one["type"]: one["stated_by"] for one in explained["facts"]}
    assert stated["account_declared"] == []
    [by] = stated["visitor_identified"]
    assert (by["place"]["source"], by["place"]["adapter"], by["place"]["offset"]) == ("site", "segment", 1)
    assert visitor["unbound_facts"] == 0

    again = told(settings, event_id(settings, "anon:v1"))
    assert (again["duplicates"], again["conflicting"], len(again["arrivals"])) == (1, False, 2)
    assert "It arrived 2 times" in setten(settings, event_id(settings, "anon:v1")).stdout

    disputed = told(settings, event_id(settings, "mail:x@kita.example"))
    assert disputed["conflicting"]
    assert [one["stands"] for one in disputed["arrivals"]] == [True, False]
    by_contact = {one["contact_key"]: one for one in disputed["touches"]}
    assert not by_contact[f"mail:{HANA}"]["taken_back"]
    assert by_contact["mail:x@kita.example"]["taken_back"]
    said = setten(settings, event_id(settings, "mail:x@kita.example")).stdout
    assert "2 different contents" in said
    assert "Taken back: other content has this event id." in said

    [machine] = told(settings, event_id(settings, "mail:bot@gmail.com"))["touches"]
    assert machine["machine"] == "crawler"
    assert machine["explanation"]["bound_by"] == "free_mail"


def test_why_says_what_is_not_there_and_nothing_of_who_was_forgotten(settings: Settings) -> None:
    nobody = setten(settings, "anon:nobody")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert "is in no touch and no fact" in nobody.stderr
    missing = setten(settings, "0" * 32)
    assert missing.returncode == 1
    assert "setten dead-letters list" in missing.stderr

    unbound = setten(settings, "New <NEW@minami.example>")
    assert unbound.returncode == 0
    for part in ("counts for no account", "no account declares minami.example", "setten import facts -", "No touch"):
        assert part in unbound.stdout
    assert "own side" in setten(settings, "me@tokyo.ours.example").stdout
    assert "アカウント Kita (kita) の名前です" in setten(settings, "KITA", "--lang", "ja").stdout

    suppressions = Suppressions(ClickHouse(settings))
    suppressions.begin([address_hash(suppressions.key(), HANA)], datetime(2026, 7, 1, tzinfo=UTC))
    forgotten = told(settings, f"Hana <{HANA.upper()}>")
    assert (forgotten["forgotten"], forgotten["touches"], forgotten["explanations"]) == (True, [], [])
    assert "was forgotten" in setten(settings, HANA).stdout

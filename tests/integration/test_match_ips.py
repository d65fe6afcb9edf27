"""`setten match-ips` end to end: a database made here, facts through the topic, touches that are bound by them."""

import json
from pathlib import Path

import pytest

from tests.address_database import database
from tests.stack import Stack

COMPANIES = {
    "203.0.113.0/28": {"company": {"domain": "aozora.example", "type": "business"}},
    "203.0.113.16/28": {"company": {"name": "(株)北", "type": "business"}},
    "203.0.113.32/28": {"company": {"domain": "aozora.example", "type": "hosting"}},
    "203.0.113.48/28": {"company": {"domain": "gmail.com", "type": "business"}},
    "203.0.113.64/28": {"company": {"domain": "later.example", "type": "business"}},
    "2001:db8:1::/48": {"company": {"domain": "kita.example", "type": "education"}},
}
VISITORS = {
    "203.0.113.1": 3,
    "203.0.113.2": 1,
    "203.0.113.17": 2,
    "203.0.113.33": 1,
    "203.0.113.49": 1,
    "203.0.113.65": 1,
    "2001:db8:1::5": 4,
    "198.51.100.9": 1,
    "unknown": 1,
}


def signals() -> str:
    """Visits by address, and one more by a machine."""
    told = [(address, n) for address, times in VISITORS.items() for n in range(times)]
    visits = [
        {"id": f"v{n}", "time": f"2026-05-{1 + n % 20:02}T0{n % 9}:00:00Z", "data": {"contacts": [{"ip": address}]}}
        for n, (address, _) in enumerate(told)
    ]
    robot = {"contacts": [{"ip": "203.0.113.3"}], "user_agent": "Googlebot/2.1"}
    visits.append({"id": "robot", "time": "2026-05-02T00:00:00Z", "data": robot})
    return "\n".join(json.dumps({**one, "type": "web.page"}) for one in visits)


@pytest.fixture(scope="module")
def world(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    folder = tmp_path_factory.mktemp("ips")
    accounts, visits = folder / "accounts.csv", folder / "visits.ndjson"
    accounts.write_text("account_id,name,domains\naozora,青空,aozora.example\nkita,北,kita.example\n")
    visits.write_text(signals())
    stack.json("import", "signals", visits, "--accounts", accounts)
    return stack


def by_account(stack: Stack) -> dict[str, int]:
    """Touches by people, by account."""
    sql = "SELECT account_id, sum(touches) AS n FROM contact_day FINAL WHERE account_id != '' GROUP BY account_id"
    return {row["account_id"]: row["n"] for row in stack.clickhouse.query_text(sql).to_pylist()}


def facts(stack: Stack) -> int:
    return int(stack.ask("SELECT count() FROM facts FINAL WHERE type = 'contact_affiliated'"))


def test_addresses_are_matched_bind_late_and_follow_another_file(world: Stack, tmp_path: Path) -> None:
    file = database(tmp_path / "companies.mmdb", COMPANIES)
    assert by_account(world) == {}
    tried = world.json("match-ips", file, "--dry-run")
    assert (tried["facts"], facts(world)) == ({"stated": 5, "taken_back": 0, "known": 0}, 0)
    found = world.json("match-ips", file)
    assert found["accounts"] == {"aozora": 2, "kita": 2} == tried["accounts"]
    assert found["left_out"] == {"anybodys_domain": 1, "hosting_or_isp": 1, "no_address": 1, "not_in_file": 1}
    assert (found["addresses"], found["named"], found["facts"]["stated"]) == (8, 5, 5)
    assert by_account(world) == {"aozora": 4, "kita": 6}

    assert world.json("match-ips", file)["facts"] == {"stated": 0, "taken_back": 0, "known": 5}
    assert facts(world) == 5
    later = {"type": "account_declared", "account_id": "later", "name": "Later", "domains": ["later.example"]}
    assert world.run("import", "facts", "-", given=json.dumps(later)).returncode == 0
    assert by_account(world) == {"aozora": 4, "kita": 6, "later": 1}, "what was stated binds once there is an account"

    moved = {"203.0.113.1/32": {"domain": "kita.example"}, "2001:db8:1::/48": {"domain": "kita.example"}}
    newer = world.json("match-ips", database(tmp_path / "newer.mmdb", moved), "--since", "2026-06-01")
    assert newer["facts"] == {"stated": 4, "taken_back": 3, "known": 1}
    assert by_account(world) == {"kita": 7}
    assert world.json("match-ips", file, "--since", "2026-06-01")["facts"]["stated"] == 1, "who came before is left out"
    table = world.run("match-ips", file, "--dry-run").stdout
    assert "of an account" in table
    assert "3 facts would be stated" in table


def test_what_else_is_known_of_a_visitor_goes_before_an_address(world: Stack, tmp_path: Path) -> None:
    file = database(tmp_path / "companies.mmdb", COMPANIES)
    world.json("match-ips", file)
    declared = {"type": "contact_declared", "contact_key": "ip:2001:db8:1::5", "account_id": "aozora"}
    before = by_account(world)
    assert world.run("import", "facts", "-", given=json.dumps(declared)).returncode == 0
    assert by_account(world) == before | {"aozora": before["aozora"] + 4, "kita": before["kita"] - 4}


def test_a_database_of_ipv4_says_nothing_of_other_addresses(world: Stack, tmp_path: Path) -> None:
    file = database(tmp_path / "v4.mmdb", {"203.0.113.0/24": {"domain": "aozora.example"}}, version=4)
    found = world.json("match-ips", file, "--dry-run")
    assert (found["named"], found["left_out"]["not_in_file"]) == (found["addresses"] - 2, 2)

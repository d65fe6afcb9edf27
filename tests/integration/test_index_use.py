"""Queries that look rows up by their keys read the granules of these keys, and not the table."""

import re
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from infra.clickhouse import load_sql
from infra.store import Store

_ROWS = 200_000  # some hundred granules of each table
_KEYS = 4
_FILL = (
    "INSERT INTO events SELECT reinterpretAsUUID(sipHash128(number)), generateUUIDv4(), generateUUIDv4(), 0, 1"
    f" FROM numbers({_ROWS})",
    "INSERT INTO archive SELECT reinterpretAsUUID(sipHash128(number)), 's', 'canonical', '', '', now(), 't', 0, 0, '',"
    f" 1 FROM numbers({_ROWS})",
    "INSERT INTO touches SELECT concat('mail:p', toString(number % 5000)), toDate('2026-06-01') + intDiv(number, 5000),"
    " reinterpretAsUUID(sipHash128(number)), now(), now(), 'web', 'page_viewed', 'inbound', '', '', '', '', 's',"
    f" toUUID('00000000-0000-0000-0000-000000000000'), generateUUIDv4(), 1, 0 FROM numbers({_ROWS})",
)


def _ids() -> list[str]:
    return [uuid.UUID(int=n).hex for n in range(_KEYS)]


def _events() -> dict[str, Any]:
    return {"batch": pa.table({"event_id": _ids()})}


def _bodies() -> dict[str, Any]:
    return {"batch": pa.table({"record_id": _ids()})}


def _claims() -> dict[str, Any]:
    told = {"event_id": _ids(), "content": _ids(), "precedence": pa.array([1] * _KEYS, pa.uint64())}
    return {"batch": pa.table(told)}


def _days() -> dict[str, Any]:
    days = pa.array([date(2026, 6, 10)] * _KEYS, pa.date32())
    return {"dirty": pa.table({"contact_key": [f"mail:p{n}" for n in range(_KEYS)], "day": days})}


@pytest.fixture
def store(new_store: Callable[..., Store]) -> Store:
    filled = new_store()
    for statement in _FILL:
        filled.clickhouse.statement(statement)
    return filled


def test_a_look_up_reads_the_granules_of_its_keys(store: Store) -> None:
    looked_up: dict[str, dict[str, Any]] = {
        "arrived_again": _events(),
        "rivals": _claims(),
        "arrivals": _events(),
        "standing_contents": _events(),
        "archived_whole": _bodies(),
        "archived_bodies": _bodies(),
        "contact_day_groups": _days(),
    }
    for name, external in looked_up.items():
        plan = store.clickhouse.query_text(f"EXPLAIN indexes = 1 {load_sql(name)}", None, **external)
        text = "\n".join(plan.column(0).to_pylist())
        used = text[text.index("PrimaryKey") :]
        chosen, of = map(int, re.findall(r"Granules: (\d+)/(\d+)", used)[0])
        assert of > 100, f"{name}: the table is too small to tell: {text}"
        # A part may have its keys spread over one granule more than it has keys.
        assert chosen <= 2 * (_KEYS + 1), f"{name} reads {chosen} of {of} granules:\n{text}"


_CONTACT_DAYS = (
    "INSERT INTO contact_day SELECT concat('a', toString(number % 400)), toDate('2026-06-10') - intDiv(number, 600),"
    " concat('mail:p', toString(number % 900)), 'email', 'received', 'inbound', 'domain', 1, 0, now(), now(), 1, 0"
    " FROM numbers(1200000)"  # more than five years, some hundred and fifty granules
)


def _granules(
    store: Store, name: str, parameters: dict[str, Any], table: str = "contact_day", *, last: bool = False
) -> tuple[int, int]:
    """How many granules of a table a query reads, of how many. last: only where it names the table last."""
    plan = store.clickhouse.query_text(f"EXPLAIN indexes = 1 {load_sql(name)}", parameters)
    text = "\n".join(plan.column(0).to_pylist())
    reads = [part for part in text.split("ReadFromMergeTree ")[1:] if re.match(rf"\(\w+\.{table}\)", part)]
    chosen, of = 0, 0
    for part in reads[-1:] if last else reads:
        told = [tuple(map(int, one)) for one in re.findall(r"Granules: (\d+)/(\d+)", part)]
        chosen, of = chosen + told[-1][0], of + told[0][1]
    assert of > 100, f"{name}: the table is too small to tell: {text}"
    return chosen, of


def test_the_coverage_of_an_account_reads_no_other_account_and_of_all_no_other_years(
    new_store: Callable[..., Store],
) -> None:
    store = new_store()
    store.clickhouse.statement(_CONTACT_DAYS)
    day = date(2026, 6, 10)
    asked = {"account_id": "a7", "accounts": ["a7"], "day": day, "known_before": "2026-06-11 00:00:00"}
    quarters = {"firsts": [date(2023, 4, 1)], "lasts": [day], "first": date(2023, 4, 1), "last": day}
    for name in ("coverage_history", "coverage_people", "coverage_by_account", "coverage_management"):
        chosen, of = _granules(store, name, asked | quarters)
        # One granule or two of each of the six or seven years.
        assert chosen <= 14, f"{name} reads {chosen} of {of} granules"
    for name in ("coverage_people", "coverage_by_account"):
        chosen, of = _granules(store, name, asked | {"accounts": []})
        assert chosen < 0.4 * of, f"{name} of all accounts reads {chosen} of {of} granules, and not two years at most"


_CONTACTS = (
    "INSERT INTO contacts (contact_key, account_id, name, seniority, epoch)"
    " SELECT concat('mail:p', toString(number)), '', 'n', 'staff', 1 FROM numbers(1000000)"
)
_PROFILE = {
    "actions": ["email.received"],
    "points": [1.0],
    "caps": [1],
    "seniorities": ["unknown"],
    "weights": [1.0],
    "people_days": 90,
    "horizon_days": 300,
    "half_life": 30.0,
}


def test_what_is_asked_of_an_account_looks_up_its_contacts_and_no_others(new_store: Callable[..., Store]) -> None:
    store = new_store()
    for statement in (_CONTACT_DAYS, _CONTACTS):
        store.clickhouse.statement(statement)
    first, day = date(2025, 6, 10), date(2026, 6, 10)
    asked = {"account_id": "a7", "account": "a7", "accounts": ["a7"], "first": first, "last": day, "recent": first}
    asked |= {"as_of": day, "before": first, "firsts": [first], "lasts": [day], **_PROFILE}
    for name in ("coverage_management", "score_accounts", "score_changes", "score_ledger"):
        chosen, of = _granules(store, name, asked, "contacts")
        # Nine contacts.
        assert chosen <= 20, f"{name} reads {chosen} of {of} granules"
    # Before it, whoever was identified is looked for among all contacts.
    chosen, of = _granules(store, "coverage_own_side", asked, "contacts", last=True)
    assert chosen <= 20, f"coverage_own_side reads {chosen} of {of} granules"

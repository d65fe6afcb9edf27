"""The cycle under crashes, redelivery, sleeping workers and any order, against the oracle; mutants that must fail."""

import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from infra import clickhouse
from infra.clickhouse import ClickHouse
from infra.settings import Settings
from infra.store import Store
from models.directory import Person
from streams.ingest import cycle, disputes
from streams.ingest.cycle import AccountTouched, Cycle
from streams.ingest.disputes import Disputes
from tests.faults import drive, world

EVENTS = 400
NewDatabase = Callable[[], Settings]


def disturbed(new_database: NewDatabase, seed: int, new_cycle: drive.NewCycle = drive.new_cycle, **how: Any) -> None:
    """Take one world in with disturbances and hold the tables against the oracle's.

    Every other world is without conflicting ids: settling one computes anew what another fault may have left behind.
    """
    settings, told = new_database(), world.make(seed, EVENTS, conflicts=0.01 * (seed % 2))
    store = Store(ClickHouse(settings), settings.business_timezone)
    drive.run(store, told, seed, new_cycle, **how)
    store.clickhouse.close()
    world.hold(settings, told)


@pytest.mark.timeout(3600)
def test_crashes_redelivery_and_sleeping_workers_leave_what_the_oracle_says(
    new_database: NewDatabase, full: bool
) -> None:
    for seed in range(60 if full else 4):
        disturbed(new_database, seed)


@pytest.mark.timeout(3600)
def test_permutations_of_one_stream_give_identical_tables(new_database: NewDatabase, full: bool) -> None:
    told = world.make(7, EVENTS // 2)
    for seed in range(100 if full else 5):
        rng = random.Random(seed)
        settings, records = new_database(), drive.records_of(told, rng)
        store = Store(ClickHouse(settings), settings.business_timezone)
        worker = drive.new_cycle(store)
        while records:
            some = rng.randrange(1, len(records) + 1)
            worker.run(records[:some])
            records = records[some:]
        store.clickhouse.close()
        world.hold(settings, told)


def test_the_oracle_sees_the_faults_it_is_there_for(new_database: NewDatabase) -> None:
    """The worlds have what the mutants below would get wrong."""
    told = world.make(0, EVENTS)
    tables = world.expected(told.bodies)
    reasons = {reason for reason, *_ in tables.dead}
    assert reasons == {"unknown_kind", "conflicting_duplicate"}
    assert any(key[4] > 1 for key in tables.contact_day), "some contact-day of several touches"
    assert sum(len(body.events) for body in told.bodies) > len(tables.touches) / 2
    ahead, contents = defaultdict(int), defaultdict(set)
    stored = {key[3] for key in tables.touches}
    for body in told.bodies:
        for event in filter(None, body.events):
            contents[event["id"]].add(json.dumps(event, sort_keys=True))
            # Bodies are received within a second or so.
            hours = round((datetime.fromisoformat(event["time"]) - body.received).total_seconds() / 3600, 2)
            ahead["an hour off"] += hours == 1 and event["id"] in stored
            ahead["a day ahead"] += hours == 24 and event["id"] in stored
            ahead["over a year old"] += hours < -366 * 24 and event["id"] in stored
    assert all(ahead[what] for what in ("an hour off", "a day ahead", "over a year old")), ahead
    assert any(len(told) > 1 for told in contents.values()), "some id with two contents"
    days = {date.fromisoformat(key[1]) for key in tables.contact_day}
    first_day = (world.START + timedelta(hours=9)).date()
    assert min(days) < first_day - timedelta(days=366)
    assert max(days) == first_day + timedelta(days=1)
    touched = {(contact, day) for contact, day, *_ in tables.touches}
    visitors = {(world.KNOWN_AS[contact], day): contact for contact, day in touched if contact in world.KNOWN_AS}
    assert any(both in touched for both in visitors), "some visitor and the contact she is on one day"
    [(contact, (since, account))] = world.CHANGED_COMPANY.items()
    days = {(owner == account, day >= since) for owner, day, one, *_ in tables.contact_day if one == contact}
    assert days == {(True, True), (False, False)}, "days before and after the change of company"


# --- mutants ----------------------------------------------------------------------------------------------------------


def caught(new_database: NewDatabase, new_cycle: drive.NewCycle = drive.new_cycle, **how: Any) -> None:
    """The suite fails the mutant in at least one of some worlds."""
    for seed in range(16):
        try:
            disturbed(new_database, seed, new_cycle, **how)
        except world.TablesDiffer:
            return
    pytest.fail("the suite passes a mutant")


def test_a_commit_before_the_insert_is_caught(new_database: NewDatabase) -> None:
    caught(new_database, commit_first=True)


def test_versions_from_a_clock_are_caught(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    def insert_contact_days(self: Store, rows: pa.Table) -> int:
        version = pa.array([time.time_ns()] * rows.num_rows, pa.uint64())
        return self.clickhouse.insert(
            "contact_day", rows.set_column(rows.column_names.index("version"), "version", version)
        )

    monkeypatch.setattr(Store, "insert_contact_days", insert_contact_days)
    caught(new_database)


def test_rows_left_behind_under_another_account_are_caught(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cycle.tombstones
    monkeypatch.setattr(cycle, "tombstones", lambda *arguments: real(*arguments).slice(0, 0))
    caught(new_database)


def test_an_aggregation_without_deduplication_is_caught(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = clickhouse.load_sql

    def load_sql(name: str) -> str:
        text = real(name)
        return text.replace("FROM touches FINAL", "FROM touches") if name == "contact_day_groups" else text

    monkeypatch.setattr(clickhouse, "load_sql", load_sql)
    caught(new_database)


def test_visitors_recomputed_without_their_siblings_are_caught(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cycle, "with_siblings", lambda keys, directory: keys)
    caught(new_database)


def test_memberships_that_hold_on_all_days_are_caught(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def account_on(self: Person, day: date) -> str | None:
        return self.memberships[-1].account_id if self.memberships else None

    monkeypatch.setattr(Person, "account_on", account_on)
    caught(new_database)


class _RollsUpNow(Cycle):
    """Leaves out the roll-up of every third batch."""

    batches = 0

    def _roll_up(self, dirty: pa.Table, *left: Any) -> list[AccountTouched]:
        self.batches += 1
        return [] if self.batches % 3 == 0 else super()._roll_up(dirty, *left)


def test_a_roll_up_that_is_skipped_is_caught(new_database: NewDatabase) -> None:
    caught(new_database, lambda store: _RollsUpNow(store, "facts", lambda touched: None))


def test_conflicts_left_unsettled_are_caught(new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    def settle(self: Disputes, events: pa.Table, result: Any) -> Sequence[pa.Table]:
        return disputes._NO_KEYS, disputes._NO_TOUCHES

    monkeypatch.setattr(Disputes, "settle", settle)
    caught(new_database)

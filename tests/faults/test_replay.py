"""A replay while workers go on: one that sleeps through any part of it, on tables that were wrong, and the oracle."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event, Thread
from typing import NamedTuple

import pytest

from infra.clickhouse import ClickHouse
from infra.settings import Settings
from infra.shadow import Shadow
from infra.store import Store
from models.records import Origin
from streams.ingest.batch import Record
from streams.replay import Replay
from tests.faults import drive, world
from tests.faults.world import World
from tests.stack import checksums

NewDatabase = Callable[[], Settings]
MOMENTS = ("begun", "built", "touches exchanged", "epoch raised", "all exchanged", "finished")
# When the worker begins its batch: what it stores first is in the shadow, or comes after it was built.
BEGINNINGS = ("begun", "built")


class Watched(Shadow):
    """A shadow that says how far the exchange is."""

    at: Callable[[str], None] = staticmethod(lambda moment: None)

    def _exchange(self, tables: tuple[str, ...]) -> None:
        last = "contact_day" in tables
        self.at("epoch raised" if last else "built")
        super()._exchange(tables)
        self.at("all exchanged" if last else "touches exchanged")


def replay(settings: Settings, at: Callable[[str], None] = lambda moment: None) -> None:
    """What `setten replay` does, without its processes. at: told of each of MOMENTS when it has come."""
    shadow = Watched(settings)
    shadow.at = at  # type: ignore[method-assign]
    at("begun")
    shadow.create()
    Replay(settings, "build", "archive").build()
    Replay(settings, "catch-up", "archive").catch_up()
    shadow.add_facts()
    shadow.exchange()
    Replay(settings, "finish", "archive").catch_up()
    at("finished")
    shadow.drop()
    shadow.live.close()


def falsify(store: Store) -> None:
    """Touches that nobody sent and contact-days that do not add up, of everybody whom the worlds know."""
    ask = store.clickhouse.statement
    ask("INSERT INTO touches SELECT * REPLACE (generateUUIDv4() AS event_id) FROM touches FINAL")
    ask(
        "ALTER TABLE contact_day UPDATE touches = touches + 7 WHERE cityHash64(contact_key) % 2"
        " SETTINGS mutations_sync = 2"
    )
    ask("ALTER TABLE touches DELETE WHERE cityHash64(event_id) % 5 = 0 SETTINGS mutations_sync = 2")


class Case(NamedTuple):
    """A worker begins its batch at a moment of the replay, falls asleep behind a step and wakes up at another."""

    seed: int
    begins: str
    step: str
    wakes: str


def woken(new_database: NewDatabase, told: World, case: Case) -> None:
    """Let it happen; then the oracle speaks."""
    settings, rng = new_database(), random.Random(case.seed)
    store = Store(ClickHouse(settings), settings.business_timezone)
    records = drive.records_of(told, rng)
    # Nothing comes after the batch of the one who sleeps: it would mend what that one leaves behind.
    first = rng.randrange(len(records) // 3, len(records))
    drive.new_cycle(store).run(records[:first])
    falsify(store)

    asleep, awake = Event(), Event()
    brittle = drive.Brittle(store)
    brittle.sleep_behind = case.step
    worker = drive.new_cycle(store)

    def meanwhile() -> None:
        asleep.set()
        assert awake.wait(60)

    def work() -> None:
        worker.run(records[first:])
        asleep.set()  # a batch without conflicts or facts does not come to every step

    brittle.meanwhile = meanwhile
    running = Thread(target=work)

    def at(now: str) -> None:
        if now == case.begins:
            running.start()
            assert asleep.wait(60)
        if now == case.wakes:
            awake.set()
            running.join(60)
            assert not running.is_alive()

    replay(settings, at)
    store.clickhouse.close()
    world.hold(settings, told)


EVERY = [
    Case(seed, begins, step, wakes)
    for seed, step in enumerate(drive.STEPS)
    for begins in BEGINNINGS
    for wakes in MOMENTS[MOMENTS.index(begins) + 1 :]
]


def cases(full: bool) -> list[Case]:
    # What is old when it is written is where most can go wrong, and what was settled for the old tables only.
    worst = [case for case in EVERY if case.step == "recompute" and case.wakes == "all exchanged"]
    worst += [case for case in EVERY if case[1:] == ("built", "project_directory", "touches exchanged")]
    return EVERY if full else [*worst, *random.Random(0).sample(EVERY, 3)]


@pytest.mark.timeout(3600)
def test_a_worker_that_sleeps_through_any_part_of_a_replay_loses_nothing_and_leaves_nothing_wrong(
    new_database: NewDatabase, full: bool
) -> None:
    told = world.make(11, 150)
    for case in cases(full):
        try:
            woken(new_database, told, case)
        except world.TablesDiffer as error:
            raise AssertionError(f"{case}: {error}") from error


def test_an_event_that_was_too_early_and_came_again_in_time_is_there_after_a_replay(new_database: NewDatabase) -> None:
    settings = new_database()
    store = Store(ClickHouse(settings), settings.business_timezone)
    told = {"type": "web.page_viewed", "data": {"contacts": [{"id": "1"}]}}
    times = {"early": "2026-06-10T00:00:00Z", "in time": "2026-06-01T00:00:00Z"}
    raw = json.dumps([{**told, "id": name, "time": time} for name, time in times.items()]).encode()
    for received in (datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 11, tzinfo=UTC)):
        headers = tuple(Origin("web", "canonical", received).to_headers())
        drive.new_cycle(store).run([Record("signals.web", 0, 0, 0, headers, raw)])
    before = checksums(store.clickhouse)
    assert (before["touches"][0], before["dead_letters"][0]) == (2, 1)
    replay(settings)
    assert checksums(store.clickhouse) == before
    store.clickhouse.close()

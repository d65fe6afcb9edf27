"""A replay while workers go on: one that sleeps through any part of it, on tables that were wrong, and the oracle."""

import random
from collections.abc import Callable, Iterator
from threading import Event, Thread

import pytest

from infra.clickhouse import ClickHouse
from infra.settings import Settings
from infra.shadow import Shadow
from infra.store import Store
from streams.replay import Replay
from tests.faults import drive, world
from tests.faults.world import World

NewDatabase = Callable[[], Settings]
# Where a worker wakes up, and with it whether its batch was in the archive before or after the shadow was built.
MOMENTS = ("built", "touches exchanged", "epoch raised", "all exchanged", "finished")


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
    shadow.create()
    Replay(settings, "build", "archive").build()
    Replay(settings, "catch-up", "archive").catch_up()
    shadow.exchange()
    Replay(settings, "finish", "archive").catch_up()
    at("finished")
    shadow.drop()
    shadow.live.close()


def falsify(store: Store) -> None:
    """Touches that nobody sent and contact-days that do not add up, of everybody whom the worlds know."""
    ask = store.clickhouse.statement
    ask(
        "INSERT INTO touches SELECT contact_key, day, generateUUIDv4(), occurred_at, received_at, kind, action, direction,"
        " affiliation, machine, campaign, subject, source, record_id, precedence, 0 FROM touches FINAL"
    )
    ask("ALTER TABLE contact_day UPDATE touches = touches + 7 WHERE cityHash64(contact_key) % 2 SETTINGS mutations_sync = 2")
    ask("ALTER TABLE touches DELETE WHERE cityHash64(event_id) % 5 = 0 SETTINGS mutations_sync = 2")


def woken(new_database: NewDatabase, told: World, seed: int, step: str, moment: str) -> None:
    """A worker falls asleep behind a step and wakes up at a moment of the replay; then the oracle speaks."""
    settings, rng = new_database(), random.Random(seed)
    store = Store(ClickHouse(settings), settings.business_timezone)
    records = drive.records_of(told, rng)
    # Nothing comes after the batch of the one who sleeps: it would mend what that one leaves behind.
    first = rng.randrange(len(records) // 3, len(records))
    drive.new_cycle(store).run(records[:first])
    falsify(store)

    asleep, awake = Event(), Event()
    brittle_store = Store(ClickHouse(settings), settings.business_timezone)
    brittle = drive.Brittle(brittle_store)
    worker = drive.new_cycle(brittle_store)
    brittle.sleep_behind, brittle.meanwhile = step, lambda: (asleep.set(), awake.wait(60))  # type: ignore[func-returns-value, assignment, return-value]
    running = Thread(target=lambda: (worker.run(records[first:]), asleep.set()))  # type: ignore[func-returns-value]
    running.start()
    assert asleep.wait(60)

    def at(now: str) -> None:
        if now == moment:
            awake.set()
            running.join(60)
            assert not running.is_alive()

    replay(settings, at)
    for one in (store, brittle_store):
        one.clickhouse.close()
    world.hold(settings, told)


def cases(full: bool) -> Iterator[tuple[int, str, str]]:
    every = [(number, step, moment) for number, step in enumerate(drive.STEPS) for moment in MOMENTS]
    # What is old when it is written is where most can go wrong.
    stale = [(number, step, moment) for number, step, moment in every if step == "recompute" and moment in MOMENTS[-2:]]
    yield from every if full else [*stale, *random.Random(0).sample(every, 4)]


@pytest.mark.timeout(3600)
def test_a_worker_that_sleeps_through_any_part_of_a_replay_loses_nothing_and_leaves_nothing_wrong(
    new_database: NewDatabase, full: bool
) -> None:
    told = world.make(11, 150)
    for seed, step, moment in cases(full):
        try:
            woken(new_database, told, seed, step, moment)
        except world.TablesDiffer as error:
            raise AssertionError(f"asleep behind {step}, awake when {moment}: {error}") from error

"""Worker, broker and ClickHouse killed, moved, frozen and cut off, as processes; the tables are the oracle's."""

import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.kafka import SIGNAL_TOPICS, producer
from models.records import Origin
from tests.benchmarks.load import bodies, expected
from tests.faults import world
from tests.faults.cluster import Cluster, SingleBroker
from tests.faults.fleet import Feeder, Fleet, in_background
from tests.faults.world import World
from tests.stack import Stack, wait_for

SEED = 20261124
MEMORY_MB = 600


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    broker = SingleBroker(tmp_path, Stack.broker)
    running = Fleet(tmp_path, broker)
    yield running
    running.close()
    broker.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    running = Cluster(tmp_path)
    yield running
    running.close()


@pytest.fixture
def fleet_of_three(cluster: Cluster, tmp_path: Path) -> Iterator[Fleet]:
    running = Fleet(tmp_path, cluster)
    yield running
    running.close()


def portions(told: World, count: int) -> list[list[world.Body]]:
    size = -(-len(told.bodies) // count)
    return [told.bodies[start : start + size] for start in range(0, len(told.bodies), size)]


def feed_facts(feeder: Feeder, told: World) -> None:
    feeder.feed(told.facts)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_kills_of_the_worker_at_random_moments(fleet: Fleet, full: bool) -> None:
    """Each kill has a portion of its own to fall into; some fall before the first insert, some behind the last."""
    kills, events = (200, 1_000_000) if full else (5, 20_000)
    rng, told = random.Random(SEED), world.make(SEED, events)
    feeder = Feeder(fleet.settings, told, SEED)
    feed_facts(feeder, told)
    [worker] = fleet.start(0)
    for portion in portions(told, kills):
        feeding = in_background(lambda portion=portion: feeder.feed(portion))  # type: ignore[misc]
        time.sleep(rng.expovariate(1.0))  # the random moment
        worker.kill()
        feeding()
        [worker] = fleet.start(0)
    feeder.close()
    fleet.drained(600)
    world.hold(fleet.settings, told)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("count", [2, 4])
def test_rebalances_under_load(fleet: Fleet, full: bool, count: int) -> None:
    """Workers leave and come back in turn, every other one by force, while events go in."""
    rounds, events = (12, 200_000) if full else (2, 12_000)
    told = world.make(SEED + count, events)
    feeder = Feeder(fleet.settings, told, SEED)
    feed_facts(feeder, told)
    fleet.start(*range(count))
    for number, portion in enumerate(portions(told, rounds)):
        feeding = in_background(lambda portion=portion: feeder.feed(portion))  # type: ignore[misc]
        leaves = number % count
        fleet.remove(leaves, kill=number % 2 == 0)
        if full:
            time.sleep(10)  # the rhythm of the rebalances
        fleet.start(leaves)
        feeding()
    feeder.close()
    fleet.drained()
    world.hold(fleet.settings, told)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_scaling_from_one_to_four_and_back(fleet: Fleet, full: bool) -> None:
    told = world.make(SEED + 10, 200_000 if full else 10_000)
    feeder = Feeder(fleet.settings, told, SEED)
    feed_facts(feeder, told)
    fleet.start(0)
    first, second, third = portions(told, 3)
    feeding = in_background(lambda: feeder.feed(first))
    fleet.start(1, 2, 3)
    feeding()
    feeding = in_background(lambda: feeder.feed(second))
    for number in (1, 2, 3):
        fleet.remove(number)
    feeding()
    feeder.feed(third)
    feeder.close()
    fleet.drained()
    world.hold(fleet.settings, told)


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.timeout(3600)
def test_restarts_of_the_broker(fleet: Fleet, full: bool) -> None:
    """Killed, and started again on the same data, while producer and worker go on."""
    restarts, events = (10, 100_000) if full else (2, 10_000)
    told = world.make(SEED + 20, events)
    feeder = Feeder(fleet.settings, told, SEED)
    feed_facts(feeder, told)
    [worker] = fleet.start(0)
    for portion in portions(told, restarts):
        feeding = in_background(lambda portion=portion: feeder.feed(portion))  # type: ignore[misc]
        fleet.broker.kill()
        fleet.broker.start()
        feeding()
    feeder.close()
    fleet.drained()
    assert worker.process.poll() is None
    world.hold(fleet.settings, told)


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.timeout(3600)
def test_a_broker_of_three_killed_frozen_and_cut_off(fleet_of_three: Fleet, cluster: Cluster, full: bool) -> None:
    """Each fault in turn hits another broker; two of three go on taking records, and the producer sends again."""
    rounds, events = (3, 150_000) if full else (1, 12_000)
    fleet = fleet_of_three
    told = world.make(SEED + 25, events)
    feeder = Feeder(fleet.settings, told, SEED)
    feed_facts(feeder, told)
    [worker] = fleet.start(0)
    faults = [(cluster.kill, cluster.restart), (cluster.freeze, cluster.thaw), (cluster.cut_off, cluster.mend)]
    for number, portion in enumerate(portions(told, 3 * rounds)):
        hit, heal = faults[number % 3]
        broker = 1 + (number + number // 3) % 3
        feeding = in_background(lambda portion=portion: feeder.feed(portion))  # type: ignore[misc]
        hit(broker)
        feeding()
        heal(broker)
        cluster.whole()
    feeder.close()
    fleet.drained()
    assert worker.process.poll() is None
    world.hold(fleet.settings, told)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_clickhouse_refusing_connections(fleet: Fleet, full: bool) -> None:
    """The worker waits, keeps its partitions and its memory, and catches up."""
    told = world.make(SEED + 30, 300_000 if full else 20_000)
    feeder = Feeder(fleet.settings, told, SEED)
    feed_facts(feeder, told)
    [worker] = fleet.start(0)
    first, second = portions(told, 2)
    feeder.feed(first)
    fleet.proxy.refusing = True
    feeding = in_background(lambda: feeder.feed(second))
    wait_for(lambda: "trying again" in worker.tail(), "the worker to meet the refusal")
    time.sleep(600 if full else 10)  # the fault lasts
    feeding()
    assigned = worker.log.read_text().count("partitions assigned")
    fleet.proxy.refusing = False
    fleet.drained(600)
    assert worker.process.poll() is None
    assert worker.log.read_text().count("partitions assigned") == assigned == 1, "it was not to leave its group"
    assert worker.peak_mb < MEMORY_MB
    feeder.close()
    world.hold(fleet.settings, told)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_clickhouse_answering_slowly_and_failing_in_the_middle_of_inserts(fleet: Fleet, full: bool) -> None:
    told = world.make(SEED + 40, 100_000 if full else 10_000)
    feeder = Feeder(fleet.settings, told, SEED)
    feed_facts(feeder, told)
    [worker] = fleet.start(0)
    first, second, third = portions(told, 3)
    fleet.proxy.delay_s = 0.2
    feeder.feed(first)
    fleet.drained(600)
    fleet.proxy.delay_s = 0.0
    fleet.proxy.cut_after = 20_000
    fleet.proxy.hang_up()
    feeder.feed(second)
    wait_for(lambda: fleet.proxy.cuts >= 5, "five inserts to be cut")
    fleet.proxy.cut_after = None
    feeder.feed(third)
    feeder.close()
    fleet.drained(600)
    assert worker.process.poll() is None
    world.hold(fleet.settings, told)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_full_disk_of_clickhouse(fleet: Fleet, full: bool) -> None:
    told = world.make(SEED + 50, 100_000 if full else 10_000)
    feeder = Feeder(fleet.settings, told, SEED)
    feed_facts(feeder, told)
    [worker] = fleet.start(0)
    first, second = portions(told, 2)
    feeder.feed(first)
    with fleet.clickhouse.client(database="setten") as admin:
        tables = ("archive", "events", "touches", "contact_day", "dead_letters")
        for table in tables:
            admin.command(
                f"ALTER TABLE {table} MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000"
            )
        feeder.feed(second)
        wait_for(lambda: "trying again" in worker.tail(), "the worker to meet the full disk")
        for table in tables:
            admin.command(f"ALTER TABLE {table} RESET SETTING min_free_disk_bytes_to_perform_insert")
    feeder.close()
    fleet.drained()
    assert worker.process.poll() is None
    world.hold(fleet.settings, told)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_frozen_worker_that_wakes_up_after_its_partitions_moved(fleet: Fleet) -> None:
    told = world.make(SEED + 60, 20_000)
    feeder = Feeder(fleet.settings, told, SEED)
    feed_facts(feeder, told)
    [sleeper] = fleet.start(0)
    first, second = portions(told, 2)
    feeding = in_background(lambda: feeder.feed(first))
    wait_for(lambda: "cycle:" in sleeper.tail(), "the worker to be at work")
    sleeper.process.send_signal(signal.SIGSTOP)
    feeding()
    del fleet.workers[0]
    [other] = fleet.start(1)
    fleet.drained()
    feeder.feed(second)
    sleeper.process.send_signal(signal.SIGCONT)
    fleet.workers[0] = sleeper
    feeder.close()
    fleet.drained()
    assert other.process.poll() is None
    world.hold(fleet.settings, told)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_topic_of_nothing_but_poison_stops_the_worker(fleet: Fleet) -> None:
    """It says so and commits nothing of what it stopped at."""
    told = world.make(SEED + 70, 30_000, poison=1.0)
    feeder = Feeder(fleet.settings, told, SEED)
    feeder.feed([body for body in told.bodies if body.events and not any(body.events)])  # not the tracker's few
    [worker] = fleet.start(0)
    assert worker.process.wait(60) == 1
    assert "events in a row were all refused" in worker.log.read_text(errors="replace")
    world_dead = int(fleet.clickhouse.http("SELECT count() FROM setten.dead_letters FINAL").body)
    assert world_dead >= 10_000
    del fleet.workers[0]
    feeder.close()


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("body_events", [1, 200])
def test_memory_is_flat_on_a_backlog_of_any_length(fleet: Fleet, body_events: int) -> None:
    """Ten times as much that waits takes no more memory: what is fetched, decoded and stored at once is bounded.

    The shorter backlog is longer than all that a worker has in hand: up to 100,000 events are being settled and as many
    are stored for the next settlement, beside the batches that are read, decoded and archived.
    """
    peaks = []
    sent = wanted = 0
    for number, events in enumerate((300_000, 3_000_000)):
        wanted += expected(events).touches
        kafka = producer(fleet.settings)
        headers = Origin(f"backlog{number}", "canonical", datetime.now(UTC), "application/x-ndjson").to_headers()
        group: list[bytes] = []
        for event in bodies(events):
            group.append(event)
            if len(group) == body_events:
                kafka.send(SIGNAL_TOPICS[0], b"\n".join(group), key=str(sent % 64).encode(), headers=headers)
                sent, group = sent + body_events, []
        kafka.flush()
        kafka.close()
        [worker] = fleet.start(0)
        fleet.drained(1800)
        peaks.append(worker.peak_mb)
        fleet.remove(0)
    assert int(fleet.clickhouse.http("SELECT count() FROM setten.touches FINAL").body) == wanted
    print(f"most resident at once: {peaks[0]:.0f} MB with 300,000 events waiting, {peaks[1]:.0f} MB with 3,000,000")
    assert peaks[1] < 1.25 * peaks[0]
    assert peaks[1] < MEMORY_MB

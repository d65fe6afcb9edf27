"""A consumer in miniature over a real store: batches, crashes at any step, redelivery, workers that sleep.

What it does with a cycle is what the ingest service does: read from the last commit, store, then commit.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from infra.store import Store
from models.records import Origin
from streams.ingest.batch import Record, decode_batch
from streams.ingest.cycle import Cycle
from tests.faults.world import World

# Every call of the store between which a crash can fall.
STEPS = (
    "archive",
    "keep_dead_letters",
    "claim_events",
    "insert_touches",
    "note_fact_sources",
    "insert_facts",
    "arrived_again",
    "rivals",
    "take_back_touches",
    "keep_verdicts",
    "add_corrections",
    "directory_state",
    "project_directory",
    "recompute",
    "insert_contact_days",
    "mark_bound",
)


class Crash(Exception):
    """The process is gone."""


class Brittle:
    """Makes a store crash after its n-th step, or fall asleep behind a step while something else happens.

    dies_in: having woken up, after its n-th step.
    """

    def __init__(self, store: Store) -> None:
        self.crash_in = -1
        self.dies_in = -1
        self.sleep_behind = ""
        self.meanwhile: Callable[[], None] = lambda: None
        for name in STEPS:
            setattr(store, name, self._step(name, getattr(store, name)))

    def undisturbed(self) -> None:
        self.crash_in, self.dies_in, self.sleep_behind = -1, -1, ""

    def _step(self, name: str, action: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any) -> Any:
            answer = action(*arguments)
            self.crash_in -= 1
            if self.crash_in == 0:
                raise Crash
            if name == self.sleep_behind:
                dies_in = self.dies_in
                self.undisturbed()
                self.meanwhile()
                self.crash_in = dies_in
            return answer

        return step


NewCycle = Callable[[Store], Cycle]


def new_cycle(store: Store) -> Cycle:
    return Cycle(store, "facts", lambda touched: None)


def records_of(world: World, rng: random.Random) -> list[Record]:
    """The world's records in any order, facts among them; in half of the worlds at their beginning.

    Facts that come late compute anew what another fault may have left behind.
    """
    bodies = [Record("signals.web", 0, 0, 0, tuple(body.headers()), body.raw) for body in world.bodies]
    records, stating = bodies[: -world.stating], bodies[-world.stating :]
    rng.shuffle(records)
    origin = Origin("crm", "canonical", datetime(2026, 1, 1, tzinfo=UTC))
    among = len(records) if rng.random() < 0.5 else 10
    for record in stating:
        records.insert(rng.randrange(among + 1), record)
    for body in world.facts:
        records.insert(rng.randrange(among + 1), Record("facts", 0, 0, 0, tuple(origin.to_headers()), body))
    return records


def run(store: Store, world: World, seed: int, cycle: NewCycle, *, commit_first: bool = False) -> None:
    """Take the world in with crashes and redeliveries. commit_first is a mutant: it commits before it stores."""
    rng = random.Random(seed)
    records = records_of(world, rng)
    brittle = Brittle(store)
    committed, worker = 0, cycle(store)
    stored = 0  # up to where this worker has stored and not settled

    def taken_over(end: int) -> None:
        # The worker sleeps; another one gets its partitions, does the same or more, and commits.
        nonlocal committed
        cycle(store).run(records[committed:end])
        committed = end

    while committed < len(records):
        start = max(committed, stored)
        end = min(len(records), start + rng.randrange(1, max(2, len(records) // 5)))
        batch = records[start:end]
        brittle.undisturbed()
        match rng.choice(("crash", "sleep", "sleep", "sleep and die", "nothing")):
            case "crash":
                brittle.crash_in = rng.randrange(1, len(STEPS))
            case "sleep" | "sleep and die" as fault:
                if fault == "sleep and die":
                    brittle.dies_in = rng.randrange(1, 4)
                # Half of the time where what was read is old when it is written.
                brittle.sleep_behind = rng.choice((*STEPS, *["recompute"] * len(STEPS)))
                # Now and then the other worker does all the rest: nothing later mends what the sleeper writes then.
                some = rng.randrange(start + 1, min(len(records), end + 60) + 1)
                brittle.meanwhile = partial(taken_over, rng.choice((some, some, some, len(records))))
        before = committed
        if commit_first:
            committed = end
        try:
            archived = worker.archive(decode_batch(batch, "facts"))
            if rng.random() < 0.3:  # the batch behind it is archived before this one is stored
                worker.archive(decode_batch(records[end : end + len(batch)], "facts"))
            worker.store(archived)
            stored = end
            if committed == before and end < len(records) and rng.random() < 0.4:
                continue  # several batches are settled together
            worker.settle()
        except Crash:
            worker, stored = cycle(store), 0
            continue
        if committed == before:  # else its partitions have moved, and its commit is refused
            committed = end
        stored = 0

"""One seed, one world: accounts, people, three years of signals and revenue, planted stories and planted dirt."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from jobs.demo.activity import Event, noise, play
from jobs.demo.cast import COMPANIES, hire
from jobs.demo.dirt import Planted, contradict, repeat, split_late, spoil
from jobs.demo.feeds import DemoRecord, deliver
from jobs.demo.ledger import facts_of, own_side
from jobs.demo.plans import plan_of
from jobs.demo.script import Story
from jobs.demo.stories import script_of
from jobs.demo.timeline import Timeline
from models.facts import AnyFact
from models.outcomes import Reason


@dataclass(frozen=True)
class World:
    """Three years up to `until`, the last day with data.

    facts: by recorded_at. stories: one for each account. planted: what a pipeline must count.
    """

    until: date
    facts: list[AnyFact]
    stories: list[Story]
    planted: Planted
    _records: tuple[DemoRecord, ...] = field(repr=False)

    def records(self) -> Iterator[DemoRecord]:
        """All bodies in the order of their receipt, the last one received before the end of `until`."""
        return iter(self._records)


def build(seed: int, until: date) -> World:
    """Make the world of a seed. Pure: the same seed and day give the same facts and the same bytes."""
    timeline = Timeline(until)
    facts: list[AnyFact] = [own_side(timeline)]
    stories: list[Story] = []
    events: list[Event] = []
    for company in COMPANIES:
        # A generator of its own for each account: a change to one leaves the others as they were.
        rng = random.Random(f"{seed}/{company.account_id}")
        script = script_of(company, timeline)
        people = script.arrange(hire(rng, company, script.paces[0].since))
        facts += facts_of(rng, company, people, script, timeline)
        facts += plan_of(company, people, timeline)
        events += play(rng, company, people, script, timeline)
        stories.append(script.story)
    rng = random.Random(f"{seed}/feeds")
    events += noise(rng, timeline)
    events.sort(key=lambda event: event.occurred_at)

    on_time, late = split_late(rng, events, timeline)
    deliveries = list(deliver(rng, on_time, timeline.end))
    repeats, repeated = repeat(rng, deliveries, timeline)
    contradictions = contradict(rng, deliveries, timeline)
    dead_letters = spoil(rng, deliveries, repeated)
    dead_letters[Reason.CONFLICTING_DUPLICATE] = len(contradictions)
    planted = Planted(
        signals=len(events),
        duplicates=sum(len(delivery.events) for delivery in repeats),
        late=len(late),
        dead_letters=dead_letters,
    )
    sent = sorted([*deliveries, *late, *repeats, *contradictions], key=lambda delivery: delivery.received_at)
    facts.sort(key=lambda fact: fact.recorded_at)
    return World(until, facts, stories, planted, tuple(delivery.to_record() for delivery in sent))

"""What is wrong with real feeds, planted in known numbers: late, repeated, contradicting and invalid events."""

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobs.demo.activity import Event
from jobs.demo.feeds import Delivery, encode
from jobs.demo.timeline import Timeline
from models.outcomes import Reason

LATE_SHARE = 0.006
REPEATED_SHARE = 0.02
MAX_LATE = timedelta(days=21)


@dataclass(frozen=True)
class Planted:
    """Exact numbers to hold a pipeline to.

    signals: distinct valid signals. duplicates: further copies of them. late: signals first received more than a day
    after they happened. dead_letters: refused events by reason, those with a repeated id and other content included.
    """

    signals: int
    duplicates: int
    late: int
    dead_letters: Mapping[Reason, int]


def split_late(rng: random.Random, events: list[Event], timeline: Timeline) -> tuple[list[Event], list[Delivery]]:
    """Take some events out, to arrive 1 to 21 days after they happened, each in a body of its own."""
    # None in the last weeks, so that every late event has arrived by the end.
    latest = timeline.end - MAX_LATE
    on_time: list[Event] = []
    late: list[Delivery] = []
    for event in events:
        if event.occurred_at < latest and rng.random() < LATE_SHARE:
            delay = timedelta(seconds=rng.randint(86_401, int(MAX_LATE.total_seconds())))
            late.append(Delivery(event.feed, event.occurred_at + delay, [encode(event.body)]))
        else:
            on_time.append(event)
    return on_time, late


def repeat(rng: random.Random, deliveries: list[Delivery], timeline: Timeline) -> tuple[list[Delivery], set[int]]:
    """Send some again, minutes to days later: half of them as whole bodies, half as single events of a batch.

    Returns the repeats, and which of the deliveries they repeat as a whole, by position.
    """
    total = sum(len(delivery.events) for delivery in deliveries)
    wanted, count = int(total * REPEATED_SHARE), 0
    repeats: list[Delivery] = []
    whole: set[int] = set()
    while count < wanted:
        position = rng.randrange(len(deliveries))
        original = deliveries[position]
        received_at = original.received_at + timedelta(seconds=rng.randint(60, 250_000))
        if received_at > timeline.end:
            continue
        events = original.events
        if count < wanted // 2:
            whole.add(position)
        else:
            events = [rng.choice(events)]
        repeats.append(Delivery(original.feed, received_at, list(events)))
        count += len(events)
    return repeats, whole


def contradict(rng: random.Random, deliveries: list[Delivery], timeline: Timeline) -> list[Delivery]:
    """Ids used again, hours later, for something else. deliveries: those that say it first."""
    early = [d for d in deliveries if d.feed == "mail-gateway" and d.received_at < timeline.end - timedelta(days=4)]
    contradictions = []
    for original in rng.sample(early, 3):
        body = json.loads(rng.choice(original.events))
        body["data"]["subject"] = "Same id, other content"
        delay = timedelta(hours=rng.randint(1, 72))
        contradictions.append(Delivery(original.feed, original.received_at + delay, [encode(body)]))
    return contradictions


def spoil(rng: random.Random, deliveries: list[Delivery], untouched: set[int]) -> Counter[Reason]:
    """Put invalid events among the valid ones of some bodies, one to three of each sort; says how many of each.

    untouched: positions of deliveries that must stay as they are.
    """
    planted: Counter[Reason] = Counter()
    free = [d for n, d in enumerate(deliveries) if n not in untouched and len(d.events) > 1]
    for reason, feed, break_ in _DEFECTS:
        for target in rng.sample([d for d in free if feed in ("", d.feed)], rng.randint(1, 3)):
            planted[reason] += 1
            body = json.loads(target.events[0])
            body["id"] = f"broken-{reason}-{planted[reason]}"
            target.events.insert(rng.randint(1, len(target.events)), break_(body, target))
            free = [d for d in free if d is not target]
    return planted


def _without_time(body: dict[str, Any], _: Delivery) -> bytes:
    return encode({name: value for name, value in body.items() if name != "time"})


def _with(name: str, value: object) -> Callable[[dict[str, Any], Delivery], bytes]:
    return lambda body, _: encode(body | {name: value})


def _contacts(contacts: list[dict[str, str]]) -> Callable[[dict[str, Any], Delivery], bytes]:
    return lambda body, _: encode(body | {"data": body["data"] | {"contacts": contacts}})


def _from_the_future(body: dict[str, Any], delivery: Delivery) -> bytes:
    return encode(body | {"time": (delivery.received_at + timedelta(days=3)).isoformat()})


# Reason, the feed it needs ('' = any that batches), and how to break a valid body.
_DEFECTS: tuple[tuple[Reason, str, Callable[[dict[str, Any], Delivery], bytes]], ...] = (
    (Reason.NOT_JSON, "web-tracker", lambda body, _: encode(body)[:-20]),
    (Reason.INVALID_UTF8, "web-tracker", lambda body, _: encode(body | {"note": "?"}).replace(b'"?"', b'"\x93\xfa"')),
    (Reason.NOT_AN_EVENT, "", lambda body, _: b"42"),
    (Reason.UNKNOWN_KIND, "", _with("type", "fax.received")),
    (Reason.TIME_MISSING, "", _without_time),
    (Reason.TIME_INVALID, "", _with("time", "2025-02-30T09:00:00")),
    (Reason.TIME_OUT_OF_RANGE, "", _with("time", "0102-03-04T05:06:07Z")),
    (Reason.TIME_IN_FUTURE, "", _from_the_future),
    (Reason.CONTACT_MISSING, "", _contacts([])),
    (Reason.FIELD_INVALID, "", _contacts([{"email": "no address"}])),
)

"""Dead letters into Kafka again, as they were received or repaired, and what became of them."""

from collections import ChainMap, Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from kafka import KafkaProducer
from kafka.errors import KafkaError

from infra.clickhouse import ClickHouse
from infra.dead_letters import DeadLetters, Successor
from infra.kafka import FACTS, KafkaUnavailable, Progress, producer
from infra.settings import Settings
from infra.store import Store
from models.dead_letters import Identity, Letter, read_again, successor
from models.records import Origin, record_id
from models.repairs import Edit, Repair, attempt, conflict

Thing = TypeVar("Thing")
_MOST_RECORDS = 500
_MOST_BYTES = 32 << 20


class Resend(NamedTuple):
    """One record to send again. letters: the dead letters it may close; successors: what closes them."""

    topic: str
    origin: Origin
    body: bytes
    letters: tuple[Letter, ...]
    successors: tuple[Successor, ...]


@dataclass
class RequeueReport:
    """What became of the dead letters that were sent again: letters == closed + dead_total.

    dead: those still open, by their reason now.
    """

    records: int = 0
    letters: int = 0
    closed: int = 0
    dead: Counter[str] = field(default_factory=Counter)

    @property
    def dead_total(self) -> int:
        return sum(self.dead.values())

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**vars(self), "dead": dict(self.dead)}


@dataclass
class RepairReport:
    """What an edit made of dead letters: letters == passes + untouched + unchanged + refused + failed.

    reasons: of those still refused. failures: what stood in the way of editing the others.
    """

    letters: int = 0
    passes: int = 0
    untouched: int = 0
    unchanged: int = 0
    refused: int = 0
    failed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    def count(self, repair: Repair) -> None:
        setattr(self, repair.outcome, getattr(self, repair.outcome) + 1)
        if repair.outcome == "refused":
            self.reasons[repair.reason] += 1
        elif repair.outcome == "failed":
            self.failures[repair.detail] += 1

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**vars(self), "reasons": dict(self.reasons), "failures": dict(self.failures)}


class Again:
    """Reads dead letters anew, sends them again and waits for ingest."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        clickhouse = ClickHouse(settings)
        self.letters = DeadLetters(clickhouse, settings.business_timezone)
        self._store = Store(clickhouse, settings.business_timezone)

    def as_received(self, letters: Sequence[Letter]) -> Iterator[Resend]:
        """Their bodies, whole and under the headers they were received under, in the order of receipt.

        Whole, because a body is what was received: under its own record_id it is read as on the first day, its stored
        events are duplicates, and the rest becomes what it would have become then.
        """
        of_body: dict[str, list[Letter]] = {}
        for letter in letters:
            of_body.setdefault(letter.record_id, []).append(letter)
        bodies = self.letters.bodies(list(self.letters.archived(of_body).values()))
        for some in _few(bodies, lambda pair: pair[0].size):
            read = [(one, body, read_again(body, one.origin, facts=one.topic == FACTS)) for one, body in some]
            stored = self._stored(event for _, _, events in read for event in events if isinstance(event, Identity))
            for one, body, events in read:
                dead = of_body[one.record_id]
                closing = ((letter, successor(letter.position, events, stored)) for letter in dead)
                successors = tuple(Successor(letter, event, one.record_id) for letter, event in closing if event)
                yield Resend(one.topic, one.origin, body, tuple(dead), successors)

    def repaired(self, letters: Sequence[Letter], edit: Edit) -> Iterator[tuple[Repair, Resend | None]]:
        """Each letter as the edit makes it, held against the contract and the ids that are taken; what to send of it.

        A repaired event is a body of its own, received when and from where the broken one was.
        """
        archived = self.letters.archived(letter.record_id for letter in letters)
        taken: dict[str, str] = {}
        for some in _few(self.letters.raws([one for one in letters if one.record_id in archived]), _raw_size):
            bodies = [archived[letter.record_id] for letter, _ in some]
            repairs = [
                attempt(letter, raw, body.origin, edit, facts=body.topic == FACTS)
                for (letter, raw), body in zip(some, bodies, strict=True)
            ]
            stored = self._stored(event for repair in repairs for event in repair.events)
            for body, one in zip(bodies, repairs, strict=True):
                # Those repaired before it count as well: one id for two events would make a new dead letter.
                repair = conflict(one, ChainMap(stored, taken))
                if repair.outcome != "passes":
                    yield repair, None
                    continue
                taken.update(repair.events)
                sent_as = record_id(body.origin.source, body.origin.adapter, repair.after)
                event = successor(0, repair.events, stored) or repair.events[0]
                closing = (Successor(repair.letter, event, sent_as),)
                yield repair, Resend(body.topic, body.origin, repair.after, (repair.letter,), closing)

    def send(
        self,
        resends: Iterable[Resend],
        *,
        sent: Callable[[int], None] = lambda _: None,
        waiting: Callable[[int], None] = lambda _: None,
    ) -> RequeueReport:
        """Send them, wait until ingest has committed them, and ask which dead letters are closed by it.

        sent: told of each number of dead letters sent. waiting: told of the records ingest has still to commit.
        Doing it again, after a kill at any point too, sends what is still open and changes nothing else.
        Raises KafkaUnavailable, ClickHouseUnavailable, IngestStandsStill.
        """
        report = RequeueReport()
        letters: list[Letter] = []
        kafka, progress = producer(self._settings), Progress(self._settings)
        try:
            for some in _few(resends, lambda one: len(one.body)):
                # Noted first: were it noted after, a kill in between would leave an event stored and its letter open.
                self.letters.note_successors([one for resend in some for one in resend.successors])
                self._send(kafka, progress, some)
                letters += [letter for resend in some for letter in resend.letters]
                report.records += len(some)
                sent(len(letters))
            progress.wait(waiting)
        finally:
            kafka.close()
            progress.close()
        still_open = {one.id: one.reason for one in self.letters.open_of(one.record_id for one in letters)}
        report.letters = len(letters)
        report.dead = Counter(still_open[one.id] for one in letters if one.id in still_open)
        report.closed = report.letters - report.dead_total
        return report

    def _send(self, kafka: KafkaProducer, progress: Progress, resends: Sequence[Resend]) -> None:
        try:
            # One key a source: what it sent is read in the order in which it was received.
            futures = [
                kafka.send(one.topic, one.body, key=one.origin.source.encode(), headers=one.origin.to_headers())
                for one in resends
            ]
            for future in futures:
                progress.sent(future.get(timeout=60))
        except (KafkaError, OSError) as error:
            raise KafkaUnavailable(
                f"Kafka at {self._settings.kafka_brokers} did not take all dead letters ({type(error).__name__}): "
                "run the command again, nothing counts twice"
            ) from error

    def _stored(self, events: Iterable[Identity]) -> dict[str, str]:
        return self._store.standing_contents(list(dict.fromkeys(event.event_id for event in events)))


def _raw_size(pair: tuple[Letter, bytes]) -> int:
    return len(pair[1])


def _few(things: Iterable[Thing], size: Callable[[Thing], int]) -> Iterator[list[Thing]]:
    """Slices of a stream, of bounded bytes and number: each costs one question to the store and one flush to Kafka."""
    some: list[Thing] = []
    held = 0
    for thing in things:
        some.append(thing)
        held += size(thing)
        if len(some) >= _MOST_RECORDS or held >= _MOST_BYTES:
            yield some
            some, held = [], 0
    if some:
        yield some

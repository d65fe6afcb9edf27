"""`setten import`: files into Kafka, and an account of what became of every event in them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice

from kafka import KafkaProducer
from kafka.errors import KafkaError

from infra.clickhouse import ClickHouse
from infra.kafka import FACTS, KafkaUnavailable, Progress, producer
from infra.settings import Settings
from infra.store import Store
from infra.suppressions import Suppressions
from models.decode import outcomes_of
from models.erasure import redact, redact_origin
from models.events import Signal
from models.facts import AnyFact
from models.folding import fold
from models.novelty import about, news_of, what_holds
from models.outcomes import Erased, Nothing, Reason
from models.records import Origin, record_id
from models.side_facts import SideFact
from models.statements import Fact
from models.touches import read_signal

# Events whose outcome is held in memory until the store has answered for them.
EVENTS_PER_ROUND = 200_000
_DIGEST_BATCH = 20_000


class ImportFailed(Exception):
    """An import could not be finished; the message says what was reached and what to do."""


@dataclass
class ImportReport:
    """What became of every event: events == stored + duplicates + dead + erased + unaccounted.

    stored: new in the store. duplicates: there before, or repeated in the input. dead: by reason. erased: of nobody but
    people who are forgotten.
    unaccounted: neither in the store nor in the dead letters though ingest has passed them; a bug when not 0.
    """

    records: int = 0
    events: int = 0
    stored: int = 0
    duplicates: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    erased: int = 0
    unaccounted: int = 0
    facts: int = 0

    @property
    def dead_total(self) -> int:
        return sum(self.dead.values())


@dataclass(frozen=True)
class Body:
    """One record to send."""

    topic: str
    origin: Origin
    body: bytes


@dataclass
class _Round:
    """What was sent since the store was last asked: valid events in order, and refused ones."""

    sent: list[tuple[str, str, str, int]] = field(default_factory=list)  # event, content, record, index
    refused: dict[tuple[str, int], Reason] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    repeats: int = 0  # the same refused event of the same body, sent again

    def __len__(self) -> int:
        return len(self.sent) + len(self.refused)


class Importer:
    """Sends bodies and facts through Kafka, waits until ingest has committed them, asks the store about each event."""

    def __init__(
        self,
        settings: Settings,
        *,
        sent: Callable[[int], None] = lambda _: None,
        waiting: Callable[[int], None] = lambda _: None,
    ) -> None:
        """sent: told of the events sent so far. waiting: told of the records ingest has still to commit."""
        self._settings = settings
        self._store = Store(ClickHouse(settings), settings.business_timezone)
        self._suppressed = Suppressions(self._store.clickhouse).load()
        self._producer: KafkaProducer = producer(settings)
        self._progress = Progress(settings)
        self._on_sent, self._on_waiting = sent, waiting
        self.report = ImportReport()

    def send_facts(self, facts: Sequence[AnyFact]) -> int:
        """Send the facts that say something new; answers how many. What is known already is not said again.

        Where one of several about the same thing is news, all of them are: what the last says may be what held before.
        """
        known = fold(self._store.facts())
        beside = what_holds(self._store.side_facts()) if any(isinstance(fact, SideFact) for fact in facts) else {}
        changed = {about(fact) for fact in facts if news_of(fact, known, beside) != "unchanged"}
        news = [fact for fact in facts if about(fact) in changed]
        self.send_news(news)
        return len(news)

    def send_news(self, facts: Sequence[AnyFact]) -> None:
        """Send facts, known or not."""
        for fact in facts:
            headers = Origin("setten-import", "facts", fact.recorded_at).to_headers()
            self._send(FACTS, fact.model_dump_json().encode(), headers, None)
        self._producer.flush()
        self.report.facts += len(facts)

    def facts_missing(self, facts: Iterable[str]) -> list[str]:
        """Which of these fact_ids, in hex, the store does not have."""
        wanted = list(dict.fromkeys(facts))
        found: set[str] = set()
        for start in range(0, len(wanted), _DIGEST_BATCH):
            found |= self._store.facts_present(wanted[start : start + _DIGEST_BATCH])
        return [one for one in wanted if one not in found]

    def send(self, bodies: Iterable[Body]) -> ImportReport:
        """Send every body and account for every event.

        Raises ImportFailed, IngestStandsStill, KafkaUnavailable, ClickHouseUnavailable.
        """
        remaining = iter(bodies)
        while batch := self._send_round(remaining):
            self.wait()
            self._account(*batch)
        self.wait()
        return self.report

    def wait(self) -> None:
        """Until ingest has committed all that was sent. Raises ImportFailed when it stands still for too long."""
        try:
            self._producer.flush(timeout=60)
        except KafkaError as error:
            raise ImportFailed(
                f"the broker did not take all records ({error}): send the file again, nothing counts twice"
            ) from error
        self._progress.wait(self._on_waiting)

    def close(self) -> None:
        self._producer.close()
        self._progress.close()
        self._store.clickhouse.close()

    def _send(self, topic: str, body: bytes, headers: list[tuple[str, bytes]], key: bytes | None) -> None:
        try:
            self._producer.send(topic, body, key=key, headers=headers).add_callback(self._progress.sent)
        except KafkaError as error:
            raise KafkaUnavailable(f"Kafka at {self._settings.kafka_brokers} took no more records: {error}") from error

    def _send_round(self, bodies: Iterator[Body]) -> tuple[_Round, set[str]] | None:
        """Send about EVENTS_PER_ROUND events; answers them and which of them the store knew before."""
        this, known = _Round(), set()
        for some in iter(lambda: list(map(self._redacted, islice(bodies, 500))), []):
            digests = [self._note(this, body) for body in some]
            # What this round sent before may be stored by now; only what was there without us was there before.
            ids = {event for events in digests for event in events} - this.ids
            known |= set(self._store.standing_contents(list(ids)))
            this.ids |= ids
            for body, events in zip(some, digests, strict=True):
                self._send(body.topic, body.body, body.origin.to_headers(), _key(body, events))
            self._on_sent(self.report.events)
            if len(this) >= EVENTS_PER_ROUND:
                break
        return (this, known) if this.sent or this.refused else None

    def _redacted(self, body: Body) -> Body:
        """Without the people who are forgotten: what need not come into Kafka does not."""
        if not self._suppressed:
            return body
        origin = redact_origin(body.origin, self._suppressed)
        return replace(body, origin=origin, body=redact(body.body, origin, self._suppressed))

    def _note(self, this: _Round, body: Body) -> list[str]:
        """Read a body as the worker will, to know which events the store must answer for."""
        record = record_id(body.origin.source, body.origin.adapter, body.body)
        outcomes = outcomes_of(body.body, body.origin)
        self.report.records += 1
        ids = []
        for index, outcome in enumerate(outcomes):
            if isinstance(outcome, Fact):
                self.report.facts += 1
                continue
            if isinstance(outcome, Nothing):
                continue
            self.report.events += 1
            if isinstance(outcome, Signal):
                reading = read_signal(outcome, body.origin)
                this.sent.append((reading.event_id, reading.content, record, index))
                ids.append(reading.event_id)
            elif isinstance(outcome, Erased):
                self.report.erased += 1
            elif (record, outcome.index) in this.refused:
                this.repeats += 1
            else:
                this.refused[record, outcome.index] = outcome.reason
        return ids

    def _account(self, this: _Round, known_before: set[str]) -> None:
        """Ask the store what became of the events of a round."""
        found = self._in_batches(self._store.standing_contents, [event for event, *_ in this.sent])
        records = {record for record, _ in this.refused} | {
            record for event, content, record, _ in this.sent if found.get(event, content) != content
        }
        dead = self._in_batches(self._store.dead_letters_of, records)
        stored: set[str] = set()
        for event, content, record, index in this.sent:
            if event not in found:
                self.report.unaccounted += 1
            elif found[event] != content:
                self._count_dead(dead.get((record, index)))
            elif event in known_before or event in stored:
                self.report.duplicates += 1
            else:
                stored.add(event)
                self.report.stored += 1
        for key in this.refused:
            self._count_dead(dead.get(key))
        self.report.duplicates += this.repeats

    def _count_dead(self, reason: str | None) -> None:
        if reason is None:
            self.report.unaccounted += 1
        else:
            self.report.dead[reason] += 1

    def _in_batches(self, ask: Callable[[list[str]], dict], ids: Iterable[str]) -> dict:
        distinct, answer = list(dict.fromkeys(ids)), {}
        for start in range(0, len(distinct), _DIGEST_BATCH):
            answer.update(ask(distinct[start : start + _DIGEST_BATCH]))
        return answer


def _key(body: Body, events: list[str]) -> bytes:
    """What decides the partition. Two contents of one id must meet in their order, or chance says which stands."""
    return events[0].encode() if len(events) == 1 else body.origin.source.encode()


def origin_of(source: str, adapter: str, own_domains: Sequence[str], timezone: str = "") -> Origin:
    """The origin of what is imported now. timezone: IANA name, of local times in a list."""
    content_type = "application/x-ndjson" if adapter == "canonical" else "application/octet-stream"
    if timezone:
        content_type = f"text/csv; tz={timezone}"
    return Origin(source, adapter, datetime.now(UTC), content_type, tuple(own_domains))

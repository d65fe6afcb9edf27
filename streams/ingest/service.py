"""The ingest service: a batch consumer inside the Faust worker. Reads, hands the batch to a cycle, commits."""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any

import aiokafka
import mode
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

from infra.clickhouse import ClickHouseUnavailable
from infra.kafka import FACTS, INGEST_GROUP, MAX_RECORD_BYTES, SIGNAL_TOPICS, KafkaUnavailable, client_options
from infra.settings import Settings
from infra.telemetry import WorkerMetrics
from streams.ingest.batch import Batch, Record, decode_batch
from streams.ingest.cycle import Cycle, CycleReport
from streams.ingest.lag import LagWatch
from streams.ingest.observe import observe

log = logging.getLogger("setten.ingest")

_Found = dict[Any, list[Any]]  # messages by partition, as aiokafka gives them

MAX_RECORDS = 20_000
_MAX_BYTES = 8 << 20  # of a batch's bodies: one may hold hundreds of events, and 20,000 of them would be millions
_POLL_MS = 250
# Touches older than this change history, not today: an import, or a source that sends late.
NEWS_DAYS = 3
_SETTLE_S = 10.0
# Between tries while ClickHouse or Kafka cannot be reached; the last one for as long as it takes. A restart would help
# nobody: the records stay in Kafka, and memory does not grow, as nothing is read meanwhile.
_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
# A worker that waits for ClickHouse does not poll, and is no less alive for it: its heartbeats tell that.
_MAX_POLL_INTERVAL_MS = 7 * 86_400_000
_LOST_PARTITIONS = (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)


class Poisoned(Exception):
    """Nothing but refused events came in for too long; the message names the reasons and the remedy."""


class IngestService(mode.Service):
    """Consumes the signals and facts topics in the group `setten-ingest`."""

    def __init__(
        self,
        settings: Settings,
        open_cycle: Callable[[], Cycle],
        *,
        on_ready: Callable[[], None],
        crash: Callable[[BaseException], Awaitable[None]],
        metrics: WorkerMetrics,
    ) -> None:
        """open_cycle: called in the cycle's own thread. crash: stops the whole worker, with the reason."""
        super().__init__()
        self._settings = settings
        self._open_cycle = open_cycle
        self._on_ready = on_ready
        self._crash = crash
        self._metrics = metrics
        self._lag = LagWatch()
        self._fetched: deque[_Found] = deque()
        self._decode_thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-decode")
        self._store_thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-store")
        self._in_cycle = asyncio.Lock()
        self._idle = asyncio.Event()
        self._idle.set()
        self._consumer: aiokafka.AIOKafkaConsumer | None = None
        self._history_read_at = float("-inf")
        self._refused_in_a_row: Counter[str] = Counter()

    @property
    def reading_history(self) -> bool:
        """Whether old touches came in lately: an account that looks silent may then only be unread."""
        return time.monotonic() - self._history_read_at < _SETTLE_S

    async def measure_lag(self) -> None:
        """Tell the metrics how many records wait. Raises KafkaError."""
        if self._consumer is not None:
            for topic, records in (await self._lag.by_topic(self._consumer, (*SIGNAL_TOPICS, FACTS))).items():
                self._metrics.lag.labels(topic).set(records)

    async def on_start(self) -> None:
        timeout_ms = self._settings.kafka_session_timeout_s * 1000
        self._consumer = aiokafka.AIOKafkaConsumer(
            **client_options(self._settings),
            group_id=INGEST_GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=timeout_ms,
            heartbeat_interval_ms=timeout_ms // 3,
            rebalance_timeout_ms=timeout_ms,
            max_poll_interval_ms=_MAX_POLL_INTERVAL_MS,
            max_partition_fetch_bytes=MAX_RECORD_BYTES,
            fetch_max_bytes=2 * MAX_RECORD_BYTES,
            fetch_max_wait_ms=100,
        )
        self._consumer.subscribe([*SIGNAL_TOPICS, FACTS], listener=_FinishCycleFirst(self._in_cycle, self._lag))
        await self._consumer.start()

    async def on_stop(self) -> None:
        await self._idle.wait()  # a cycle that is under way is finished and committed
        if self._consumer is not None:
            # Not while we hold a lock: a rebalance that is under way waits for the cycle's, and this for the rebalance.
            await self._consumer.stop()
        self._decode_thread.shutdown(wait=True)
        self._store_thread.shutdown(wait=True)

    @mode.Service.task
    async def _consume(self) -> None:
        """Decode one batch while the one before it is stored; commit in their order."""
        storing: asyncio.Task[None] | None = None
        self._idle.clear()
        try:
            loop = asyncio.get_running_loop()
            cycle = await loop.run_in_executor(self._store_thread, self._open_cycle)
            self._on_ready()
            while not self.should_stop:
                found = await self._read()
                read_at = time.perf_counter()
                batch = await loop.run_in_executor(self._decode_thread, _decode, found) if found else None
                decoded_at = time.perf_counter()
                if storing is not None and (batch is not None or storing.done()):
                    await storing
                    storing = None
                if batch is not None:
                    storing = asyncio.create_task(self._store(cycle, batch, found, read_at, decoded_at))
            if storing is not None:
                await storing
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            log.error("ingest stops without committing: %s", error)
            self._idle.set()
            await self._crash(error)
        finally:
            self._idle.set()

    async def _read(self) -> _Found:
        assert self._consumer is not None
        if not self._fetched:
            found: _Found = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=MAX_RECORDS)
            self._fetched.extend(_portions(found))
        return self._fetched.popleft() if self._fetched else {}

    async def _store(self, cycle: Cycle, batch: Batch, found: _Found, read_at: float, decoded_at: float) -> None:
        """read_at, decoded_at: time.perf_counter() then."""
        assert self._consumer is not None
        async with self._in_cycle:
            waited_s = time.perf_counter() - decoded_at
            report = await self._store_patiently(cycle, batch)
            report.seconds |= {"decode": decoded_at - read_at, "wait": waited_s}
            self._mind_poison(report)
            today = datetime.now(self._settings.zone).date()
            if report.median_day is not None and (today - report.median_day).days > NEWS_DAYS:
                self._history_read_at = time.monotonic()
            try:
                # A batch that was decoded before its partitions moved is stored all the same, and theirs to commit.
                ours = self._consumer.assignment()
                if offsets := {p: messages[-1].offset + 1 for p, messages in found.items() if p in ours}:
                    with report.timing("commit"):
                        await self._consumer.commit(offsets)
                    self._lag.committed(offsets)
            except _LOST_PARTITIONS as error:
                # Another worker has these partitions now and reads the records again: that changes nothing.
                log.warning("not committed, the partitions have moved: %s", error)
        observe(self._metrics, report, time.perf_counter() - read_at, datetime.now(UTC))
        if report.dead:
            reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(report.dead.items()))
            log.warning("dead letters: %s", reasons)
        log.info(
            "cycle: %d records, %d events, %d duplicates, %d touches, %d facts",
            *(report.records, report.events, report.duplicates, report.touches, report.facts),
        )

    async def _store_patiently(self, cycle: Cycle, batch: Batch) -> CycleReport:
        loop = asyncio.get_running_loop()
        for pause_s in chain(_PAUSES_S, repeat(_PAUSES_S[-1])):
            try:
                return await loop.run_in_executor(self._store_thread, cycle.store, batch)
            except (ClickHouseUnavailable, KafkaUnavailable) as error:
                if self.should_stop:
                    raise
                log.warning("%s; trying again in %s s", error, pause_s)
                self._metrics.retries.inc()
                await self.sleep(pause_s)
        raise AssertionError("unreachable")

    def _mind_poison(self, report: CycleReport) -> None:
        """Stop before a topic of nothing but refused events is drained: then a source or its configuration is broken.

        Raises Poisoned. The dead letters of the batch are stored, its offsets are not committed.
        """
        limit = self._settings.poison_limit
        if report.events or report.facts:
            self._refused_in_a_row = Counter()
            return
        self._refused_in_a_row += report.dead
        if limit and self._refused_in_a_row.total() > limit:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self._refused_in_a_row.most_common())
            raise Poisoned(
                f"{self._refused_in_a_row.total():,} events in a row were all refused ({reasons}): a source is broken. "
                "Look with `setten dead-letters list`, mend the source; to go on and refuse the rest as well, "
                "set SETTEN_POISON_LIMIT=0"
            )


def _portions(found: _Found) -> Iterator[_Found]:
    """The same messages in their order, at most _MAX_BYTES at a time, or one message that is larger."""
    portion: _Found = {}
    size = 0
    for partition, messages in found.items():
        for message in messages:
            length = len(message.value or b"")
            if portion and size + length > _MAX_BYTES:
                yield portion
                portion, size = {}, 0
            portion.setdefault(partition, []).append(message)
            size += length
    if portion:
        yield portion


def _decode(found: _Found) -> Batch:
    return decode_batch((record for partition in found.values() for record in _records(partition)), FACTS)


def _records(messages: Iterable) -> Iterable[Record]:
    for m in messages:
        yield Record(m.topic, m.partition, m.offset, m.timestamp, tuple(m.headers), m.value or b"")


class _FinishCycleFirst(aiokafka.ConsumerRebalanceListener):
    """Lets the cycle under way finish and commit before its partitions move."""

    def __init__(self, in_cycle: asyncio.Lock, lag: LagWatch) -> None:
        self._in_cycle = in_cycle
        self._lag = lag

    async def on_partitions_revoked(self, revoked: Iterable) -> None:
        async with self._in_cycle:
            pass

    async def on_partitions_assigned(self, assigned: Iterable) -> None:
        self._lag.moved()
        log.info("%d partitions assigned", len(list(assigned)))

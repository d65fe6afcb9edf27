"""The ingest service: a batch consumer inside the Faust worker. Reads, hands the batch to a cycle, commits."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import chain, repeat
from typing import Any, NamedTuple, TypeVar

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
from infra.kafka import FACTS, INGEST_GROUP, SIGNAL_TOPICS, KafkaUnavailable, client_options
from infra.settings import Settings
from infra.telemetry import WorkerMetrics
from streams.ingest.batch import Batch
from streams.ingest.cycle import Cycle
from streams.ingest.filling import MAX_RECORDS, Filling
from streams.ingest.lag import LagWatch
from streams.ingest.observe import observe, observe_settlement
from streams.ingest.reports import CycleReport

T = TypeVar("T")

log = logging.getLogger("setten.ingest")

_RECORDS_PER_POLL = 2_000
_POLL_MS = 250
# While a batch is stored the next one is filled: how often it is looked whether it is stored.
_FILL_POLL_MS = 20
# On a backlog batches are rolled up, settled and committed together, which costs about the same for few
# events as for many.
_SETTLE_EVENTS = 100_000
# A backlog is more than so many batches that wait: one or two are always being read while another is stored,
# and what comes in at the pace of the day is to be seen at once.
_BACKLOG_BATCHES = 3
_SETTLE_S = 4.0
# Touches older than this change history, not today: an import, or a source that sends late.
NEWS_DAYS = 3
_HISTORY_S = 10.0
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


class _Told(NamedTuple):
    """What is known of a batch besides its content.

    offsets: to commit once it is settled. full: another batch is waiting. decode_s, archive_s: what these steps took,
    most of it while the batch was still being read and the one before stored. read_at, archived_at:
    time.perf_counter().
    """

    offsets: dict[Any, int]
    full: bool
    decode_s: float
    archive_s: float
    read_at: float
    archived_at: float


class Poisoned(Exception):
    """Nothing but refused events came in for too long; the message names the reasons and the remedy."""


class Unsettled(Exception):
    """An earlier settlement failed: nothing behind it may be committed, and the worker has to start again."""

    def __init__(self) -> None:
        super().__init__("what was stored before could not be settled: its records have to be read again")


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
        self._decode_thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-decode")
        self._archive_thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-archive")
        self._store_thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-store")
        self._settle_thread = ThreadPoolExecutor(1, thread_name_prefix="ingest-settle")
        self._in_cycle = asyncio.Lock()
        self._in_settlement = asyncio.Lock()
        self._settling: asyncio.Task[None] | None = None
        self._cannot_settle = False  # for good, after an error: the records have to be read again
        self._idle = asyncio.Event()
        self._idle.set()
        self._consumer: aiokafka.AIOKafkaConsumer | None = None
        self._cycle: Cycle | None = None
        self._uncommitted: dict[Any, int] = {}  # stored and not committed, by partition
        self._settle_at = 0.0
        self._read_at = 0.0  # when the first of what is not committed was read, time.perf_counter()
        self._history_read_at = float("-inf")  # when old touches were last rolled up
        self._old_unsettled = self._old_settling = False  # whether such touches are stored, or being rolled up
        self._giving_up = False
        self._refused_in_a_row: Counter[str] = Counter()

    @property
    def reading_history(self) -> bool:
        """Whether old touches came in lately: an account that looks silent may then only be unread."""
        return self._old_unsettled or self._old_settling or time.monotonic() - self._history_read_at < _HISTORY_S

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
            # Of each partition so much waits in memory. A record that is larger comes all the same, alone.
            max_partition_fetch_bytes=1 << 20,
            fetch_max_bytes=16 << 20,
            fetch_max_wait_ms=100,
        )
        self._consumer.subscribe(
            [*SIGNAL_TOPICS, FACTS], listener=_FinishCycleFirst(self._in_cycle, self._settle_before_a_move, self._lag)
        )
        await self._consumer.start()

    async def on_stop(self) -> None:
        await self._idle.wait()  # a cycle that is under way is finished and committed
        if self._consumer is not None:
            # Not while we hold a lock: a rebalance that is under way waits for the cycle's, and this for the rebalance.
            await self._consumer.stop()
        self._decode_thread.shutdown(wait=True)
        self._archive_thread.shutdown(wait=True)
        self._store_thread.shutdown(wait=True)
        self._settle_thread.shutdown(wait=True)

    @mode.Service.task
    async def _consume(self) -> None:
        """Decode and archive one batch while the one before it is stored and those before that are settled."""
        storing: asyncio.Task[None] | None = None
        self._idle.clear()
        try:
            loop = asyncio.get_running_loop()
            cycle = self._cycle = await loop.run_in_executor(self._store_thread, self._open_cycle)
            self._on_ready()
            while not self.should_stop:
                if self._cannot_settle:  # found out before partitions moved, where nobody else is told
                    raise Unsettled
                filled = await self._read(storing)
                archived = await self._archived(cycle, filled) if filled.records else None
                if storing is not None and (archived is not None or storing.done()):
                    await storing
                    storing = None
                if archived is not None:
                    storing = asyncio.create_task(self._store(cycle, *archived))
                elif storing is None and self._uncommitted:
                    await self._settle_next()
                elif self._settling is not None and self._settling.done():
                    await self._settled()
            if storing is not None:
                await storing
            await self._settle_next()
            await self._settled()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._giving_up = True
            under_way = [task for task in (storing, self._settling) if task is not None]
            for other in await asyncio.gather(*under_way, return_exceptions=True):
                if isinstance(other, Exception) and other is not error:
                    log.error("what was stored before is not settled either: %s", other)
            log.error("ingest stops without committing: %s", error)
            self._idle.set()
            await self._crash(error)
        finally:
            self._idle.set()

    async def _read(self, storing: "asyncio.Task[None] | None") -> Filling:
        """Read until a batch is full; with nothing left to read, as long as another one is being stored."""
        assert self._consumer is not None
        filling = Filling()
        while not filling.full and not self.should_stop:
            busy = storing is not None and not storing.done()
            found = await self._consumer.getmany(
                timeout_ms=_FILL_POLL_MS if busy else 0 if filling.records else _POLL_MS,
                max_records=min(_RECORDS_PER_POLL, MAX_RECORDS - filling.records),
            )
            filling.add(found)
            if not found and not busy:
                break
            filling.decode(self._decode_thread)
        filling.decode(self._decode_thread, rest=True)
        return filling

    async def _archived(self, cycle: Cycle, filled: Filling) -> tuple[Batch, _Told]:
        read_at = time.perf_counter()
        decoded = await filled.decoded()
        decoded_at = time.perf_counter()
        batch = await self._patiently(partial(cycle.archive, decoded.batch), self._archive_thread)
        archived_at = time.perf_counter()
        archive_s = archived_at - decoded_at
        return batch, _Told(filled.offsets, filled.full, decoded.seconds, archive_s, read_at, archived_at)

    async def _store(self, cycle: Cycle, batch: Batch, told: _Told) -> None:
        async with self._in_cycle:
            waited_s = time.perf_counter() - told.archived_at
            report = await self._patiently(partial(cycle.store, batch), self._store_thread)
            report.seconds |= {"decode": told.decode_s, "archive": told.archive_s, "wait": waited_s}
            self._mind_poison(report)
            today = datetime.now(self._settings.zone).date()
            if report.median_day is not None and (today - report.median_day).days > NEWS_DAYS:
                self._old_unsettled = True
            if not self._uncommitted:
                self._settle_at, self._read_at = time.monotonic() + _SETTLE_S, told.read_at
            self._uncommitted.update(told.offsets)
            behind = told.full and self._waiting_behind(told.offsets) > _BACKLOG_BATCHES * report.records
            if not behind or cycle.unsettled >= _SETTLE_EVENTS or time.monotonic() >= self._settle_at:
                await self._settle_next()
            if not behind:
                # Without a backlog the next batch is filled meanwhile: closed earlier, it would only wait its turn.
                await self._settled()
        observe(self._metrics, report)
        if report.dead:
            reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(report.dead.items()))
            log.warning("dead letters: %s", reasons)
        log.info(
            "cycle: %d records, %d events, %d touches, %d facts",
            *(report.records, report.events, report.touches, report.facts),
        )

    def _waiting_behind(self, offsets: dict[Any, int]) -> int:
        """How many records wait behind these offsets, of the partitions that are ours, as of their last fetch."""
        assert self._consumer is not None
        ours = self._consumer.assignment()
        ends = {partition: self._consumer.highwater(partition) for partition in offsets if partition in ours}
        return sum(end - offsets[partition] for partition, end in ends.items() if end is not None)

    async def _settle_next(self) -> None:
        """Begin to settle what is stored, once what was stored before is settled."""
        await self._settled()
        self._settling = asyncio.create_task(self._settle())

    async def _settled(self) -> None:
        """Wait until what is being settled is. Raises what that raises."""
        settling, self._settling = self._settling, None
        if settling is not None:
            await settling

    async def _settle_before_a_move(self) -> None:
        """Settle and commit before partitions move; what cannot be settled is read again by whoever gets them."""
        if not self._cannot_settle:
            await self._settle()

    async def _settle(self) -> None:
        """Settle what was stored since the last time and commit it. Raises what Cycle.settle does, and Unsettled."""
        assert self._consumer is not None
        if self._cycle is None:
            return
        async with self._in_settlement:
            if self._cannot_settle:
                raise Unsettled
            # Taken first: what is stored meanwhile is committed the next time.
            offsets, self._uncommitted = self._uncommitted, {}
            read_at = self._read_at
            self._old_settling, self._old_unsettled = self._old_unsettled, False
            try:
                settlement = await self._patiently(self._cycle.settle, self._settle_thread)
            except BaseException:
                self._cannot_settle = True
                raise
            finally:
                if self._old_settling:
                    self._old_settling, self._history_read_at = False, time.monotonic()
            with settlement.timing("commit"):
                await self._commit(offsets)
        observe_settlement(self._metrics, settlement, time.perf_counter() - read_at if offsets else None)
        if settlement.events:
            log.info(
                "settled: %d events, %d duplicates, %d conflicting",
                *(settlement.events, settlement.duplicates, settlement.conflicts),
            )

    async def _commit(self, offsets: dict[Any, int]) -> None:
        assert self._consumer is not None
        # What was decoded before its partitions moved is stored all the same, and theirs to commit.
        ours = self._consumer.assignment()
        mine = {partition: offset for partition, offset in offsets.items() if partition in ours}
        if not mine:
            return
        try:
            await self._consumer.commit(mine)
            self._lag.committed(mine)
            self._metrics.last_commit.set(datetime.now(UTC).timestamp())
        except _LOST_PARTITIONS as error:
            # Another worker has these partitions now and reads the records again: that changes nothing.
            log.warning("not committed, the partitions have moved: %s", error)

    async def _patiently(self, action: Callable[[], T], thread: ThreadPoolExecutor) -> T:
        """Do it in a thread, again for as long as ClickHouse or Kafka cannot be reached."""
        loop = asyncio.get_running_loop()
        for pause_s in chain(_PAUSES_S, repeat(_PAUSES_S[-1])):
            try:
                return await loop.run_in_executor(thread, action)
            except (ClickHouseUnavailable, KafkaUnavailable) as error:
                if self.should_stop or self._giving_up:
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


class _FinishCycleFirst(aiokafka.ConsumerRebalanceListener):
    """Lets the cycle under way finish, and commits what is stored, before its partitions move."""

    def __init__(self, in_cycle: asyncio.Lock, settle: Callable[[], Awaitable[None]], lag: LagWatch) -> None:
        self._in_cycle = in_cycle
        self._settle = settle
        self._lag = lag

    async def on_partitions_revoked(self, revoked: Iterable) -> None:
        async with self._in_cycle:
            await self._settle()

    async def on_partitions_assigned(self, assigned: Iterable) -> None:
        self._lag.moved()
        log.info("%d partitions assigned", len(list(assigned)))

"""The ingest job with Bytewax: Kafka's batches are read by `flat_map_batch`, gathered, and stored by a sink.

Bytewax keeps offsets in a recovery store of its own. A sink that commits them to Kafka once they are stored, and a
source that starts where the group's commit stands, give the same guarantee, cost less, and let the same clock measure.
"""

import logging
import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import cluster_main
from confluent_kafka import OFFSET_STORED, Consumer, TopicPartition

from infra.kafka import SIGNAL_TOPICS
from infra.settings import Settings, load_settings
from tests.benchmarks.contenders.job import Read, Sink, reader, spare_collector

log = logging.getLogger("bench-bytewax")
GROUP = "bench-bytewax"
_FETCH = int(os.environ.get("BENCH_FETCH", "5000"))
_BATCH = int(os.environ.get("BENCH_BATCH", "20000"))
_WITHIN = timedelta(seconds=1)


class _Gather(StatefulBatchLogic):
    """As `op.collect` does, but of whole batches: the engine then moves a few items a batch and not one an event."""

    def __init__(self) -> None:
        self._batch: list[Read] = []
        self._due: datetime | None = None

    def on_batch(self, values: list[list[Read]]) -> tuple[Iterable[list[Read]], bool]:
        full = []
        for reads in values:
            self._batch += reads
            if len(self._batch) >= _BATCH:
                full.append(self._batch)
                self._batch, self._due = [], None
        if self._batch and self._due is None:
            self._due = datetime.now(UTC) + _WITHIN
        return full, StatefulBatchLogic.RETAIN

    def on_notify(self) -> tuple[Iterable[list[Read]], bool]:
        batch, self._batch, self._due = self._batch, [], None
        # Told also of a time that on_batch has done with meanwhile: then there may be nothing.
        return [batch] if batch else [], StatefulBatchLogic.RETAIN

    def notify_at(self) -> datetime | None:
        return self._due

    def snapshot(self) -> None:
        """Nothing: what is gathered is not committed, and read again."""


class _Partition(StatelessSinkPartition):
    """Stores and commits in a thread, while the flow reads the next batch; one at a time and in their order."""

    def __init__(self, settings: Settings) -> None:
        self._sink = Sink(settings)
        self._offsets = Consumer(_client(settings) | {"enable.auto.commit": False})
        self._thread = ThreadPoolExecutor(1)
        self._storing: Future[None] | None = None

    def write_batch(self, items: list[list[Read]]) -> None:
        for batch in items:
            if self._storing is not None:
                self._storing.result()
            self._storing = self._thread.submit(self._store, batch)

    def _store(self, batch: list[Read]) -> None:
        try:
            self._sink.write(batch)
            last = {read.partition: read.offset for read in batch}
            offsets = [TopicPartition(SIGNAL_TOPICS[0], partition, offset + 1) for partition, offset in last.items()]
            self._offsets.commit(offsets=offsets, asynchronous=False)
        except Exception:
            log.exception("a batch was not stored")  # Bytewax ends without saying why
            raise

    def close(self) -> None:
        if self._storing is not None:
            self._storing.result()
        self._offsets.close()


class ClickHouseSink(DynamicSink):
    """Stores each gathered batch, then commits its offsets."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> _Partition:
        return _Partition(self._settings)


def _client(settings: Settings) -> dict[str, Any]:
    return {"bootstrap.servers": settings.kafka_brokers, "group.id": GROUP}


def flow(settings: Settings) -> Dataflow:
    """Kafka, read, gather, store."""
    read = reader()

    def decode(messages: list[KafkaSourceMessage]) -> list[tuple[str, list[Read]]]:
        reads = [
            Read(m.topic, m.partition, m.offset, m.value, read(m.value, m.headers, m.timestamp[1])) for m in messages
        ]
        return [("", reads)]

    source = KafkaSource(
        settings.brokers,
        [SIGNAL_TOPICS[0]],
        starting_offset=OFFSET_STORED,
        batch_size=_FETCH,
        add_config=_client(settings)
        | {"auto.offset.reset": "earliest", "enable.auto.commit": False, "queued.min.messages": 5_000},
    )
    made = Dataflow("signals")
    batches = op.flat_map_batch("read", op.input("kafka", made, source), decode)
    gathered = op.stateful_batch("gather", batches, lambda _resumed: _Gather())
    op.output("store", op.map("batch", gathered, lambda item: item[1]), ClickHouseSink(settings))
    return made


if __name__ == "__main__":
    spare_collector()
    cluster_main(flow(load_settings()), [], 0)

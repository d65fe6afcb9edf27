"""The ingest job with Bytewax: Kafka's batches are read by `flat_map_batch`, gathered by `collect`, stored by a sink.

Bytewax keeps offsets in a recovery store of its own. A sink that commits them to Kafka once they are stored, and a
source that starts where the group's commit stands, give the same guarantee, cost less, and let the same clock measure.
"""

import os
from datetime import timedelta
from typing import Any

from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import cluster_main
from confluent_kafka import OFFSET_STORED, Consumer, TopicPartition

from infra.kafka import SIGNAL_TOPICS
from infra.settings import Settings, load_settings
from tests.benchmarks.contenders.job import Read, Sink, reader

GROUP = "bench-bytewax"
_FETCH = 5_000
_BATCH = int(os.environ.get("BENCH_BATCH", "20000"))
_WITHIN = timedelta(seconds=1)


class _Partition(StatelessSinkPartition):
    def __init__(self, settings: Settings) -> None:
        self._sink = Sink(settings)
        self._offsets = Consumer(_client(settings) | {"enable.auto.commit": False})

    def write_batch(self, items: list[list[Read]]) -> None:
        for batch in items:
            self._sink.write(batch)
            last = {read.partition: read.offset for read in batch}
            offsets = [TopicPartition(SIGNAL_TOPICS[0], p, offset + 1) for p, offset in last.items()]
            self._offsets.commit(offsets=offsets, asynchronous=False)

    def close(self) -> None:
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

    def decode(messages: list[KafkaSourceMessage]) -> list[tuple[str, Read]]:
        return [
            ("", Read(m.topic, m.partition, m.offset, m.value, read(m.value, m.headers, m.timestamp[1])))
            for m in messages
        ]

    source = KafkaSource(
        settings.brokers,
        [SIGNAL_TOPICS[0]],
        starting_offset=OFFSET_STORED,
        batch_size=_FETCH,
        add_config=_client(settings)
        | {"auto.offset.reset": "earliest", "enable.auto.commit": False, "queued.min.messages": 50_000},
    )
    made = Dataflow("signals")
    keyed = op.flat_map_batch("read", op.input("kafka", made, source), decode)
    gathered = op.collect("gather", keyed, timeout=_WITHIN, max_size=_BATCH)
    op.output("store", op.map("batch", gathered, lambda item: item[1]), ClickHouseSink(settings))
    return made


if __name__ == "__main__":
    cluster_main(flow(load_settings()), [], 0)

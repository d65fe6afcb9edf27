"""The ingest job with Quix Streams: a StreamingDataFrame that reads one event at a time, a sink that checkpoints."""

import os
from typing import Any

from quixstreams import Application
from quixstreams.sinks import BaseSink, SinkBackpressureError

from infra.clickhouse import ClickHouseUnavailable
from infra.kafka import SIGNAL_TOPICS
from infra.settings import load_settings
from tests.benchmarks.contenders.job import Read, Sink, Told, reader, spare_collector

GROUP = "bench-quix"
_COMMIT_EVERY = int(os.environ.get("BENCH_BATCH", "20000"))
_COMMIT_INTERVAL_S = 1.0
_PAUSE_S = 1.0


class ClickHouseSink(BaseSink):
    """Stores what has come since the last checkpoint, and the checkpoint then commits the offsets.

    Not a BatchingSink: that would make of each checkpoint as many small writes as there are partitions.
    """

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink
        self._batch: list[Read] = []

    def add(
        self,
        value: tuple[bytes, Told],
        key: Any,
        timestamp: int,
        headers: Any,
        topic: str,
        partition: int,
        offset: int,
    ) -> None:
        """One event, read."""
        self._batch.append(Read(topic, partition, offset, *value))

    def flush(self) -> None:
        """Store; where ClickHouse does not answer the framework reads the same records again, later."""
        batch, self._batch = self._batch, []
        try:
            self._sink.write(batch)
        except ClickHouseUnavailable as error:
            raise SinkBackpressureError(retry_after=_PAUSE_S) from error

    def on_paused(self) -> None:
        self._batch.clear()


def main() -> None:
    settings = load_settings()
    read = reader()

    def decode(value: bytes, _key: Any, timestamp_ms: int, headers: Any) -> tuple[bytes, Told]:
        return value, read(value, headers, timestamp_ms)

    app = Application(
        broker_address=settings.kafka_brokers,
        consumer_group=GROUP,
        auto_offset_reset="earliest",
        commit_every=_COMMIT_EVERY,
        commit_interval=_COMMIT_INTERVAL_S,
        auto_create_topics=False,
        use_changelog_topics=False,
        broker_availability_timeout=0,  # looked for at every message otherwise
        state_dir=settings.data_dir / GROUP,
        loglevel="WARNING",
        consumer_extra_config={
            "session.timeout.ms": 6000,
            "queued.min.messages": 200_000,
            "fetch.message.max.bytes": 4 << 20,
        },
    )
    topic = app.topic(SIGNAL_TOPICS[0], value_deserializer="bytes", key_deserializer="bytes")
    app.dataframe(topic).apply(decode, metadata=True).sink(ClickHouseSink(Sink(settings)))
    app.run()


if __name__ == "__main__":
    spare_collector()
    main()

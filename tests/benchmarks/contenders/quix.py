"""The ingest job with Quix Streams: a StreamingDataFrame that reads one event at a time, a sink that checkpoints."""

import os
from typing import Any

from quixstreams import Application
from quixstreams.sinks import BatchingSink, SinkBackpressureError, SinkBatch

from infra.clickhouse import ClickHouseUnavailable
from infra.kafka import SIGNAL_TOPICS
from infra.settings import load_settings
from tests.benchmarks.contenders.job import Read, Sink, Told, reader

GROUP = "bench-quix"
_COMMIT_EVERY = int(os.environ.get("BENCH_BATCH", "20000"))
_COMMIT_INTERVAL_S = 1.0
_PAUSE_S = 1.0


class ClickHouseSink(BatchingSink):
    """Stores what has come since the last checkpoint; the checkpoint then commits the offsets."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def flush(self) -> None:
        """All partitions in one write: BatchingSink's own flush would make a small one for each."""
        try:
            self._sink.write(_reads(self._batches.values()))
        except ClickHouseUnavailable as error:
            raise SinkBackpressureError(retry_after=_PAUSE_S) from error
        finally:
            self._batches.clear()

    def write(self, batch: SinkBatch) -> None:
        """Store one partition's; the base class asks for it."""
        self._sink.write(_reads([batch]))


def _reads(batches: Any) -> Any:
    for batch in batches:
        for item in batch:
            value, told = item.value
            yield Read(batch.topic, batch.partition, item.offset, value, told)


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
    main()

"""The signals and facts topics, read from their beginnings, beside the ingest group and not as a member of it."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from infra.kafka import FACTS, MAX_RECORD_BYTES, KafkaUnavailable, client_options, ingest_offsets
from infra.settings import Settings

_POLL_MS = 500
_MOST_RECORDS = 20_000
_PATIENCE_S = 60.0


class KafkaLog:
    """Everything that Kafka still has, in rounds: each reads on to what was the end when it began."""

    def __init__(self, settings: Settings) -> None:
        """Raises KafkaUnavailable."""
        self._settings = settings
        self._next: dict[TopicPartition, int] = {}
        self._until: dict[TopicPartition, int] = {}
        try:
            self._consumer = KafkaConsumer(
                **client_options(settings),
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                bootstrap_timeout_ms=10_000,
                max_partition_fetch_bytes=MAX_RECORD_BYTES,
                fetch_max_bytes=2 * MAX_RECORD_BYTES,
            )
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error

    def look(self) -> int:
        """Begin a round: answers how many records lie between where it stands and the end. Raises KafkaUnavailable."""
        for partition, (first, end) in ingest_offsets(self._settings).items():
            self._next.setdefault(partition, first)
            self._until[partition] = end
        return sum(max(0, self._until[partition] - at) for partition, at in self._next.items())

    def round(self) -> Iterator[Sequence[Any]]:
        """Read to where look saw the end, or a little further; answers Kafka's records. Raises KafkaUnavailable."""
        # Facts first: signals that are rolled up before their facts are known are bound once more.
        for facts in (True, False):
            partitions = [partition for partition in self._next if (partition.topic == FACTS) == facts]
            try:
                yield from self._read(partitions)
            except (KafkaError, OSError) as error:
                raise self._unavailable(error) from error

    def _read(self, partitions: list[TopicPartition]) -> Iterator[Sequence[Any]]:
        self._consumer.assign(partitions)
        for partition in partitions:
            self._consumer.seek(partition, self._next[partition])
        deadline = time.monotonic() + _PATIENCE_S
        while left := [partition for partition in partitions if self._next[partition] < self._until[partition]]:
            found = self._consumer.poll(timeout_ms=_POLL_MS, max_records=_MOST_RECORDS)
            for partition in partitions:
                # Not of the last record: what a transaction leaves at an end is no record.
                self._next[partition] = self._consumer.position(partition)
            if found:
                yield [message for messages in found.values() for message in messages]
                deadline = time.monotonic() + _PATIENCE_S
            elif time.monotonic() > deadline:
                raise KafkaUnavailable(
                    f"Kafka at {self._settings.kafka_brokers} gave no record of {left[0].topic} for "
                    f"{_PATIENCE_S:.0f} s though it told of more: run the command again"
                )

    def _unavailable(self, error: Exception) -> KafkaUnavailable:
        return KafkaUnavailable(
            f"Kafka at {self._settings.kafka_brokers} does not answer ({type(error).__name__}): "
            "is it running (`setten status`), and is SETTEN_KAFKA_BROKERS right?"
        )

"""The signals and facts topics, read from their beginnings, beside the ingest group and not as a member of it."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from infra.kafka import FACTS, MAX_RECORD_BYTES, SIGNAL_TOPICS, KafkaUnavailable, client_options, ends
from infra.settings import Settings

_POLL_MS = 500
_MOST_RECORDS = 20_000
_PATIENCE_S = 60.0


class KafkaLog:
    """Everything that Kafka still has, in rounds: each reads on to what is then the end."""

    def __init__(self, settings: Settings) -> None:
        """Raises KafkaUnavailable."""
        self._settings = settings
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
            # Facts first: signals that are rolled up before their facts are known are bound once more.
            self._topics = [self._partitions(FACTS), [p for topic in SIGNAL_TOPICS for p in self._partitions(topic)]]
            everything = [partition for topic in self._topics for partition in topic]
            self._next: dict[TopicPartition, int] = dict(self._consumer.beginning_offsets(everything))
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error

    def waiting(self) -> int:
        """Records from where it stands to the ends. Raises KafkaUnavailable."""
        try:
            found = ends(self._consumer, list(self._next))
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error
        return sum(max(0, end - self._next[partition]) for partition, end in found.items())

    def round(self) -> Iterator[Sequence[Any]]:
        """Read on to where the ends are now, or a little further; answers Kafka's records. Raises KafkaUnavailable."""
        try:
            for partitions in self._topics:
                yield from self._read(partitions)
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        self._consumer.close()

    def _partitions(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in sorted(self._consumer.partitions_for_topic(topic) or ())]

    def _read(self, partitions: list[TopicPartition]) -> Iterator[Sequence[Any]]:
        until = ends(self._consumer, partitions)
        self._consumer.assign(partitions)
        for partition in partitions:
            self._consumer.seek(partition, self._next[partition])
        deadline = time.monotonic() + _PATIENCE_S
        while left := [partition for partition in partitions if self._next[partition] < until[partition]]:
            found = self._consumer.poll(timeout_ms=_POLL_MS, max_records=_MOST_RECORDS)
            if found:
                yield [message for messages in found.values() for message in messages]
                deadline = time.monotonic() + _PATIENCE_S
            for partition in left:
                # Not of the last record: what a transaction leaves at an end is no record.
                self._next[partition] = self._consumer.position(partition)
            if time.monotonic() > deadline:
                raise KafkaUnavailable(
                    f"Kafka at {self._settings.kafka_brokers} gave no record of {left[0].topic} for "
                    f"{_PATIENCE_S:.0f} s though it told of more: run the command again"
                )

    def _unavailable(self, error: Exception) -> KafkaUnavailable:
        return KafkaUnavailable(
            f"Kafka at {self._settings.kafka_brokers} does not answer ({type(error).__name__}): "
            "is it running (`setten status`), and is SETTEN_KAFKA_BROKERS right?"
        )

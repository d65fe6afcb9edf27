"""Kafka: topics, and client options from the settings. The same code for the embedded broker and for a cluster."""

import json
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaError, KafkaTimeoutError, TopicAlreadyExistsError
from kafka.producer.future import RecordMetadata
from kafka.structs import TopicPartition

from infra.settings import Settings

SIGNAL_TOPICS = ("signals.web", "signals.email", "signals.event", "signals.meeting")
FACTS = "facts"
ACCOUNT_TOUCHED = "account.touched"
ALERTS = "alerts"
INGEST_GROUP = "setten-ingest"
ASSESS_GROUP = "setten-assess"

# A body is stored as received, so a record may be as large as the largest body that the collector takes.
MAX_BODY_BYTES = 16 << 20
MAX_RECORD_BYTES = MAX_BODY_BYTES + (1 << 20)

_FETCH_S = 10.0


class KafkaUnavailable(Exception):
    """The broker cannot be reached or refuses us; the message names the address and the remedy."""


@dataclass(frozen=True)
class Lag:
    """How far a consumer group is behind. committed and end are sums over the group's partitions."""

    committed: int
    end: int

    @property
    def records(self) -> int:
        return max(0, self.end - self.committed)


def _security(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {"security_protocol": settings.kafka_security}
    if settings.kafka_security.startswith("SASL"):
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_user
        options["sasl_plain_password"] = settings.kafka_password.get_secret_value()
    return options


def ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS as configured, verifying the broker; None on a plain connection."""
    if "SSL" not in settings.kafka_security:
        return None
    return ssl.create_default_context(cafile=str(settings.kafka_ca_file) if settings.kafka_ca_file else None)


def client_options(settings: Settings) -> dict[str, Any]:
    """Connection options for kafka-python and aiokafka alike. Raises KafkaUnavailable when no broker is configured."""
    if not settings.brokers:
        raise KafkaUnavailable("no Kafka broker is configured: run `setten up`, or set SETTEN_KAFKA_BROKERS=host:port")
    return {
        "bootstrap_servers": settings.brokers,
        "ssl_context": ssl_context(settings),
        **_security(settings),
    }


def _refused(settings: Settings, error: Exception) -> KafkaUnavailable:
    return KafkaUnavailable(
        f"Kafka at {settings.kafka_brokers} does not answer ({type(error).__name__}): "
        "is it running (`setten status`), and is SETTEN_KAFKA_BROKERS right?"
    )


def admin(settings: Settings, *, timeout_ms: int = 10_000) -> KafkaAdminClient:
    """An admin client, connected. Raises KafkaUnavailable."""
    try:
        return KafkaAdminClient(
            **client_options(settings), request_timeout_ms=timeout_ms, bootstrap_timeout_ms=timeout_ms
        )
    except (KafkaError, OSError) as error:
        raise _refused(settings, error) from error


def producer(settings: Settings) -> KafkaProducer:
    """A producer that counts a record as sent when all in-sync replicas have it. Raises KafkaUnavailable."""
    try:
        return KafkaProducer(
            **client_options(settings),
            acks="all",
            enable_idempotence=False,  # the embedded broker has no producer ids; events are idempotent themselves
            max_in_flight_requests_per_connection=1,  # keeps the order when a request is retried
            linger_ms=20,
            batch_size=1 << 20,
            max_request_size=MAX_RECORD_BYTES,
            max_block_ms=30_000,
            bootstrap_timeout_ms=10_000,
        )
    except (KafkaError, OSError) as error:
        raise _refused(settings, error) from error


def ensure_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing; returns their names. Raises KafkaUnavailable."""
    client = admin(settings)
    created = []
    try:
        existing = set(client.list_topics())
        for topic in (*SIGNAL_TOPICS, FACTS, ACCOUNT_TOUCHED, ALERTS):
            if topic in existing:
                continue
            # Facts are few and their order is worth more than their speed.
            partitions = 1 if topic == FACTS else settings.kafka_partitions
            options = {"max.message.bytes": str(MAX_RECORD_BYTES)}
            try:
                client.create_topics([NewTopic(topic, partitions, settings.kafka_replication, topic_configs=options)])
            except TopicAlreadyExistsError:
                continue  # another worker was faster
            created.append(topic)
    except (KafkaError, OSError) as error:
        raise _refused(settings, error) from error
    finally:
        client.close()
    return created


class Publisher:
    """Tells Kafka what changed, as JSON keyed by account, and returns when Kafka has it."""

    def __init__(self, kafka: KafkaProducer) -> None:
        self._kafka = kafka

    def send(self, topic: str, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Raises KafkaUnavailable."""
        try:
            sent = [
                self._kafka.send(topic, key=key.encode(), value=json.dumps(value, ensure_ascii=False).encode())
                for key, value in messages
            ]
            self._kafka.flush(timeout=30)  # else each waits until the producer is done with waiting for more
            for future in sent:
                future.get(timeout=30)
        except (KafkaError, OSError) as error:
            raise KafkaUnavailable(f"Kafka did not take {len(messages)} messages of {topic}: {error}") from error


def _reader(settings: Settings) -> KafkaConsumer:
    """A client that asks for the ingest group's offsets without being a member of it. Raises KafkaUnavailable."""
    try:
        return KafkaConsumer(
            **client_options(settings), group_id=INGEST_GROUP, enable_auto_commit=False, bootstrap_timeout_ms=10_000
        )
    except (KafkaError, OSError) as error:
        raise _refused(settings, error) from error


def ingest_lag(settings: Settings) -> Lag:
    """How many records of the signals and facts topics the ingest group has not committed. Raises KafkaUnavailable."""
    consumer = _reader(settings)
    try:
        partitions = _ingested(consumer)
        committed = sum(consumer.committed(partition) or 0 for partition in partitions)
        return Lag(committed=committed, end=sum(_ends(consumer, partitions).values()))
    except (KafkaError, OSError) as error:
        raise _refused(settings, error) from error
    finally:
        consumer.close()


def ingest_offsets(settings: Settings) -> dict[TopicPartition, tuple[int, int]]:
    """The first and the end offset of each partition of the signals and facts topics. Raises KafkaUnavailable."""
    consumer = _reader(settings)
    try:
        partitions = _ingested(consumer)
        first = consumer.beginning_offsets(partitions)
        end = _ends(consumer, partitions)
        return {partition: (first[partition], max(first[partition], end[partition])) for partition in partitions}
    except (KafkaError, OSError) as error:
        raise _refused(settings, error) from error
    finally:
        consumer.close()


def _ingested(consumer: KafkaConsumer) -> list[TopicPartition]:
    """The partitions that the ingest group reads."""
    return [
        TopicPartition(topic, partition)
        for topic in (*SIGNAL_TOPICS, FACTS)
        for partition in sorted(consumer.partitions_for_topic(topic) or ())
    ]


def _ends(consumer: KafkaConsumer, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
    """The end offset of each partition.

    Tansu, asked for the latest offset, tells the first of the last batch; the high watermark in an answer to a fetch is
    right with every broker. Raises KafkaError.
    """
    told = consumer.end_offsets(partitions)
    filled = [partition for partition in partitions if told[partition]]
    consumer.assign(filled)
    for partition in filled:
        consumer.seek(partition, told[partition] - 1)
    deadline = time.monotonic() + _FETCH_S
    while any(consumer.highwater(partition) is None for partition in filled):
        if time.monotonic() > deadline:
            raise KafkaTimeoutError(f"no answer to a fetch within {_FETCH_S:g} s")
        # Records are not wanted, only what comes with them.
        consumer.poll(timeout_ms=100, max_records=1, update_offsets=False)
    return {partition: consumer.highwater(partition) if told[partition] else 0 for partition in partitions}


class IngestStandsStill(Exception):
    """Nothing is committed any more though records are waiting; the message says what to look at."""


class Progress:
    """Follows records until the ingest group has committed them."""

    def __init__(self, settings: Settings, *, patience_s: float = 120.0) -> None:
        """patience_s: how long nothing may be committed before wait() gives up."""
        self._settings = settings
        self._patience_s = patience_s
        self._consumer = _reader(settings)
        self._wanted: dict[TopicPartition, int] = {}

    def sent(self, metadata: RecordMetadata) -> None:
        """Note a record the broker has taken; thread-safe enough for the producer's callback (one writer)."""
        partition = TopicPartition(metadata.topic, metadata.partition)
        self._wanted[partition] = max(self._wanted.get(partition, 0), metadata.offset + 1)

    def everything(self) -> None:
        """Note all that is in the topics now, whoever sent it. Raises KafkaUnavailable."""
        try:
            ends = _ends(self._consumer, _ingested(self._consumer))
            self._consumer.unsubscribe()
        except (KafkaError, OSError) as error:
            raise _refused(self._settings, error) from error
        for partition, end in ends.items():
            self._wanted[partition] = max(self._wanted.get(partition, 0), end)

    def behind(self) -> int:
        """Records sent that are not committed yet. Raises KafkaUnavailable."""
        try:
            return sum(
                max(0, wanted - (self._consumer.committed(partition) or 0))
                for partition, wanted in list(self._wanted.items())
            )
        except (KafkaError, OSError) as error:
            raise _refused(self._settings, error) from error

    def wait(self, told: Callable[[int], None] = lambda _: None) -> None:
        """Until all is committed. told: the records still waiting. Raises IngestStandsStill, KafkaUnavailable."""
        least, since = self.behind(), time.monotonic()
        behind = least
        while behind:
            told(behind)
            time.sleep(0.1)
            behind = self.behind()
            if behind < least:
                least, since = behind, time.monotonic()
            elif time.monotonic() - since > self._patience_s:
                raise IngestStandsStill(
                    f"{behind:,} records wait and nothing was committed for {self._patience_s:.0f} s: is a worker "
                    "running (`setten status`)? The records are in Kafka; they are read when one runs"
                )
        told(0)

    def close(self) -> None:
        self._consumer.close()

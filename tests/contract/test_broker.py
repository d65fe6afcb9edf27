"""What Setten needs of a broker, asked of the one that was chosen with --broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.kafka import FACTS, SIGNAL_TOPICS, ensure_topics, ingest_lag, producer
from infra.settings import Settings
from tests.faults.cluster import SingleBroker
from tests.stack import Stack


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    broker = SingleBroker(tmp_path, Stack.broker)
    settings = Settings(data_dir=tmp_path, kafka_brokers=broker.address, kafka_partitions=2)
    ensure_topics(settings)
    yield settings
    broker.close()


def test_the_lag_counts_every_record_of_the_last_batch_too(settings: Settings) -> None:
    assert ingest_lag(settings).records == 0
    kafka = producer(settings)
    for number in range(900):
        kafka.send(SIGNAL_TOPICS[number % 4], b"{}", key=str(number).encode())
    kafka.send(FACTS, b"{}")
    kafka.flush()
    kafka.close()
    assert ingest_lag(settings).records == 901

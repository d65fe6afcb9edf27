"""How long Kafka keeps what was sent: records cannot be taken out of the middle of a log."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from infra.kafka import FACTS, SIGNAL_TOPICS, KafkaUnavailable, admin
from infra.settings import Settings


class Kept(NamedTuple):
    """A topic, and when all that it holds now is gone. until: None where the broker tells no limit."""

    topic: str
    until: datetime | None


def kept_in_kafka(settings: Settings, now: datetime) -> list[Kept]:
    """What each topic of signals and facts holds now, and until when at the latest. Raises KafkaUnavailable."""
    topics = (*SIGNAL_TOPICS, FACTS)
    client = admin(settings)
    try:
        told = client.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics], config_filter="all"
        )
    except (KafkaError, OSError) as error:
        raise KafkaUnavailable(f"Kafka at {settings.kafka_brokers} does not tell its retention: {error}") from error
    finally:
        client.close()
    return [Kept(topic, _until(_values(told, topic), now)) for topic in topics]


def _values(told: dict[str, Any], topic: str) -> dict[str, str]:
    return {name: one["value"] for name, one in told.get("topic", {}).get(topic, {}).items()}


def _until(config: dict[str, str], now: datetime) -> datetime | None:
    """A segment goes when its newest record is too old, and is written to for segment.ms at the longest."""
    keeps_for_ever = int(config.get("retention.ms", -1)) < 0 or config.get("cleanup.policy", "delete") != "delete"
    if keeps_for_ever:
        return None
    longest_ms = int(config["retention.ms"]) + int(config.get("segment.ms", 0))
    return now.astimezone(UTC) + timedelta(milliseconds=longest_ms)

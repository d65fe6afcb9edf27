"""The brokers that `setten up` can run: what they have in common."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol

from infra.embedded.processes import LOOPBACK, accepts

# Tansu lets a group wait its whole rebalance timeout, which kafka clients take from the session timeout; and in a test
# the partitions of a killed worker are to move soon.
SESSION_TIMEOUT_S = 6

Kind = Literal["tansu", "kafka"]


class BrokerMissing(Exception):
    """The broker's program is not installed; the message says how to install it."""


class Broker(Protocol):
    """A broker's program, and where it keeps what it holds."""

    cluster_id: str
    forgets: bool
    """Whether topics and records are gone when the process ends."""

    def command(self, port: int) -> list[str]:
        """How to run it on a loopback port."""

    def environment(self) -> Mapping[str, str]:
        """All the environment that it gets."""


def open_broker(kind: Kind, folder: Path) -> Broker:
    """The broker of that kind. folder: where programs and data of brokers lie. Raises BrokerMissing."""
    if kind == "kafka":
        from infra.embedded.apache_kafka import ApacheKafka

        return ApacheKafka.single(folder / "kafka")
    from infra.embedded.tansu import Tansu

    return Tansu(folder / "bin")


def answers(port: int, cluster_id: str) -> bool:
    """Whether the broker of that cluster, and not another that took the port, answers for its metadata."""
    if not accepts(LOOPBACK, port):
        return False
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    try:
        client = KafkaAdminClient(
            bootstrap_servers=f"{LOOPBACK}:{port}", request_timeout_ms=2_000, bootstrap_timeout_ms=2_000
        )
    except (KafkaError, OSError, ValueError):
        return False
    try:
        return bool(client.describe_cluster()["cluster_id"] == cluster_id)
    except (KafkaError, OSError):
        return False
    finally:
        client.close()

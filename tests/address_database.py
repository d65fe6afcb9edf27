"""Makes databases of IP addresses for tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet


def database(path: Path, networks: Mapping[str, Any], kind: str = "Companies", version: int = 6) -> Path:
    """A database in the MaxMind format."""
    made = MMDBWriter(version, kind, ipv4_compatible=version == 6)
    for network, record in networks.items():
        made.insert_network(IPSet([network]), record)
    made.to_db_file(str(path))
    return path

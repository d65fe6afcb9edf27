"""Apache Kafka in KRaft mode on loopback: one node for `setten up`, several for tests. `make kafka` assembles it."""

import base64
import os
import shlex
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.embedded.broker import BrokerMissing
from infra.embedded.processes import LOOPBACK, free_port

_HOME = Path(__file__).parents[1] / "kafka"
_HEAP = "512m"


@dataclass(frozen=True)
class Node:
    """A member of a cluster; broker and controller in one process."""

    number: int
    port: int
    controller_port: int
    folder: Path
    host: str = LOOPBACK


class ApacheKafka:
    """A Kafka whose data stays in its folder."""

    forgets = False

    def __init__(self, folder: Path, cluster_id: str = "") -> None:
        """cluster_id: for a new folder; '' for one of its own. Raises BrokerMissing."""
        self._java = _java()
        self._folder = folder
        self.cluster_id = _cluster_id(folder) or cluster_id or _new_id()

    @classmethod
    def single(cls, folder: Path) -> "ApacheKafka":
        """One node that is its own cluster."""
        return cls(folder)

    def command(self, port: int) -> list[str]:
        """How to run it on a loopback port."""
        node = Node(1, port, free_port(), self._folder)
        return self.command_of(node, [node])

    def command_of(self, node: Node, cluster: Sequence[Node]) -> list[str]:
        """How to run one node of a cluster: format its folder, if it is new, and start."""
        node.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        told = node.folder / "server.properties"
        told.write_text(_properties(node, cluster), "utf-8")
        java = [self._java, f"-Dlog4j2.configurationFile={_HOME / 'log4j2.properties'}", "-cp", f"{_HOME}/target/lib/*"]
        form = [*java, "kafka.tools.StorageTool", "format", "-g", "-t", self.cluster_id, "-c", str(told)]
        run = [self._java, f"-Xmx{_HEAP}", *java[1:], "kafka.Kafka", str(told)]
        return ["sh", "-c", f"{shlex.join(form)} && exec {shlex.join(run)}"]

    def environment(self) -> dict[str, str]:
        """Without what could add options to Java's command line."""
        return {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "JAVA_HOME") if name in os.environ}


def _java() -> str:
    java = shutil.which("java", path=f"{os.environ.get('JAVA_HOME', '')}/bin:{os.environ.get('PATH', '')}")
    if java is None:
        raise BrokerMissing("Apache Kafka needs Java 17 or newer, and no `java` is on the PATH: install a Java runtime")
    if not any((_HOME / "target" / "lib").glob("kafka_*.jar")):
        raise BrokerMissing(f"Apache Kafka is not assembled in {_HOME}: run `make kafka` in a checkout of Setten")
    return java


def _cluster_id(folder: Path) -> str:
    """The cluster that a folder was formatted for, '' for a new folder."""
    try:
        lines = (folder / "data" / "meta.properties").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return ""
    return dict(line.split("=", 1) for line in lines if "=" in line).get("cluster.id", "")


def _new_id() -> str:
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass  # a command line would take it for an option
    return made


def _properties(node: Node, cluster: Sequence[Node]) -> str:
    copies = min(3, len(cluster))
    told = {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": ",".join(f"{n.number}@{n.host}:{n.controller_port}" for n in cluster),
        "listeners": f"PLAINTEXT://{node.host}:{node.port},CONTROLLER://{node.host}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{node.host}:{node.port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": node.folder / "data",
        "auto.create.topics.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": max(1, copies - 1),
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": max(1, copies - 1),
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": max(1, copies - 1),
        "group.initial.rebalance.delay.ms": 0,
    }
    return "".join(f"{name}={value}\n" for name, value in told.items())

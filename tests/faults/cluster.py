"""Brokers under fault: one on loopback, or a Kafka cluster of three with a network of its own that can be cut."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from infra.embedded.apache_kafka import ApacheKafka, Node
from infra.embedded.broker import Kind, answers, open_broker
from infra.embedded.processes import free_port
from tests.stack import wait_for

_START_S = 90.0


class SingleBroker:
    """One broker on loopback, in memory or Apache Kafka."""

    replication = 1

    def __init__(self, folder: Path, kind: Kind) -> None:
        self._broker = open_broker(kind, folder)
        self._port = free_port()
        self._log = folder / "broker.log"
        self.address = f"127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            command, environment = self._broker.command(self._port), dict(self._broker.environment())
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        wait_for(lambda: answers(self._port, self._broker.cluster_id), "the broker to answer", _START_S)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    close = kill


def _ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True)


class Cluster:
    """Three Kafka nodes, each a host of its own in a network namespace, on a bridge."""

    replication = 3

    def __init__(self, folder: Path) -> None:
        if os.geteuid() or not shutil.which("ip"):
            message = "a cluster that can be cut off needs root and iproute2's `ip`"
            pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
        self._folder, self._tag = folder, f"st{os.getpid() % 10_000}"
        net = f"10.{200 + os.getpid() % 50}.{os.getpid() // 50 % 250}"
        self._nodes = [Node(n, 9092, 9093, folder / f"kafka{n}", f"{net}.{n}") for n in (1, 2, 3)]
        self._kafka = ApacheKafka(folder / "kafka1")
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.address = ",".join(f"{node.host}:{node.port}" for node in self._nodes)
        _ip("link", "add", self._tag, "type", "bridge")
        _ip("addr", "add", f"{net}.254/24", "dev", self._tag)
        _ip("link", "set", self._tag, "up")
        for node in self._nodes:
            space, plug = f"{self._tag}n{node.number}", f"{self._tag}v{node.number}"
            _ip("netns", "add", space)
            _ip("link", "add", plug, "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", plug, "master", self._tag, "up")
            _ip("-n", space, "addr", "add", f"{node.host}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
            _ip("-n", space, "link", "set", "lo", "up")
        for node in self._nodes:
            self._launch(node)
        self.whole()

    def _launch(self, node: Node) -> None:
        command = self._kafka.command_of(node, self._nodes)
        with (self._folder / f"broker{node.number}.log").open("ab") as log:
            self._processes[node.number] = subprocess.Popen(
                ["ip", "netns", "exec", f"{self._tag}n{node.number}", *command],
                env=self._kafka.environment(),
                stdout=log,
                stderr=log,
            )

    def whole(self) -> None:
        """Wait until all three are members and take part."""

        def three() -> bool:
            try:
                client = KafkaAdminClient(bootstrap_servers=self.address, bootstrap_timeout_ms=5_000)
            except (KafkaError, OSError, ValueError):
                return False
            try:
                return sum(not broker["is_fenced"] for broker in client.describe_cluster()["brokers"]) == 3
            except KafkaError:
                return False
            finally:
                client.close()

        wait_for(three, "a cluster of three", _START_S)

    def kill(self, number: int) -> None:
        self._processes[number].kill()
        self._processes[number].wait()

    def restart(self, number: int) -> None:
        self._launch(self._nodes[number - 1])

    def freeze(self, number: int) -> None:
        self._processes[number].send_signal(signal.SIGSTOP)

    def thaw(self, number: int) -> None:
        self._processes[number].send_signal(signal.SIGCONT)

    def cut_off(self, number: int) -> None:
        _ip("link", "set", f"{self._tag}v{number}", "down")

    def mend(self, number: int) -> None:
        _ip("link", "set", f"{self._tag}v{number}", "up")

    def close(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()
        for node in self._nodes:
            _ip("netns", "del", f"{self._tag}n{node.number}", check=False)
        _ip("link", "del", self._tag, check=False)

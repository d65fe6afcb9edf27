"""Requests a second of the collector, beside the same server with everything but Kafka, in turns.

make bench-collector

Both are given the same requests by the same sender, over connections that stay open: single calls of Segment's API of
some 250 bytes, batches of 100 of them, and the same as canonical signals. The one beside it checks keys, reads, parses
and answers alike and forwards nothing, so what is between them is Kafka. Three rounds, in turns; medians. Ends with 1
where the collector does less than half of the other's requests.
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.embedded.broker import Kind, answers, open_broker
from infra.embedded.processes import free_port
from infra.kafka import ensure_topics
from infra.settings import Settings
from jobs.keys import create
from tests.benchmarks.services import ROOT
from tests.benchmarks.usage import cpu_s

WITH, WITHOUT = "streams.collector", "tests.benchmarks.collector_without_kafka"
LEAST = 0.5


@dataclass(frozen=True)
class Load:
    """path, body: what is posted. events: in one request. connections: that post at once."""

    name: str
    path: str
    body: bytes
    events: int
    connections: int


@dataclass(frozen=True)
class Result:
    """requests_s: answered with 2xx. cpu_us: processor time of the collector, a request."""

    requests_s: float
    p95_ms: float
    cpu_us: float


def calls(count: int) -> list[dict[str, object]]:
    return [
        {
            "type": "track", "event": "Demo requested", "userId": f"u{number}", "messageId": f"m-{number:06d}",
            "timestamp": "2026-11-24T09:00:00.000Z", "properties": {"plan": "enterprise", "seats": 250},
            "context": {"page": {"path": "/pricing"}, "campaign": {"name": "autumn"}, "ip": "203.0.113.7"},
        }
        for number in range(count)
    ]  # fmt: skip


def signals(count: int) -> list[dict[str, object]]:
    return [
        {
            "id": f"e-{number:06d}", "source": "web", "type": "web.page_viewed", "time": "2026-11-24T09:00:00.000Z",
            "data": {"contacts": [{"email": f"u{number}@aozora.example"}], "subject": "/pricing", "campaign": "autumn"},
        }
        for number in range(count)
    ]  # fmt: skip


def loads() -> list[Load]:
    def packed(told: object) -> bytes:
        return json.dumps(told).encode()

    return [
        Load("Segment, a call", "/v1/track", packed(calls(1)[0]), 1, 64),
        Load("Segment, a batch of 100", "/v1/batch", packed({"batch": calls(100)}), 100, 16),
        Load("signals, one", "/v1/signals", packed(signals(1)[0]), 1, 64),
        Load("signals, 100", "/v1/signals", packed(signals(100)), 100, 16),
    ]


class Poster(asyncio.Protocol):
    """One connection that posts the same request again as soon as it is answered."""

    def __init__(self, request: bytes, took: list[float]) -> None:
        self._request, self._took = request, took
        self._answer = b""
        self.failed = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._begun = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, _, body = self._answer.partition(b"\r\n\r\n")
        if not body.endswith(b"}"):
            return
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202")):
            self.failed = self._answer.decode()
            self._transport.close()
            return
        self._answer = b""
        self._took.append(time.perf_counter() - self._begun)
        self._send()


async def post(load: Load, port: int, key: str, seconds: float) -> tuple[int, list[float]]:
    """Requests answered, and how long each took, s. Raises SystemExit where one is refused."""
    head = (
        f"POST {load.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: {key}\r\nContent-Length: {len(load.body)}\r\n\r\n"
    )
    request, took = head.encode() + load.body, []
    loop = asyncio.get_running_loop()
    posters = [
        (await loop.create_connection(lambda: Poster(request, took), "127.0.0.1", port))
        for _ in range(load.connections)
    ]
    await asyncio.sleep(1)  # to warm up
    took.clear()
    await asyncio.sleep(seconds)
    done = list(took)
    for transport, poster in posters:
        if poster.failed:
            raise SystemExit(f"{load.name}: refused: {poster.failed}")
        transport.close()
    return len(done), done


def measure(module: str, folder: Path, brokers: str, load: Load, seconds: float) -> Result:
    port = free_port()
    ready = folder / "ready"
    ready.unlink(missing_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SETTEN_")} | {
        "SETTEN_DATA_DIR": str(folder),
        "SETTEN_KAFKA_BROKERS": brokers,
        "SETTEN_COLLECTOR_PORT": str(port),
        "SETTEN_COLLECTOR_KEY_RATE": "0",
    }
    basic = (folder / "authorization").read_text()
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--ready-file", str(ready)], env=environment, cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{module} did not start")
            time.sleep(0.05)
        before = cpu_s(process.pid)
        count, took = asyncio.run(post(load, port, basic, seconds))
        used = (cpu_s(process.pid) - before) * seconds / (seconds + 1)
    finally:
        process.terminate()
        process.wait(30)
    return Result(count / seconds, sorted(took)[int(len(took) * 0.95)] * 1e3, used / count * 1e6)


@contextmanager
def broker(kind: Kind, folder: Path) -> Iterator[str]:
    chosen, port = open_broker(kind, folder), free_port()
    with (folder / "broker.log").open("w") as log:
        process = subprocess.Popen(chosen.command(port), stdout=log, stderr=log, env=dict(chosen.environment()))
    try:
        while not answers(port, chosen.cluster_id):
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(30)


def run(kind: Kind, rounds: int, seconds: float) -> int:
    least = 1e9
    print("| load | requests/s | p95 | processor, µs | without Kafka | of that, median (least to greatest) |")
    print("|---|---|---|---|---|---|")
    for load in loads():
        ours: list[Result] = []
        others: list[Result] = []
        for _ in range(rounds):
            # The broker in memory keeps all it is given: a new one each time, so that none is fuller than another.
            with tempfile.TemporaryDirectory(prefix="setten-bench") as made:
                folder = Path(made)
                with broker(kind, folder) as address:
                    settings = Settings(data_dir=folder, kafka_brokers=address, kafka_partitions=8)
                    ensure_topics(settings)
                    key = create(settings, "web", datetime.now(UTC)).text
                    (folder / "authorization").write_text(f"Bearer {key}" if "signals" in load.path else _basic(key))
                    ours.append(measure(WITH, folder, address, load, seconds))
                    others.append(measure(WITHOUT, folder, address, load, seconds))
        parts = [one.requests_s / other.requests_s for one, other in zip(ours, others, strict=True)]
        middle = [statistics.median(getattr(one, name) for one in ours) for name in ("requests_s", "p95_ms", "cpu_us")]
        without = statistics.median(one.requests_s for one in others)
        share = statistics.median(parts)
        least = min(least, share)
        print(
            f"| {load.name}, {len(load.body):,} bytes | {middle[0]:,.0f} | {middle[1]:.1f} ms | {middle[2]:,.0f} |"
            f" {without:,.0f} | {share:.0%} ({min(parts):.0%} to {max(parts):.0%}) |",
            flush=True,
        )
    if least < LEAST:
        print(f"less than {LEAST:.0%} of the requests without Kafka", file=sys.stderr)
    return int(least < LEAST)


def _basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", choices=["tansu", "kafka"], default="tansu")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0)
    args = parser.parse_args()
    return run(args.broker, args.rounds, args.seconds)


if __name__ == "__main__":
    sys.exit(main())

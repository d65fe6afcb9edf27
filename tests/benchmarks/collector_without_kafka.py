"""The collector with everything but Kafka: what the broker and the way to it cost is what lies between the two."""

import argparse
import sys
from pathlib import Path

import uvicorn

from infra.settings import load_settings
from infra.telemetry import CollectorMetrics
from models.records import Origin
from streams.collect.app import create_collector
from streams.collect.desk import Desk
from streams.collect.door import Door, server_options
from streams.collector import Server


class Nowhere(Desk):
    """Forwards to nobody."""

    async def open(self) -> None:
        pass

    async def forward(self, topic: str, body: bytes, origin: Origin) -> None:
        origin.to_headers()
        self.metrics.bytes.inc(len(body))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ready-file", type=Path, required=True)
    args = parser.parse_args()
    settings, metrics = load_settings(), CollectorMetrics()
    app = create_collector(settings, metrics, Nowhere(settings, metrics))
    door = Door(2000, metrics)
    config = uvicorn.Config(app, host=settings.collector_host, port=settings.collector_port, **server_options(door))
    Server(config, door, args.ready_file).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

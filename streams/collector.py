"""`setten collector`: takes signals over HTTP, answers 2xx once the broker has them, and interprets nothing."""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import resource
import socket
import sys
from pathlib import Path

import uvicorn

from infra.kafka import KafkaUnavailable, admin
from infra.settings import SettingsError, load_settings
from infra.telemetry import CollectorMetrics, MetricsUnavailable, serve
from streams.collect.app import create_collector
from streams.collect.door import Door, server_options

log = logging.getLogger("setten.collector")

# Files beside the connections: the broker's, the metrics', logs; and twice what is accepted at once, as a connection
# has a file before it is counted and until after it is closed.
_OTHER_FILES = 300
_WAITING_CONNECTIONS = 4096


def main() -> int:
    """Exit code 0 after a clean stop, 1 when it could not start."""
    parser = argparse.ArgumentParser(prog="setten collector", description=__doc__)
    parser.add_argument("--config", type=Path, help="settings file instead of ./setten.toml")
    parser.add_argument("--ready-file", type=Path, help="created once the collector answers")
    args = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level="INFO")
    try:
        settings = load_settings(args.config)
        admin(settings).close()  # say at once, and in one line, that the broker cannot be reached
        metrics = CollectorMetrics()
        app = create_collector(settings, metrics)
        # On a port of its own: the collector's is open to the world.
        serve(metrics.registry, settings.metrics_host, settings.collector_metrics_port, "SETTEN_COLLECTOR_METRICS_PORT")
    except (SettingsError, KafkaUnavailable, MetricsUnavailable, ValueError) as error:
        print(f"setten collector: {error}", file=sys.stderr)
        return 1
    door = Door(connections_allowed(settings.collector_connections), metrics)
    config = uvicorn.Config(app, host=settings.collector_host, port=settings.collector_port, **server_options(door))
    server = Server(config, door, args.ready_file)
    gc.collect()
    gc.freeze()  # what is there from the start is for ever, and need not be looked at
    try:
        server.run()
    except SystemExit:
        print(
            f"setten collector: cannot listen on {settings.collector_host}:{settings.collector_port}: "
            "set SETTEN_COLLECTOR_PORT to a free port",
            file=sys.stderr,
        )
        return 1
    return 0 if server.started else 1


def connections_allowed(wanted: int) -> int:
    """How many connections there may be at once: those wanted, or as many as this process may open files for.

    A process without a file left cannot accept anybody, not even to close the door on him.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted + _OTHER_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted + _OTHER_FILES), hard))
    allowed = min(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _OTHER_FILES)
    if allowed < wanted:
        log.warning("%d connections at once, not %d: this process may open %d files", allowed, wanted, hard)
    return max(allowed, 1)


class Server(uvicorn.Server):
    """uvicorn, telling by a file when it answers, with a watch on those who are slow."""

    def __init__(self, config: uvicorn.Config, door: Door, ready_file: Path | None = None) -> None:
        super().__init__(config)
        self._door, self._ready_file = door, ready_file
        self._watch: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            for listener in (listener for server in self.servers for listener in server.sockets):
                # As many as the system lets wait, though few of them are accepted at once: see server_options.
                with socket.socket(fileno=os.dup(listener.fileno())) as same:
                    same.listen(_WAITING_CONNECTIONS)
            self._watch = asyncio.create_task(self._door.keep_watch())
            if self._ready_file is not None:
                self._ready_file.touch()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch


if __name__ == "__main__":
    sys.exit(main())

"""`setten collector`: takes signals over HTTP, answers 2xx once the broker has them, and interprets nothing."""

import argparse
import contextlib
import hmac
import logging
import re
import socket
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiokafka
import uvicorn
from aiokafka.errors import KafkaError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.kafka import MAX_BODY_BYTES, MAX_RECORD_BYTES, KafkaUnavailable, admin, client_options
from infra.settings import Settings, SettingsError, load_settings
from infra.telemetry import CollectorMetrics, MetricsUnavailable, serve
from models.events import KINDS
from models.records import Origin

log = logging.getLogger("setten.collector")
_SOURCE = re.compile(r"^[a-z0-9][a-z0-9._-]{0,63}$")


def create_collector(settings: Settings, metrics: CollectorMetrics) -> Starlette:
    """The ASGI application. Stateless: scale by running more."""
    token = settings.collector_token.get_secret_value()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.kafka = aiokafka.AIOKafkaProducer(
            **client_options(settings),
            acks="all",
            linger_ms=5,
            max_batch_size=1 << 18,
            max_request_size=MAX_RECORD_BYTES,
            request_timeout_ms=10_000,
        )
        await app.state.kafka.start()
        try:
            yield
        finally:
            await app.state.kafka.stop()

    async def signals(request: Request) -> Response:
        begun = time.perf_counter()
        answer = await take(request)
        metrics.requests.labels(str(answer.status_code)).inc()
        metrics.seconds.observe(time.perf_counter() - begun)
        return answer

    async def take(request: Request) -> Response:
        if token and not _allowed(request, token):
            return _refuse(401, "unauthorized", "send the collector's token: Authorization: Bearer …")
        source = request.query_params.get("source", "api")
        lane = request.query_params.get("lane", "web")
        if not _SOURCE.fullmatch(source):
            return _refuse(400, "bad_source", f"source {source[:80]!r}: use lower-case letters, digits, '.', '_', '-'")
        if lane not in KINDS:
            return _refuse(400, "bad_lane", f"lane {lane[:80]!r}: use one of {', '.join(KINDS)}")
        body = await _body(request)
        if body is None:
            return _refuse(413, "too_large", f"the body is over {MAX_BODY_BYTES:,} bytes: send smaller batches")
        origin = Origin(source, "canonical", datetime.now(UTC), request.headers.get("content-type", "")[:128])
        try:
            await request.app.state.kafka.send_and_wait(f"signals.{lane}", body, headers=origin.to_headers())
        except (KafkaError, OSError) as error:
            log.error("the broker did not take a body of %d bytes: %s", len(body), error)
            refusal = _refuse(503, "broker_unavailable", "nothing was stored: send it again")
            refusal.headers["Retry-After"] = "5"
            return refusal
        metrics.bytes.inc(len(body))
        return JSONResponse({"accepted": True, "bytes": len(body)}, status_code=202)

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[Route("/v1/signals", signals, methods=["POST"]), Route("/health", health, methods=["GET"])],
        lifespan=lifespan,
    )


def _allowed(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def _refuse(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)


async def _body(request: Request) -> bytes | None:
    """The whole body, or None once it is too large: what is beyond the limit is never held."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


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
        # On a port of its own: the collector's is open to the world.
        serve(metrics.registry, settings.metrics_host, settings.collector_metrics_port, "SETTEN_COLLECTOR_METRICS_PORT")
    except (SettingsError, KafkaUnavailable, MetricsUnavailable) as error:
        print(f"setten collector: {error}", file=sys.stderr)
        return 1
    server = _Server(
        uvicorn.Config(
            create_collector(settings, metrics),
            host=settings.collector_host,
            port=settings.collector_port,
            log_level="warning",
            access_log=False,
            server_header=False,
        ),
        args.ready_file,
    )
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


class _Server(uvicorn.Server):
    """uvicorn, telling by a file when it answers."""

    def __init__(self, config: uvicorn.Config, ready_file: Path | None) -> None:
        super().__init__(config)
        self._ready_file = ready_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._ready_file is not None:
            self._ready_file.touch()


if __name__ == "__main__":
    sys.exit(main())

"""The collector's ASGI application: routes, their metrics, and CORS where pages are named for it."""

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.settings import Settings
from infra.telemetry import CollectorMetrics, Protocol
from streams.collect import events, segment, signals, snowplow, webhooks
from streams.collect.answers import Refused
from streams.collect.desk import Desk
from streams.collect.hooks import Hooks

Handler = Callable[[Request, Desk], Awaitable[Response]]

# What the browser SDKs send beside the simple headers; RudderStack's tell the visitor and the client in headers,
# Segment's how often a call was sent before: without x-retry-count a browser never sends again what failed once.
_BROWSER_HEADERS = [
    "authorization",
    "content-type",
    "content-encoding",
    "anonymousid",
    "sp-anonymous",
    "idempotency-key",
    "x-retry-count",
]


def create_collector(settings: Settings, metrics: CollectorMetrics, desk: Desk | None = None) -> Starlette:
    """The ASGI application. Stateless: scale by running more.

    desk: by default one that forwards to the broker. Raises ValueError where a file that the settings name is unusable.
    """
    desk = desk or Desk(settings, metrics)
    hooks = Hooks(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await desk.open()
        try:
            yield
        finally:
            await hooks.close()
            await desk.close()

    def route(path: str, protocol: Protocol, handler: Handler, method: str = "POST") -> Route:
        async def answer(request: Request) -> Response:
            begun = time.perf_counter()
            status = 500  # of what nobody foresaw
            try:
                try:
                    response = await handler(request, desk)
                except Refused as refused:
                    response = refused.response()
                except ClientDisconnect:
                    response = Response(status_code=408)  # nobody is there to read it
                status = response.status_code
                return response
            finally:
                metrics.requests.labels(protocol, str(status)).inc()
                metrics.seconds.observe(time.perf_counter() - begun)

        return Route(path, answer, methods=[method])

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def post_webhook(request: Request, desk: Desk) -> Response:
        return await webhooks.take(request, desk, hooks)

    routes = [route("/v1/signals", "signals", signals.take)]
    # With a write key in the path, for senders that can be told an address and nothing else.
    for before in ("", "/k/{key}"):
        routes += [route(before + path, "segment", handler) for path, handler in segment.ROUTES.items()]
        routes += [
            route(before + snowplow.POST_PATH, "snowplow", snowplow.take),
            route(before + "/i", "snowplow", snowplow.take_get, "GET"),
            route(before + "/v1/events", "cloudevents", events.take),
        ]
    routes += [
        route("/webhooks/{source}", "webhook", post_webhook),
        Route("/health", health, methods=["GET"]),
    ]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=["GET", "POST"],
        allow_headers=_BROWSER_HEADERS,
        expose_headers=["Retry-After"],
        allow_credentials=True,  # Snowplow's tracker asks for it; no cookie is set or read
        max_age=86400,
    )
    app = Starlette(routes=routes, lifespan=lifespan, middleware=[cors] if settings.origins else [])
    app.router.redirect_slashes = False  # a redirect would name the Host that the sender wrote
    return app

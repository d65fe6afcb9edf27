"""What all protocols share: who may send as which source, room for bodies, and the way to the broker."""

import base64
import binascii
import hmac
import logging
import math
import os
import time
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

import aiokafka
from aiokafka.errors import KafkaError
from starlette.requests import Request

from infra.kafka import MAX_BODY_BYTES, MAX_RECORD_BYTES, client_options
from infra.key_file import key_file, parse_keyring
from infra.settings import Settings
from infra.telemetry import CollectorMetrics
from infra.watched import Watched
from models.records import Origin
from models.strict_json import NotStrict, loads
from models.write_keys import KEY, Keyring, WriteKey, without_keys
from streams.collect.answers import Refused
from streams.collect.bodies import STRANGERS_BYTES, Budget, body_of
from streams.collect.rates import Rates

log = logging.getLogger("setten.collector")
_MOST_HEADER = 512


class Desk:
    """One collector's. open() before the first request, close() after the last."""

    def __init__(self, settings: Settings, metrics: CollectorMetrics) -> None:
        """Raises ValueError, naming the file, where the write keys cannot be read."""
        self.metrics = metrics
        self._settings = settings
        self._token = settings.collector_token.get_secret_value()
        self._key_file = path = key_file(settings)
        self._had_keys = False
        try:
            self._keys: Watched[Keyring] = Watched(path, self._read_keys)
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error
        self._rates = Rates(settings.collector_key_rate)
        self._budget = Budget()
        self._budget_of_strangers = Budget(STRANGERS_BYTES, self._budget)
        self._kafka: aiokafka.AIOKafkaProducer | None = None

    async def open(self) -> None:
        """Raises KafkaError."""
        self._kafka = aiokafka.AIOKafkaProducer(
            **client_options(self._settings),
            acks="all",
            linger_ms=0,
            max_batch_size=1 << 18,
            max_request_size=MAX_RECORD_BYTES,
            request_timeout_ms=10_000,
        )
        await self._kafka.start()

    async def close(self) -> None:
        if self._kafka is not None:
            await self._kafka.stop()

    # --- who may send ----------------------------------------------------------------------------------------------

    def _read_keys(self, told: bytes | None) -> Keyring:
        self._had_keys |= told is not None
        return parse_keyring(told)

    def is_open(self) -> bool:
        """Whether nobody is asked: there is no token, and there never was a file of keys.

        A file without a good key, one that cannot be read, or one that is lost must not let everybody in.
        """
        self._had_keys = self._had_keys or os.path.lexists(self._key_file)
        return not (self._token or self._had_keys)

    def keyring(self) -> Keyring:
        return self._keys.value(time.monotonic())

    def source_of(self, text: str) -> str:
        """The source that a write key writes for. Raises Refused: 401 for a wrong key, 429 for too many requests."""
        return self._counted(self.keyring().find(text, datetime.now(UTC)))

    def _counted(self, key: WriteKey | None) -> str:
        if key is None:
            raise Refused(401, "unauthorized", "the write key is missing or not good: `setten keys create SOURCE`")
        wait_s = self._rates.wait_s(key.key_id, time.monotonic())
        if wait_s:
            raise Refused(429, "too_many_requests", "this write key is used too often", math.ceil(wait_s))
        return key.source

    def sender(self, request: Request, key: str = "") -> str | None:
        """The source of a request to our own routes, None where the sender may choose it: with the token, or unasked.

        key: from the path. Nobody is asked where is_open(). Raises Refused.
        """
        given = key or given_key(request) or bearer(request)
        if self._token and given and hmac.compare_digest(given.encode(), self._token.encode()):
            return None
        found = self.keyring().find(given, datetime.now(UTC)) if given else None
        if found is not None:
            return self._counted(found)
        if not self.is_open():
            raise Refused(401, "unauthorized", "send the collector's token or a write key: Authorization: Bearer …")
        return None

    # --- what is sent ----------------------------------------------------------------------------------------------

    def body(
        self, request: Request, most_bytes: int = MAX_BODY_BYTES, *, packed: bool = True, known: bool = True
    ) -> AbstractAsyncContextManager[bytes]:
        """See bodies.body_of. known: False for a sender of whom nothing but the body will say who he is."""
        return body_of(request, self._budget if known else self._budget_of_strangers, most_bytes, packed=packed)

    async def forward(self, topic: str, body: bytes, origin: Origin) -> None:
        """Return once the broker has the body on all in-sync replicas. Raises Refused."""
        assert self._kafka is not None, "open() comes first"
        try:
            await self._kafka.send_and_wait(topic, body, headers=origin.to_headers())
        except (KafkaError, OSError) as error:
            log.error("the broker did not take a body of %d bytes: %s", len(body), error)
            raise Refused(503, "broker_unavailable", "nothing was stored: send it again", 5) from error
        self.metrics.bytes.inc(len(body))


def given_key(request: Request) -> str:
    """The user of HTTP Basic, which is where Segment's SDKs put a write key; '' where there is none."""
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or len(told) > _MOST_HEADER:
        return ""
    try:
        return base64.b64decode(told.strip(), validate=True).decode("utf-8").partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


def bearer(request: Request) -> str:
    """The token of an Authorization header; '' where there is none."""
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    return told.strip() if scheme.lower() == "bearer" else ""


def strict(body: bytes) -> object:
    """The body's JSON. Raises Refused for what the worker would refuse too, and for a name given twice."""
    try:
        return loads(body)
    except NotStrict as error:
        raise Refused(400, str(error.reason), error.detail) from error


def without_key(body: bytes, named: str) -> bytes:
    """A body without the secrets of keys. named: what it names as its key, decoded.

    Raises Refused for a key that is spelled in escapes: it would not be found among the bytes, and be kept for years.
    """
    if KEY.fullmatch(named) and named.encode() not in body:
        raise Refused(400, "key_escaped", "the write key is spelled in escapes (\\u005f, %5F): send its characters")
    return without_keys(body)


def origin(request: Request, source: str, adapter: str) -> Origin:
    """Where a body comes from, received now."""
    return Origin(source, adapter, datetime.now(UTC), request.headers.get("content-type", "")[:128])

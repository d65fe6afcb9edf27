"""Providers' APIs over HTTPS: a GET that waits where it is told to, and says what is wrong where it cannot go on.

A token is sent to the configured API and nowhere else: links in answers are followed only where they lead back to it,
redirects not at all. Neither tokens nor what an answer holds are in any message.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

MAX_ANSWER_BYTES = 32 << 20
_PAUSES_S = (1.0, 4.0, 15.0, 60.0)
_MOST_PAUSE_S = 300.0
_RETRIED = (408, 425, 429, 500, 502, 503, 504)
# Google answers 403 for what is 429 elsewhere.
_QUOTA = ("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "ApplicationThrottled")


class ProviderError(Exception):
    """A provider cannot be asked, or refuses; the message names its host, the answer and the remedy."""


class TokenExpired(ProviderError):
    """The provider has forgotten the state that an incremental look goes on from: look at everything again."""


class NotThere(ProviderError):
    """What was asked for is not there."""


@dataclass(frozen=True)
class Credentials:
    """How to be let in: an access token, or what gets one.

    access_token: used as it is, if given. token_url, form: the request that gets one (OAuth 2.0); form holds secrets.
    remedy: what to set when the provider refuses.
    """

    access_token: str = field(default="", repr=False)
    token_url: str = ""
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    remedy: str = ""


class ProviderApi:
    """A session with one API. Used as an async context manager."""

    def __init__(
        self, base_url: str, credentials: Credentials, *, wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._credentials = credentials
        self._token = credentials.access_token
        self._wait = wait
        self._host = urlsplit(base_url).netloc
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "ProviderApi":
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60, connect=15))
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The JSON object at a URL of this API. Raises ProviderError, TokenExpired, NotThere."""
        if urlsplit(url.lower())[:2] != urlsplit(self.base_url.lower())[:2]:
            raise ProviderError(f"{self._host} sent a link to {urlsplit(url).netloc!r}: it was not followed")
        # A link is opaque: its percent signs must stay as they are.
        target = url if params else URL(url, encoded=True)
        renewed = bool(self._credentials.access_token)
        last = ""
        for pause_s in (*_PAUSES_S, None):
            if not self._token:
                self._token = await self._new_token()
                renewed = True
            sent = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **(headers or {})}
            status, answer, asked_s = await self._request("GET", target, params=params, headers=sent)
            reason = _reason(answer)
            if status == 200 and isinstance(answer, dict):
                return answer
            if status == 401 and self._credentials.token_url and not renewed:
                self._token = ""
                continue
            last = f"{status or 'no answer'}{f' {reason}' if reason else ''}"
            if status and status not in _RETRIED and not (status == 403 and reason in _QUOTA):
                raise self._refusal(status, reason, last)
            renewed = False
            if pause_s is not None:
                if (asked_s or 0) > _MOST_PAUSE_S:
                    raise ProviderError(
                        f"{self._host} asks to wait {asked_s:.0f} s ({last}): run the command again then"
                    )
                await self._wait(max(pause_s, asked_s or 0))
        raise ProviderError(
            f"{self._host} does not answer well ({last}) after {len(_PAUSES_S) + 1} tries: try again later"
        )

    def _refusal(self, status: int, reason: str, last: str) -> ProviderError:
        if status == 410 or reason.lower() in ("syncstatenotfound", "syncstateinvalid", "resyncrequired"):
            return TokenExpired(f"{self._host}: {last}")
        if status == 404:
            return NotThere(
                f"{self._host}: {last}: no such calendar, or it is not shared with whom the token belongs to"
            )
        if status == 401:
            return ProviderError(f"{self._host} does not accept the token ({last}): {self._credentials.remedy}")
        if status == 403:
            return ProviderError(
                f"{self._host} does not let the token read this calendar ({last}): grant it the right to read calendars"
            )
        return ProviderError(f"{self._host} refuses the request: {last}")

    async def _new_token(self) -> str:
        if not self._credentials.token_url:
            raise ProviderError(f"no token for {self._host}: {self._credentials.remedy}")
        host = urlsplit(self._credentials.token_url).netloc
        last = ""
        for pause_s in (*_PAUSES_S, None):
            status, answer, asked_s = await self._request(
                "POST", self._credentials.token_url, data=dict(self._credentials.form)
            )
            if status == 200 and isinstance(answer, dict) and isinstance(token := answer.get("access_token"), str):
                return token
            last = f"{status or 'no answer'} {_reason(answer)}".strip()
            if status and status not in _RETRIED:
                break
            if pause_s is not None:
                await self._wait(max(pause_s, min(asked_s or 0, _MOST_PAUSE_S)))
        raise ProviderError(f"{host} gives no token ({last}): {self._credentials.remedy}")

    async def _request(self, method: str, url: str | URL, **options: Any) -> tuple[int, Any, float | None]:
        """(status, JSON value or None, seconds that Retry-After asks for); status 0 where there was no answer."""
        if self._session is None:
            raise RuntimeError("use the session as a context manager")
        try:
            async with self._session.request(method, url, allow_redirects=False, **options) as answer:
                retry_after = answer.headers.get("Retry-After", "")
                asked_s = float(retry_after) if retry_after.isdigit() else None
                body = await read_bounded(answer, MAX_ANSWER_BYTES)
                try:
                    return answer.status, json.loads(body), asked_s
                except (ValueError, RecursionError):
                    return (502 if answer.status == 200 else answer.status), None, asked_s
        except AnswerTooLarge as error:
            raise ProviderError(f"{urlsplit(str(url)).netloc}: {error}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # As an answer, so that the message says it: a certificate and a name need other remedies. Nothing secret.
            return 0, {"error": type(error).__name__}, None


class AnswerTooLarge(Exception):
    """An answer that is larger than anybody wants."""


async def read_bounded(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """The answer's body. Raises AnswerTooLarge as soon as it has more than `limit` bytes, unpacked."""
    parts, size = [], 0
    async for part in answer.content.iter_chunked(1 << 16):
        size += len(part)
        if size > limit:
            raise AnswerTooLarge(f"the answer has more than {limit:,} bytes")
        parts.append(part)
    return b"".join(parts)


def _reason(answer: object) -> str:
    """A provider's own word for what is wrong: never its sentence, which may hold what we sent."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, str):
        return error[:60]
    if not isinstance(error, dict):
        return ""
    details = error.get("errors")
    if isinstance(details, list) and details and isinstance(details[0], dict) and details[0].get("reason"):
        return str(details[0]["reason"])[:60]
    return str(error.get("code") or "")[:60]

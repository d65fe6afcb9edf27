"""Amazon SNS: certificates that its messages are signed with, and the confirmation of a subscription.

Nothing is fetched but from SNS's own hosts, over https, without following anybody elsewhere, and only for a message of
the topic that the settings name.
"""

import asyncio
import logging
import re
import time
from collections import OrderedDict

import aiohttp

from models.signatures import sns

log = logging.getLogger("setten.collector")

_TIMEOUT = aiohttp.ClientTimeout(total=5)
_MOST_BYTES = 64 << 10
_MOST_KEPT = 16
_FAILED_S = 60.0
# Whole, as in models/signatures/sns.py: no user, port, fragment or line break that two parsers read in two ways.
_SUBSCRIBE_URL = re.compile(
    r"https://sns\.([a-z]{2}(?:-[a-z]+)+-[0-9]{1,2})\.amazonaws\.com(?:\.cn)?/\?[A-Za-z0-9&=:%._~-]{1,2048}"
)


class Unreachable(Exception):
    """What was to be fetched could not be; SNS sends its message again."""


def may_confirm(subscribe_url: str, topic_arn: str) -> bool:
    """Whether a SubscribeURL is SNS's own, confirms, and nothing else, and lies in the topic's region."""
    found = _SUBSCRIBE_URL.fullmatch(subscribe_url)
    if found is None or topic_arn.split(":")[3] != found[1]:
        return False
    return "Action=ConfirmSubscription" in subscribe_url.partition("?")[2].split("&")


class Amazon:
    """How SNS is reached. Certificates are kept: few there are, and each is good for a year."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._certificates: OrderedDict[str, str] = OrderedDict()
        self._failed: OrderedDict[str, float] = OrderedDict()
        # One at a time: messages that name a thousand certificates must not be a thousand requests to AWS.
        self._one = asyncio.Lock()

    async def certificate(self, url: str) -> str:
        """The PEM text at an address that `sns.may_fetch` allows. Raises Unreachable, also for a minute after that."""
        if url in self._certificates:
            return self._certificates[url]
        async with self._one:
            if url in self._certificates:
                return self._certificates[url]
            if time.monotonic() - self._failed.get(url, float("-inf")) < _FAILED_S:
                raise Unreachable("the certificate could not be fetched a moment ago")
            if not sns.may_fetch(url):
                raise ValueError("this address is not SNS's: ask sns.may_fetch first")
            try:
                text = (await self.get(url)).decode("ascii")
            except (Unreachable, UnicodeDecodeError) as error:
                self._failed[url] = time.monotonic()
                while len(self._failed) > _MOST_KEPT:
                    self._failed.popitem(last=False)
                raise Unreachable(f"the certificate cannot be fetched: {error}") from error
            self._certificates[url] = text
            while len(self._certificates) > _MOST_KEPT:
                self._certificates.popitem(last=False)
            return text

    async def confirm(self, subscribe_url: str) -> None:
        """Say yes to a subscription at an address that `may_confirm` allows. Raises Unreachable."""
        async with self._one:
            await self.get(subscribe_url)

    async def get(self, url: str) -> bytes:
        """What lies at an address, a redirect being no answer. Raises Unreachable."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True)
        try:
            async with self._session.get(url, allow_redirects=False) as answer:
                body = await answer.content.read(_MOST_BYTES + 1)
                while len(body) <= _MOST_BYTES and (more := await answer.content.read(_MOST_BYTES)):
                    body += more
                if answer.status != 200 or len(body) > _MOST_BYTES:
                    raise Unreachable(f"SNS answered {answer.status} with {len(body)} bytes")
                return body
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(type(error).__name__) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

"""Fetch a published calendar by its address, again only if it has changed.

The address is given by whoever runs the command, so it may lie anywhere they can reach; where it leads on to, somebody
else decides, and that must not be inside of this network.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import aiohttp

from infra.provider_http import AnswerTooLarge, ProviderError, read_bounded
from models.ics_entries import MAX_BYTES

_MOST_REDIRECTS = 5


@dataclass(frozen=True)
class Feed:
    """An address that a calendar is published at. Whoever knows it can read the calendar: messages name the host."""

    url: str = field(repr=False)
    allow_http: bool = False

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or "?"


@dataclass(frozen=True)
class Fetched:
    """body: None where the calendar has not changed. etag, last_modified: what to ask with next time."""

    body: bytes | None
    etag: str = ""
    last_modified: str = ""


def feed_of(told: str, allow_http: bool = False) -> Feed:
    """The feed at an address; webcal:// is https://. Raises ProviderError."""
    scheme, _, rest = told.partition("://")
    url = f"https://{rest}" if scheme.lower() in ("webcal", "webcals") else told
    feed = Feed(url, allow_http)
    _checked(url, feed)
    return feed


async def fetch(feed: Feed, etag: str = "", last_modified: str = "") -> Fetched:
    """The calendar, unless it is still the one with this etag or date. Raises ProviderError."""
    asked = {"Accept": "text/calendar, */*;q=0.5"}
    asked |= {"If-None-Match": etag} if etag else {}
    asked |= {"If-Modified-Since": last_modified} if last_modified else {}
    url = feed.url
    timeout = aiohttp.ClientTimeout(total=120, connect=15, sock_read=30)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            for _ in range(_MOST_REDIRECTS + 1):
                async with session.get(url, headers=asked, allow_redirects=False) as answer:
                    if answer.status in (301, 302, 303, 307, 308):
                        url = urljoin(url, answer.headers.get("Location", ""))
                        _checked(url, feed)
                        await _outside(url, feed)
                        continue
                    if answer.status == 304:
                        return Fetched(None, etag, last_modified)
                    if answer.status != 200:
                        raise ProviderError(
                            f"{feed.host} answers {answer.status}: is the calendar's address still right?"
                        )
                    body = await read_bounded(answer, MAX_BYTES)
                    return Fetched(body, answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""))
    except AnswerTooLarge as error:
        raise ProviderError(f"{feed.host}: {error}") from error
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        # What aiohttp says may hold the address.
        raise ProviderError(f"{feed.host} does not answer ({type(error).__name__}): try again later") from None
    raise ProviderError(f"{feed.host} leads on more than {_MOST_REDIRECTS} times")


def _checked(url: str, feed: Feed) -> None:
    told = urlsplit(url)
    if told.scheme not in ("https", "http") or not told.hostname:
        raise ProviderError(f"{told.scheme or 'the calendar'}: not an address of a calendar; give https://… or a file")
    if told.scheme == "http" and not feed.allow_http:
        raise ProviderError(f"{told.hostname}: anybody on the way could read or change it; use https, or --allow-http")


async def _outside(url: str, feed: Feed) -> None:
    """Refuse to be led into this network, unless that is where the address was from the start."""
    told = urlsplit(url)
    if told.netloc == urlsplit(feed.url).netloc:
        return
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(told.hostname, told.port or 443, type=socket.SOCK_STREAM)
    if not all(ipaddress.ip_address(address[0]).is_global for *_, address in found):
        raise ProviderError(f"{feed.host} leads on into a private network: it was not followed")

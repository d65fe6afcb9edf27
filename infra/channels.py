"""Channels: where alert changes are told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

_PAUSES_S = (1.0, 4.0, 15.0)


class DeliveryFailed(Exception):
    """A channel did not take a message after all tries; the message names the address' host and the last answer."""


class Webhook:
    """An HTTP endpoint that takes alert changes as JSON by POST and answers 2xx when it has them.

    Retries on refusal and on no answer. The header `Setten-Delivery` names the change, so that a message that
    arrives twice can be told.
    """

    def __init__(self, url: str, *, wait: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._url = url
        self._wait = wait

    async def send(self, message: dict[str, Any]) -> None:
        """Raises DeliveryFailed."""
        day = message.get("resolved_on") or message.get("seen_on")
        delivery = f"{message.get('alert_id')}:{message.get('change')}:{day}"  # no clock: said again, it is the same
        last = ""
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout, headers={"Setten-Delivery": delivery}) as session:
            for pause_s in (*_PAUSES_S, None):
                try:
                    async with session.post(self._url, json=message, allow_redirects=False) as answer:
                        if 200 <= answer.status < 300:
                            return
                        last = f"status {answer.status}"
                        if 400 <= answer.status < 500 and answer.status not in (408, 429):
                            break  # the endpoint understood and refused: saying it again will not help
                except (aiohttp.ClientError, TimeoutError) as error:
                    last = f"{type(error).__name__}: {error}"
                if pause_s is not None:
                    await self._wait(pause_s)
        raise DeliveryFailed(f"webhook: {last}")

"""Who posts webhooks, as the settings say now, and what a collector remembers of them.

Memory is this process's own: another collector, or this one after a restart, has not seen what it has. That is enough,
as events that come again change nothing; see `OneTime` for the one scheme where more is asked.
"""

import hashlib
import time
from collections import OrderedDict

from infra.settings import Settings
from infra.watched import Watched
from infra.webhook_sources import Hook, parse_hooks
from streams.collect.sns import Amazon


class OneTime:
    """Signatures that were used, for as long as they are good.

    Mailgun signs a time and a token, not the event, so that whoever has seen one request can put another event beside
    its signature. One that comes again with the same body is a retry; with another body it is that.
    """

    def __init__(self, keep_s: float, most: int = 100_000) -> None:
        """most: how many are remembered; of more in one window the oldest are forgotten."""
        self._keep_s, self._most = keep_s, most
        self._seen: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()

    def allows(self, signature: str, body: bytes, now_s: float) -> bool:
        """Whether this body may have the signature; it is noted."""
        while self._seen and (
            len(self._seen) > self._most or now_s - next(iter(self._seen.values()))[0] > self._keep_s
        ):
            self._seen.popitem(last=False)
        digest = hashlib.sha256(body).digest()
        return self._seen.setdefault(hashlib.sha256(signature.encode()).digest(), (now_s, digest))[1] == digest


class Hooks:
    """The sources that post webhooks."""

    def __init__(self, settings: Settings, amazon: Amazon | None = None) -> None:
        """amazon: how SNS is reached. Raises ValueError, naming the file, where the sources cannot be read."""
        path = settings.webhooks_file
        try:
            self._watched: Watched[dict[str, Hook]] | None = Watched(path, parse_hooks) if path else None
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error
        self.amazon = amazon or Amazon()
        # The window and as long again: the sender's clock may be ahead.
        self.mailgun_signatures = OneTime(keep_s=600.0)

    def find(self, name: str) -> Hook | None:
        """The source of that name."""
        return self._watched.value(time.monotonic()).get(name) if self._watched else None

    async def close(self) -> None:
        await self.amazon.close()

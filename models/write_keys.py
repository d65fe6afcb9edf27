"""Write keys: what lets a sender in, for one source, to write and nothing else.

A key is `sk_<id>_<secret>`. The id finds the record and is no secret; of the secret only the SHA-256 is kept. That is
enough where the secret is 256 random bits: a slow hash protects what people choose, which can be guessed; this cannot,
however fast one tries, and a slow hash on every request would be a way to stop the collector.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

SOURCE = r"^[a-z0-9][a-z0-9._-]{0,63}$"
SECRET_BYTES = 32
ID_BYTES = 4

# In a longer text too: a body may name its key.
KEY = re.compile(r"sk_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_ID = re.compile(r"([0-9a-f]{8})")

State = Literal["active", "ending", "expired"]


class WriteKey(BaseModel):
    """What is kept of a key. digest: SHA-256 of the secret, hex. expires_at: from then on it opens nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
    source: Annotated[str, Field(pattern=SOURCE)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None

    @field_validator("created_at", "expires_at")
    @classmethod
    def _utc(cls, value: datetime | None) -> datetime | None:
        return value and value.astimezone(UTC)

    def state(self, now: datetime) -> State:
        """ending: it has a last day and that is not over."""
        if self.expires_at is None:
            return "active"
        return "ending" if now < self.expires_at else "expired"


def make_key(source: str, now: datetime, randomness: bytes) -> tuple[WriteKey, str]:
    """A new key: what is kept of it, and its text, which is shown once.

    randomness: ID_BYTES + SECRET_BYTES bytes from the system's generator. Raises ValueError for another number of them,
    or a source that cannot be one.
    """
    if len(randomness) != ID_BYTES + SECRET_BYTES:
        raise ValueError(f"{len(randomness)} random bytes: give {ID_BYTES + SECRET_BYTES}")
    key_id = randomness[:ID_BYTES].hex()
    secret = base64.urlsafe_b64encode(randomness[ID_BYTES:]).decode("ascii").rstrip("=")
    return WriteKey(key_id=key_id, source=source, digest=_digest(secret), created_at=now), f"sk_{key_id}_{secret}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def id_of(text: str) -> str | None:
    """The id that a text is, or that a whole key has; None for what may be half a secret and is not to be shown."""
    told = _ID.fullmatch(text.strip()) or KEY.fullmatch(text.strip())
    return told[1] if told else None


class Keyring:
    """All keys there are, to be asked whose a text is."""

    _NOBODY = "0" * 64

    def __init__(self, keys: Iterable[WriteKey] = ()) -> None:
        self._by_id = {key.key_id: key for key in keys}

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, text: str, now: datetime) -> WriteKey | None:
        """The key with this text that is still good, else None.

        Takes as long for an unknown id as for a wrong secret, and as long for one wrong secret as for another.
        """
        told = KEY.fullmatch(text)
        if told is None:
            return None
        key = self._by_id.get(told[1])
        same = hmac.compare_digest(_digest(told[2]), key.digest if key else self._NOBODY)
        return key if key and same and key.state(now) != "expired" else None


def without_keys(body: bytes) -> bytes:
    """A body without the secrets of keys that it names: it is kept for years, and those who read it are not to write.

    The id stays, so that one sees which key it was. It is the same bytes for a body that is sent again.
    """
    return _IN_BODY.sub(rb"sk_\1_", body) if b"sk_" in body else body


_IN_BODY = re.compile(rb"sk_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")

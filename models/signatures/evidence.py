"""What the schemes have in common: reading what was sent, strictly, and comparing it in constant time."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from models.signatures import AHEAD, BACK, Refusal
from models.sources import webhook_json

MAX_TEXT = 4096
"""Characters in a header or a signature: that of a 4,096-bit RSA key has 684 in base64."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEX = re.compile(r"[0-9a-f]{64}")


class Refused(Exception):
    """A request that is refused. It never leaves the package, and its text is the refusal alone."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def header(headers: Mapping[str, str], name: str) -> str:
    """The value of a header, whatever the case of its name. Refused where it is sent twice or is not ASCII."""
    found = [value for told, value in headers.items() if told.lower() == name.lower()]
    if not found:
        raise Refused(Refusal.MISSING)
    if len(found) > 1:
        raise Refused(Refusal.MALFORMED)
    return ascii_text(found[0])


def ascii_text(value: object) -> str:
    """A text that a provider writes in ASCII."""
    if not isinstance(value, str) or not value.isascii() or not 0 < len(value) <= MAX_TEXT:
        raise Refused(Refusal.MALFORMED)
    return value


def json_object(value: object) -> dict[str, object]:
    """A JSON object, from the bytes of a body or as it stands inside one. Refused where it is something else.

    The parser is that of the adapters, so that what is checked is what is read.
    """
    if isinstance(value, bytes):
        try:
            value = webhook_json.parse(value)
        except webhook_json.Refused:
            raise Refused(Refusal.MALFORMED) from None
    if not isinstance(value, dict):
        raise Refused(Refusal.MALFORMED)
    return value


def field(told: Mapping[str, object], name: str) -> object:
    """The value of a field that has to be there."""
    if told.get(name) is None:
        raise Refused(Refusal.MISSING)
    return told[name]


def from_hex(told: str) -> bytes:
    """The 32 bytes of a digest in lower-case hexadecimal."""
    if not _HEX.fullmatch(told):
        raise Refused(Refusal.MALFORMED)
    return bytes.fromhex(told)


def from_base64(told: str) -> bytes:
    """The bytes of a text in base64. Only one text stands for the same bytes, so no character can be changed."""
    try:
        value = base64.b64decode(told, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(Refusal.MALFORMED) from None
    if not value or base64.b64encode(value) != told.encode("ascii"):
        raise Refused(Refusal.MALFORMED)
    return value


def moment(told: str, unit: timedelta = timedelta(seconds=1)) -> datetime:
    """The time that a count of units since 1970 stands for."""
    digits = 14 if unit == timedelta(milliseconds=1) else 11  # the year 5138; a count beyond may have no date
    if not re.fullmatch(rf"[0-9]{{1,{digits}}}", told):
        raise Refused(Refusal.MALFORMED)
    return _EPOCH + int(told) * unit


def require_hmac(secret: str, signed: bytes, told: bytes) -> None:
    """Refused unless `told` is the HMAC-SHA256 of what was signed."""
    if not secret:
        raise ValueError("the signing secret is empty, and anybody can sign with that: set it in the settings")
    if not hmac.compare_digest(hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).digest(), told):
        raise Refused(Refusal.WRONG)


def require_window(sent: datetime, now: datetime, back: timedelta = BACK) -> None:
    """Refused unless it was sent within the window; both of its ends belong to it."""
    if now - sent > back:
        raise Refused(Refusal.STALE)
    if sent - now > AHEAD:
        raise Refused(Refusal.FUTURE)

"""Zoom's signature v0: HMAC-SHA256 in hexadecimal over `v0:{timestamp}:{body}`; and the answer to its URL validation.

Source: https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

from models.signatures import Refusal
from models.signatures.evidence import Refused, from_hex, header, json_object, moment, require_hmac, require_window

SIGNATURE = "x-zm-signature"
TIMESTAMP = "x-zm-request-timestamp"

_PREFIX = "v0="
_PLAIN_TOKEN = re.compile(r"[A-Za-z0-9_+/=-]{1,256}")


def check(body: bytes, headers: Mapping[str, str], secret_token: str, now: datetime) -> Refusal | None:
    """Answer None where Zoom signed the body within the window, else why not.

    secret_token: the app's; ValueError where it is empty.
    A replay within the window is accepted: the same bytes make the same ids of events, so it changes nothing.
    """
    try:
        told = header(headers, SIGNATURE)
        if not told.startswith(_PREFIX):
            raise Refused(Refusal.MALFORMED)
        signature = from_hex(told.removeprefix(_PREFIX))
        timestamp = header(headers, TIMESTAMP)
        sent = moment(timestamp)
        require_hmac(secret_token, f"v0:{timestamp}:".encode("ascii") + body, signature)
        require_window(sent, now)
    except Refused as refused:
        return refused.refusal
    return None


def url_validation_answer(body: bytes, secret_token: str) -> dict[str, str] | None:
    """The answer to Zoom's `endpoint.url_validation`, None for any other body. Only for a body that `check` took.

    The answer signs what the request says, with the key of all signatures. So a plainToken with a colon is not
    answered: `v0:{timestamp}:{body}` would come back as the signature of a forged event.
    Raises ValueError where secret_token is empty.
    """
    if not secret_token:
        raise ValueError("the secret token is empty, and anybody can sign with that: set it in the settings")
    try:
        told = json_object(body)
        payload = json_object(told.get("payload"))
    except Refused:
        return None
    plain = payload.get("plainToken")
    if (
        told.get("event") != "endpoint.url_validation"
        or not isinstance(plain, str)
        or not _PLAIN_TOKEN.fullmatch(plain)
    ):
        return None
    encrypted = hmac.new(secret_token.encode("utf-8"), plain.encode("ascii"), hashlib.sha256).hexdigest()
    return {"plainToken": plain, "encryptedToken": encrypted}

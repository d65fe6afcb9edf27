"""HTTP Basic: user and password in the webhook's address, for Postmark, which signs nothing.

It says who calls and nothing of the body or of the time: whoever knows the password can send anything until it is
changed. What protects it is TLS.

Source: https://postmarkapp.com/developer/webhooks/webhooks-overview and https://www.rfc-editor.org/rfc/rfc7617
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from models.signatures import Refusal
from models.signatures.evidence import Refused, from_base64, header

AUTHORIZATION = "Authorization"


def check(body: bytes, headers: Mapping[str, str], user_and_password: str, now: datetime) -> Refusal | None:
    """Answer None where user and password are right, else why not.

    user_and_password: `user:password`, neither of them empty, else ValueError. body, now: not looked at.
    A replay is accepted whenever it comes: the event that Postmark sends again has the same id, so it changes nothing.
    """
    user, _, password = user_and_password.partition(":")
    if not user or not password:
        raise ValueError("the secret must be user:password, neither of them empty: set it in the settings")
    try:
        scheme, _, told = header(headers, AUTHORIZATION).partition(" ")
        if scheme.lower() != "basic":
            raise Refused(Refusal.MALFORMED)
        given = from_base64(told)
    except Refused as refused:
        return refused.refusal
    # Digests have one length: texts compared as they are would tell by the time taken how long the secret is.
    same = hmac.compare_digest(_digest(given), _digest(user_and_password.encode("utf-8")))
    return None if same else Refusal.WRONG


def _digest(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()

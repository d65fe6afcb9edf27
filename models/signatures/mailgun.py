"""Mailgun's signature inside the JSON body: HMAC-SHA256 in hexadecimal over the timestamp and a random token.

It does not cover the event. It says that Mailgun made this timestamp and token, so whoever has seen one request can
put another event beside its signature until the window closes: what protects the event is TLS.

Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
"""

from collections.abc import Mapping
from datetime import datetime

from models.signatures import Refusal
from models.signatures.evidence import (
    Refused,
    ascii_text,
    field,
    from_hex,
    json_object,
    moment,
    require_hmac,
    require_window,
)


def check(body: bytes, headers: Mapping[str, str], signing_key: str, now: datetime) -> Refusal | None:
    """Answer None where Mailgun signed the body's `signature` within the window, else why not.

    headers: not looked at. signing_key: the account's HTTP webhook signing key; ValueError where it is empty.
    A replay within the window is accepted: Mailgun's id and day are the event's id, so it changes nothing.
    """
    try:
        told = json_object(field(json_object(body), "signature"))
        timestamp = field(told, "timestamp")
        # Documented as a number and shown as a text; True is a number to Python. The parser takes at most 4,300 digits,
        # which is as many as str() takes.
        timestamp = ascii_text(str(timestamp) if type(timestamp) is int else timestamp)
        token = ascii_text(field(told, "token"))
        signature = from_hex(ascii_text(field(told, "signature")))
        sent = moment(timestamp)
        require_hmac(signing_key, (timestamp + token).encode("ascii"), signature)
        require_window(sent, now)
    except Refused as refused:
        return refused.refusal
    return None

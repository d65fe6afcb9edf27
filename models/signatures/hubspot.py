"""HubSpot's signature v3: HMAC-SHA256 in base64 over method, URI, raw body and timestamp, with nothing between them.

Source: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from models.signatures import Refusal
from models.signatures.evidence import Refused, from_base64, header, moment, require_hmac, require_window

SIGNATURE = "X-HubSpot-Signature-v3"
TIMESTAMP = "X-HubSpot-Request-Timestamp"

# The characters that HubSpot's page says to decode, and no others: %20 and %26 stay as they are.
_DECODED = {f"%{ord(character):02X}": character for character in ":/?@!$'()*,;"}
_ENCODED = re.compile("|".join(_DECODED), re.IGNORECASE)


class Called(NamedTuple):
    """What HubSpot called. uri: the whole address as it is entered at HubSpot, from https:// to the query string."""

    method: str
    uri: str


def check(body: bytes, headers: Mapping[str, str], client_secret: str, now: datetime, called: Called) -> Refusal | None:
    """Answer None where HubSpot signed this call and its body within the window, else why not.

    called.uri: from the settings. The request's own Host header is the sender's to choose, and behind a proxy neither
    scheme nor host is what HubSpot called. Raises ValueError where client_secret is empty.
    A replay within the window is accepted: the same bytes make the same ids of events, so it changes nothing.
    """
    try:
        signature = from_base64(header(headers, SIGNATURE))
        timestamp = header(headers, TIMESTAMP)
        sent = moment(timestamp, timedelta(milliseconds=1))
        call = (called.method + decoded(called.uri)).encode("utf-8", "surrogatepass")
        require_hmac(client_secret, call + body + timestamp.encode("ascii"), signature)
        require_window(sent, now)
    except Refused as refused:
        return refused.refusal
    return None


def decoded(uri: str) -> str:
    """A URI as HubSpot signs it: once through, so %253A stays."""
    return _ENCODED.sub(lambda found: _DECODED[found[0].upper()], uri)

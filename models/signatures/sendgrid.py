"""SendGrid's Signed Event Webhook: ECDSA on P-256 with SHA-256 over the timestamp and the raw body.

Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

import base64
from collections.abc import Mapping
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from models.signatures import Refusal
from models.signatures.evidence import Refused, from_base64, header, moment, require_window

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


def check(body: bytes, headers: Mapping[str, str], public_key: str, now: datetime) -> Refusal | None:
    """Answer None where the holder of the private key signed the body within the window, else why not.

    public_key: as SendGrid shows it, base64 of the DER form. Raises ValueError where it is no key on P-256.
    A replay within the window is accepted: SendGrid's sg_event_id is the event's id, so it changes nothing.
    """
    key = _key(public_key)
    try:
        signature = from_base64(header(headers, SIGNATURE))
        timestamp = header(headers, TIMESTAMP)
        sent = moment(timestamp)
        key.verify(signature, timestamp.encode("ascii") + body, ec.ECDSA(hashes.SHA256()))
        require_window(sent, now)
    except InvalidSignature:
        return Refusal.WRONG
    except Refused as refused:
        return refused.refusal
    return None


def _key(public_key: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(public_key, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("the verification key is no P-256 key in base64: copy it anew from SendGrid's Mail Settings")
    return key

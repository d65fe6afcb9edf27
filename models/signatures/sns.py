"""Amazon SNS's signature, which is SES's: RSA PKCS #1 v1.5 over a canonical text of the message's fields.

SignatureVersion 1 is SHA-1 and the topic's default, 2 is SHA-256. The signature proves only that the message comes from
some topic of SNS, and anybody with an account at AWS has one: so the topic is checked too. What is signed is
listed below; UnsubscribeURL and SigningCertURL are not.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from models.signatures import BACK, Refusal
from models.signatures.evidence import Refused, ascii_text, field, from_base64, json_object, require_window

MESSAGE_BACK = timedelta(hours=1) + BACK
"""How old a message may be. Its Timestamp is that of publishing and stays the same when SNS tries again, which it does
for at most 3,600 seconds: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html"""

_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z")
# No region begins with `s3-`: sns.s3-us-west-2.amazonaws.com would be a bucket of files that somebody named `sns`.
_CERTIFICATE_URL = re.compile(
    r"https://sns\.[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?/[A-Za-z0-9_-]+\.pem"
)


def may_fetch(certificate_url: str) -> bool:
    """Whether a message's SigningCertURL is one of SNS's own, so that what lies there may be given to `check`.

    The whole text is matched rather than parsed: it has no user, port, query, escape or line break that two parsers
    could read in two ways.
    """
    return _CERTIFICATE_URL.fullmatch(certificate_url) is not None


def check(body: bytes, headers: Mapping[str, str], certificate: str, now: datetime, topic_arn: str) -> Refusal | None:
    """Answer None where SNS signed the message for this topic within the window, else why not.

    headers: not looked at. certificate: the PEM text that was fetched from the message's SigningCertURL where
    `may_fetch` allows that; one that is unreadable is malformed, one that has expired is wrong.
    A replay within the window is accepted: message, recipient and time make the event's id, so it changes nothing.
    """
    try:
        told = json_object(body)
        version = field(told, "SignatureVersion")
        if version not in ("1", "2"):
            raise Refused(Refusal.MALFORMED)
        signature = from_base64(ascii_text(field(told, "Signature")))
        signed = _signed_text(told)
        sent = _moment(ascii_text(field(told, "Timestamp")))
        # Collisions of SHA-1 do not help a forger: SNS signs what he publishes only with his own topic at the end, and
        # two texts made to collide by what they begin with end alike.
        digest = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303
        _key(certificate, now).verify(signature, signed, padding.PKCS1v15(), digest)
        if told["TopicArn"] != topic_arn:
            raise Refused(Refusal.WRONG)
        require_window(sent, now, MESSAGE_BACK)
    except InvalidSignature:
        return Refusal.WRONG
    except Refused as refused:
        return refused.refusal
    return None


def _signed_text(told: Mapping[str, object]) -> bytes:
    """Names and values of the fields that are signed, each on a line."""
    kind = field(told, "Type")
    if not isinstance(kind, str) or kind not in _SIGNED:
        raise Refused(Refusal.MALFORMED)
    lines: list[str] = []
    for name in _SIGNED[kind]:
        if name == "Subject" and told.get(name) is None:
            continue
        value = field(told, name)
        # Lines divide the fields, so a line break anywhere but in the text would let one field pass for two.
        if not isinstance(value, str) or (name != "Message" and "\n" in value):
            raise Refused(Refusal.MALFORMED)
        lines += (name, value)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def _moment(told: str) -> datetime:
    try:
        if _TIMESTAMP.fullmatch(told):
            return datetime.fromisoformat(told)
    except ValueError:  # such as a 13th month
        pass
    raise Refused(Refusal.MALFORMED)


def _key(certificate: str, now: datetime) -> rsa.RSAPublicKey:
    try:
        read = x509.load_pem_x509_certificate(certificate.encode("utf-8", "surrogatepass"))
        key = read.public_key()
        valid = read.not_valid_before_utc <= now <= read.not_valid_after_utc
    except (ValueError, UnsupportedAlgorithm):
        raise Refused(Refusal.MALFORMED) from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise Refused(Refusal.MALFORMED)
    if not valid:
        raise Refused(Refusal.WRONG)
    return key

"""Signatures of webhooks: what the provider signed is taken, and nothing else is, whatever is sent."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from models.signatures import AHEAD, BACK, Refusal, basic, hubspot, mailgun, sendgrid, sns, zoom

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
EVENT = b'[{"e":"open"}]\r\n'
TOPIC = "arn:aws:sns:ap-northeast-1:123456789012:mail"
CALLED = hubspot.Called("POST", "https://setten.example/webhooks/hubspot?team=a%2Fb%20c")
SECRETS = {"ours": "k-ours-7f3a", "another": "k-another-7f3a"}
LOGINS = {"ours": "postmark:pass:wörd", "another": "postmark:pass:word"}


class Request(NamedTuple):
    body: bytes
    headers: dict[str, str]


class Scheme(NamedTuple):
    """How the cases below deal with one scheme.

    sign: the request that the provider sends at a time, with our key or another.
    signature, timestamp: where they stand, a header's name or a path in the body; () where there is none.
    """

    sign: Callable[[datetime, str], Request]
    check: Callable[[Request, datetime], Refusal | None]
    signature: tuple[str, ...]
    timestamp: tuple[str, ...]
    prefix: str = ""
    back: timedelta = BACK


def digest(key: str, signed: bytes) -> bytes:
    return hmac.new(SECRETS[key].encode(), signed, hashlib.sha256).digest()


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def packed(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def public_text(key: Any) -> str:
    return b64(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@cache
def certificate(name: str = "ours", curve: bool = False) -> str:
    key = ec_key(name) if curve else rsa_key(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def sendgrid_request(at: datetime, key: str) -> Request:
    sent = str(int(at.timestamp()))
    signature = ec_key(key).sign(sent.encode() + EVENT, ec.ECDSA(hashes.SHA256()))
    return Request(EVENT, {sendgrid.SIGNATURE: b64(signature), sendgrid.TIMESTAMP: sent})


def mailgun_request(at: datetime, key: str) -> Request:
    sent, token = str(int(at.timestamp())), "e0b5477167110d68"
    told = {"timestamp": sent, "token": token, "signature": digest(key, (sent + token).encode()).hex()}
    return Request(packed({"signature": told, "event-data": {"event": "opened"}}), {})


def hubspot_request(at: datetime, key: str) -> Request:
    sent = str(int(at.timestamp() * 1000))
    signed = b"POSThttps://setten.example/webhooks/hubspot?team=a/b%20c" + EVENT + sent.encode()
    return Request(EVENT, {hubspot.SIGNATURE: b64(digest(key, signed)), hubspot.TIMESTAMP: sent})


def zoom_request(at: datetime, key: str, body: bytes = EVENT) -> Request:
    sent = str(int(at.timestamp()))
    signature = digest(key, f"v0:{sent}:".encode() + body).hex()
    return Request(body, {zoom.SIGNATURE: f"v0={signature}", zoom.TIMESTAMP: sent})


def sns_request(at: datetime, key: str, version: str = "2", **told: str) -> Request:
    message = {"Type": "Notification", "MessageId": "8f6dee70", "TopicArn": TOPIC, "Message": "a\nb", "Subject": "é"}
    message |= {"Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), **told}
    if message["Type"] == "Notification":
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    else:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    signed = "".join(f"{name}\n{message[name]}\n" for name in names if message[name]).encode()
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = rsa_key(key).sign(signed, padding.PKCS1v15(), algorithm)
    kept = {name: value for name, value in message.items() if name in names and value}
    return Request(packed({**kept, "SignatureVersion": version, "Signature": b64(signature)}), {})


def basic_request(at: datetime, key: str) -> Request:
    return Request(EVENT, {basic.AUTHORIZATION: "Basic " + b64(LOGINS[key].encode())})


def sns_check(told: Request, now: datetime, pem: str | None = None, topic: str = TOPIC) -> Refusal | None:
    return sns.check(told.body, told.headers, certificate() if pem is None else pem, now, topic)


SCHEMES = {
    "sendgrid": Scheme(
        sendgrid_request,
        lambda told, now: sendgrid.check(*told, public_text(ec_key("ours")), now),
        (sendgrid.SIGNATURE,),
        (sendgrid.TIMESTAMP,),
    ),
    "mailgun": Scheme(
        mailgun_request,
        lambda told, now: mailgun.check(*told, SECRETS["ours"], now),
        ("body", "signature", "signature"),
        ("body", "signature", "timestamp"),
    ),
    "hubspot": Scheme(
        hubspot_request,
        lambda told, now: hubspot.check(*told, SECRETS["ours"], now, CALLED),
        (hubspot.SIGNATURE,),
        (hubspot.TIMESTAMP,),
    ),
    "zoom": Scheme(
        zoom_request,
        lambda told, now: zoom.check(*told, SECRETS["ours"], now),
        (zoom.SIGNATURE,),
        (zoom.TIMESTAMP,),
        prefix="v0=",
    ),
    "sns-1": Scheme(
        lambda at, key: sns_request(at, key, "1"),
        sns_check,
        ("body", "Signature"),
        ("body", "Timestamp"),
        back=sns.MESSAGE_BACK,
    ),
    "sns-2": Scheme(sns_request, sns_check, ("body", "Signature"), ("body", "Timestamp"), back=sns.MESSAGE_BACK),
    "basic": Scheme(
        basic_request,
        lambda told, now: basic.check(*told, LOGINS["ours"], now),
        (basic.AUTHORIZATION,),
        (),
        prefix="Basic ",
    ),
}
TIMED = [name for name in SCHEMES if name != "basic"]
IN_HEADERS = ["sendgrid", "hubspot", "zoom", "basic"]
UNREADABLE = {
    "empty": "",
    "neither base64 nor hex": "!" * 64,
    "huge": "a" * 1_000_000,
    "not ASCII": "é" * 64,
    "full-width digits": "０" * 64,
    "NUL": "\0",
    "half a character": "\ud800",
    "line break": "ab\r\ncd",
}
NO_TIMES = UNREADABLE | {
    text: text for text in ("x", "-1", "1e9", "1_0", " 1780304400", "1780304400 ", "9" * 30, "1780304400.5")
}


def value_at(told: Request, where: tuple[str, ...]) -> str:
    if where[0] != "body":
        return told.headers[where[0]]
    value: Any = json.loads(told.body)
    for name in where[1:]:
        value = value[name]
    return value


def changed(told: Request, where: tuple[str, ...], text: object) -> Request:
    """The request with another value there; None takes it away."""
    if where[0] != "body":
        rest = {name: value for name, value in told.headers.items() if name != where[0]}
        return told._replace(headers=rest if text is None else {**rest, where[0]: text})
    body = json.loads(told.body)
    holder = body
    for name in where[1:-1]:
        holder = holder[name]
    holder[where[-1]] = text
    if text is None:
        del holder[where[-1]]
    return told._replace(body=packed(body))


def flips(value: bytes) -> list[bytes]:
    return [value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :] for at in range(len(value))]


@pytest.fixture(params=SCHEMES)
def scheme(request: pytest.FixtureRequest) -> Scheme:
    return SCHEMES[request.param]


@pytest.fixture(params=TIMED)
def timed(request: pytest.FixtureRequest) -> Scheme:
    return SCHEMES[request.param]


def test_what_the_provider_signed_is_taken(scheme: Scheme) -> None:
    assert scheme.check(scheme.sign(NOW, "ours"), NOW) is None


def test_what_somebody_else_signed_is_wrong(scheme: Scheme) -> None:
    assert scheme.check(scheme.sign(NOW, "another"), NOW) is Refusal.WRONG


@pytest.mark.parametrize("name", ["sendgrid", "hubspot", "zoom"])
def test_no_byte_of_the_body_can_be_changed(name: str) -> None:
    told = SCHEMES[name].sign(NOW, "ours")
    others = [*flips(told.body), told.body + b" ", told.body[:-1], b""]
    assert {SCHEMES[name].check(told._replace(body=body), NOW) for body in others} == {Refusal.WRONG}


@pytest.mark.parametrize("name", ["sns-1", "sns-2"])
def test_no_byte_of_a_message_of_sns_can_be_changed(name: str) -> None:
    told = SCHEMES[name].sign(NOW, "ours")
    assert all(SCHEMES[name].check(told._replace(body=body), NOW) for body in flips(told.body))


def test_no_byte_of_mailguns_signature_can_be_changed_but_its_event_is_not_signed() -> None:
    told = mailgun_request(NOW, "ours")
    signed = told.body.index(b',"event-data"')
    taken = [body for body in flips(told.body) if SCHEMES["mailgun"].check(told._replace(body=body), NOW) is None]
    assert all(body[:signed] == told.body[:signed] for body in taken)
    assert told.body.replace(b"opened", b"openee") in taken


def test_no_character_of_the_signature_can_be_changed(scheme: Scheme) -> None:
    told = scheme.sign(NOW, "ours")
    for flipped in flips(value_at(told, scheme.signature).encode()):
        other = changed(told, scheme.signature, flipped.decode())
        assert scheme.check(other, NOW) in (Refusal.WRONG, Refusal.MALFORMED), flipped


@pytest.mark.parametrize("name", ["sendgrid", "hubspot", "sns-1", "sns-2", "basic"])
def test_bytes_in_base64_have_one_text_only(name: str) -> None:
    # The last character has bits that stand for nothing, if the length of the bytes leaves a padding.
    told = SCHEMES[name].sign(NOW, "ours")
    text = value_at(told, SCHEMES[name].signature)
    bare = text.rstrip("=")
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".replace(bare[-1], ""):
        other = bare[:-1] + last + text[len(bare) :]
        assert SCHEMES[name].check(changed(told, SCHEMES[name].signature, other), NOW) is not None, last
    for other in (text + "=", text + "\n", text + " ", text + "===="):
        assert SCHEMES[name].check(changed(told, SCHEMES[name].signature, other), NOW) is Refusal.MALFORMED


@pytest.mark.parametrize("token", ["", "é", "\ud800", "a" * 5000, 7, [], {}, True], ids=lambda token: repr(token)[:9])
def test_a_token_of_mailguns_that_cannot_be_read_is_malformed(token: object) -> None:
    told = changed(mailgun_request(NOW, "ours"), ("body", "signature", "token"), token)
    assert SCHEMES["mailgun"].check(told, NOW) is Refusal.MALFORMED


def test_mailguns_timestamp_may_be_a_number() -> None:
    told = changed(mailgun_request(NOW, "ours"), ("body", "signature", "timestamp"), int(NOW.timestamp()))
    assert SCHEMES["mailgun"].check(told, NOW) is None


def test_the_timestamp_is_signed(timed: Scheme) -> None:
    told, later = timed.sign(NOW, "ours"), timed.sign(NOW + SECOND, "ours")
    assert timed.check(changed(told, timed.timestamp, value_at(later, timed.timestamp)), NOW) is Refusal.WRONG


@pytest.mark.parametrize("how", UNREADABLE)
def test_a_signature_that_cannot_be_read_is_malformed(scheme: Scheme, how: str) -> None:
    told = scheme.sign(NOW, "ours")
    for text in (UNREADABLE[how], scheme.prefix + UNREADABLE[how]):
        assert scheme.check(changed(told, scheme.signature, text), NOW) is Refusal.MALFORMED


@pytest.mark.parametrize("text", NO_TIMES.values(), ids=NO_TIMES)
def test_a_timestamp_that_cannot_be_read_is_malformed(timed: Scheme, text: str) -> None:
    told = timed.sign(NOW, "ours")
    assert timed.check(changed(told, timed.timestamp, text), NOW) is Refusal.MALFORMED


def test_without_its_signature_or_timestamp_it_is_missing(scheme: Scheme) -> None:
    told = scheme.sign(NOW, "ours")
    for where in filter(None, (scheme.signature, scheme.timestamp)):
        assert scheme.check(changed(told, where, None), NOW) is Refusal.MISSING


@pytest.mark.parametrize("name", IN_HEADERS)
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_the_names_of_headers_have_no_case(name: str, case: Callable[[str], str]) -> None:
    told = SCHEMES[name].sign(NOW, "ours")
    headers = {case(header): value for header, value in told.headers.items()}
    assert SCHEMES[name].check(told._replace(headers=headers), NOW) is None


@pytest.mark.parametrize("name", IN_HEADERS)
def test_a_header_that_is_sent_twice_is_malformed(name: str) -> None:
    told = SCHEMES[name].sign(NOW, "ours")
    [header] = SCHEMES[name].signature
    twice = {**told.headers, header.swapcase(): told.headers[header]}
    assert SCHEMES[name].check(told._replace(headers=twice), NOW) is Refusal.MALFORMED


def test_both_ends_of_the_window_belong_to_it(timed: Scheme) -> None:
    told = timed.sign(NOW, "ours")
    moments = (timed.back + SECOND, timed.back, -AHEAD, -AHEAD - SECOND)
    answers = [timed.check(told, NOW + age) for age in moments]
    assert answers == [Refusal.STALE, None, None, Refusal.FUTURE]


def test_a_replay_is_taken_within_the_window_and_refused_after_it(timed: Scheme) -> None:
    told = timed.sign(NOW, "ours")
    assert [timed.check(told, NOW) for _ in range(3)] == [None] * 3
    assert timed.check(told, NOW + timed.back) is None
    assert timed.check(told, NOW + timed.back + timedelta(microseconds=1)) is Refusal.STALE


def test_stale_and_future_are_said_only_of_what_is_signed_well(timed: Scheme) -> None:
    for at in (NOW - timed.back - SECOND, NOW + AHEAD + SECOND):
        assert timed.check(timed.sign(at, "another"), NOW) is Refusal.WRONG


def test_basic_has_no_window() -> None:
    assert SCHEMES["basic"].check(basic_request(NOW, "ours"), NOW + timedelta(days=999)) is None


# What may be in a body, from nothing to what looks right.
_VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_NAMES = [
    "signature",
    "timestamp",
    "token",
    "Type",
    "Message",
    "MessageId",
    "Timestamp",
    "TopicArn",
    "Subject",
    "Token",
]
_NAMES += ["Signature", "SignatureVersion", "SubscribeURL", "event-data"]
_TEXTS = st.sampled_from(["Notification", "1", "2", "1780304400", TOPIC, "2026-06-01T09:00:00.000Z", "0" * 64, "AAAA"])
_OBJECTS = st.recursive(_VALUES | _TEXTS, lambda inner: st.dictionaries(st.sampled_from(_NAMES), inner), max_leaves=30)
_HEADERS = st.text(st.characters()) | _TEXTS | st.sampled_from(["v0=" + "0" * 64, "Basic AAAA", "Basic YTpi"])


@pytest.mark.parametrize("name", SCHEMES)
@given(body=st.binary() | _OBJECTS.map(packed), values=st.lists(_HEADERS, min_size=2, max_size=2))
def test_nothing_that_is_sent_raises_or_is_taken(name: str, body: bytes, values: list[str]) -> None:
    names = [where[0] for where in (SCHEMES[name].signature, SCHEMES[name].timestamp) if where]
    answer = SCHEMES[name].check(Request(body, dict(zip(names, values, strict=False))), NOW)
    assert isinstance(answer, Refusal)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"null", b"[]", b"{", b'{"signature":[]}', b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000]
    + [
        b'{"signature":{"timestamp":%s,"token":"a","signature":"a"}}' % told
        for told in (b"9" * 4300, b"9" * 4301, b"-1", b"true", b"1.5")
    ],
    ids=lambda body: body[:40].decode("latin-1"),
)
@pytest.mark.parametrize("name", ["mailgun", "sns-2"])
def test_a_body_that_is_no_message_is_refused(name: str, body: bytes) -> None:
    assert SCHEMES[name].check(Request(body, {}), NOW) in (Refusal.MALFORMED, Refusal.MISSING)


@pytest.mark.parametrize("name", ["mailgun", "hubspot", "zoom"])
def test_an_empty_secret_is_a_callers_bug(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = SCHEMES[name].sign(NOW, "ours")
    monkeypatch.setitem(SECRETS, "ours", "")
    with pytest.raises(ValueError, match="secret is empty"):
        SCHEMES[name].check(told, NOW)


@pytest.mark.parametrize("secret", ["", "postmark", "postmark:", ":hunter2"])
def test_a_login_needs_user_and_password(secret: str) -> None:
    with pytest.raises(ValueError, match="user:password") as raised:
        basic.check(b"", {}, secret, NOW)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("key", ["", "AAAA", "not a key!", "é", "p384", "rsa"])
def test_a_verification_key_that_is_none_is_a_callers_bug_and_is_not_shown(key: str) -> None:
    told = sendgrid_request(NOW, "ours")
    made = {"p384": lambda: ec.generate_private_key(ec.SECP384R1()), "rsa": lambda: rsa_key("ours")}
    text = public_text(made[key]()) if key in made else key
    with pytest.raises(ValueError, match="no P-256 key") as raised:
        sendgrid.check(told.body, told.headers, text, NOW)
    assert not text or text not in str(raised.value)


def test_sendgrids_own_example_is_taken() -> None:
    # From the tests of SendGrid's library for Python.
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eN"
        "Ec6wEA3F+g=="
    )
    event = {
        "email": "hello@world.com",
        "event": "dropped",
        "reason": "Bounced Address",
        "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
        "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
        "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
        "timestamp": 1600112492,
    }
    signature = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
    headers = {sendgrid.SIGNATURE: signature, sendgrid.TIMESTAMP: "1600112502"}
    now = datetime.fromtimestamp(1600112502, UTC)
    assert sendgrid.check(packed([event]) + b"\r\n", headers, key, now) is None
    assert sendgrid.check(packed([event]), headers, key, now) is Refusal.WRONG


def test_hubspots_own_example_is_taken() -> None:
    # From the tests of HubSpot's library for Python.
    headers = {hubspot.SIGNATURE: "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw=", hubspot.TIMESTAMP: "15000000"}
    called = hubspot.Called("POST", "https://www.example.com/webhook_uri")
    now = datetime.fromtimestamp(15000, UTC)
    body = b"{'example_field':'example_value'}"
    assert hubspot.check(body, headers, "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", now, called) is None


def test_hubspot_decodes_the_characters_of_its_list_once_and_no_others() -> None:
    assert (
        hubspot.decoded("https://a.example/?x=%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B")
        == "https://a.example/?x=:/?@!$'()*,;"
    )
    for kept in ("%20", "%26", "%3D", "%2B", "%25", "%23", "%253A", "%E3%81%82", "%", "%3"):
        assert hubspot.decoded(f"https://a.example/{kept}") == f"https://a.example/{kept}"


def test_hubspots_signature_is_of_the_method_and_the_address_too() -> None:
    told = hubspot_request(NOW, "ours")
    for called in (CALLED._replace(method="PUT"), CALLED._replace(uri=CALLED.uri.replace("https", "http"))):
        assert hubspot.check(*told, SECRETS["ours"], NOW, called) is Refusal.WRONG


def url_validation(plain: object) -> bytes:
    return packed({"event": "endpoint.url_validation", "payload": {"plainToken": plain}, "event_ts": 1654503849680})


def test_zooms_url_validation_is_answered_by_the_token_and_its_hmac() -> None:
    plain = "qgg8vlvZRS6UYooatFL8Aw"
    answer = zoom.url_validation_answer(url_validation(plain), SECRETS["ours"])
    assert answer == {"plainToken": plain, "encryptedToken": digest("ours", plain.encode()).hex()}


def test_zooms_url_validation_does_not_sign_events_for_whoever_asks() -> None:
    forged = zoom_request(NOW, "ours")
    asked = f"v0:{forged.headers[zoom.TIMESTAMP]}:{EVENT.decode()}"
    assert zoom.url_validation_answer(url_validation(asked), SECRETS["ours"]) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"event":"endpoint.url_validation"}',
        EVENT,
        packed({"payload": {"plainToken": "a"}}),
    ]
    + [url_validation(plain) for plain in (None, 7, "", "é", "a\n", "a\0", "a" * 257)],
)
def test_nothing_else_is_answered_as_zooms_url_validation(body: bytes) -> None:
    assert zoom.url_validation_answer(body, SECRETS["ours"]) is None


def test_zooms_url_validation_needs_a_secret() -> None:
    with pytest.raises(ValueError, match="secret token is empty"):
        zoom.url_validation_answer(url_validation("a"), "")


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_sns_signs_the_address_of_a_confirmation(kind: str) -> None:
    url = "https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription"
    told = sns_request(NOW, "ours", Type=kind, Token="t0", SubscribeURL=url)
    assert sns_check(told, NOW) is None
    assert sns_check(changed(told, ("body", "SubscribeURL"), url + "&x"), NOW) is Refusal.WRONG
    assert sns_check(changed(told, ("body", "Token"), None), NOW) is Refusal.MISSING


def test_a_message_of_sns_needs_no_subject_and_may_not_gain_one() -> None:
    told = sns_request(NOW, "ours", Subject="")
    assert sns_check(told, NOW) is None
    assert sns_check(changed(told, ("body", "Subject"), "s"), NOW) is Refusal.WRONG


def test_a_message_of_another_topic_of_sns_is_wrong() -> None:
    assert sns_check(sns_request(NOW, "ours", TopicArn=TOPIC + "2"), NOW) is Refusal.WRONG


def test_a_field_of_a_message_of_sns_cannot_pass_for_two() -> None:
    # The same canonical text: Subject is hidden in MessageId.
    told = sns_request(NOW, "ours")
    hidden = changed(changed(told, ("body", "Subject"), None), ("body", "MessageId"), "8f6dee70\nSubject\né")
    assert sns_check(hidden, NOW) is Refusal.MALFORMED


@pytest.mark.parametrize("version", ["0", "3", 2, None, "", "２"])
def test_a_version_of_snss_signature_that_we_do_not_know_is_refused(version: object) -> None:
    told = changed(sns_request(NOW, "ours"), ("body", "SignatureVersion"), version)
    assert sns_check(told, NOW) in (Refusal.MALFORMED, Refusal.MISSING)


@pytest.mark.parametrize(
    "time", ["2026-13-01T00:00:00Z", "2026-06-01T09:00:00+00:00", "2026-06-01", "0000-01-01T00:00:00Z"]
)
def test_a_time_of_sns_that_is_none_is_malformed(time: str) -> None:
    assert sns_check(sns_request(NOW, "ours", Timestamp=time), NOW) is Refusal.MALFORMED


@pytest.mark.parametrize("pem", ["", "<html>", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\0é"])
def test_a_certificate_that_cannot_be_read_is_malformed(pem: str) -> None:
    assert sns_check(sns_request(NOW, "ours"), NOW, pem) is Refusal.MALFORMED


def test_a_certificate_without_an_rsa_key_is_malformed() -> None:
    assert sns_check(sns_request(NOW, "ours"), NOW, certificate("ours", curve=True)) is Refusal.MALFORMED


@pytest.mark.parametrize("days", [-2, 2])
def test_a_certificate_outside_its_days_is_wrong(days: int) -> None:
    then = NOW + timedelta(days=days)
    assert sns_check(sns_request(then, "ours"), then) is Refusal.WRONG


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0123abcd.pem",
    ],
)
def test_a_certificate_of_sns_may_be_fetched(url: str) -> None:
    assert sns.may_fetch(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://sns.us-east-1.amazonaws.com/a.pem",
        "HTTPS://sns.us-east-1.amazonaws.com/a.pem",
        "file:///etc/a.pem",
        "//sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com/a.txt",
        "https://sns.us-east-1.amazonaws.com/.pem",
        "https://sns.us-east-1.amazonaws.com/a/../b.pem",
        "https://sns.us-east-1.amazonaws.com/a%2Fb.pem",
        "https://sns.us-east-1.amazonaws.com/?a.pem",
        "https://sns.us-east-1.amazonaws.com/a.pem?b",
        "https://sns.us-east-1.amazonaws.com/a.pem#b",
        "https://sns.us-east-1.amazonaws.com/a.pem\n",
        " https://sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com:443/a.pem",
        "https://me@sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/a.pem",
        "https://sns.us-east-1.amazonaws.com\\@evil.example/a.pem",
        "https://sns.us-east-1.amazonaws.com.evil.example/a.pem",
        "https://sns.us-east-1.amazonaws.com.cn.evil.example/a.pem",
        "https://sns.us-east-1.amazonaws.com./a.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/a.pem",
        "https://evil-sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.evil.example.amazonaws.com/a.pem",
        "https://sns.amazonaws.com/a.pem",
        "https://sqs.us-east-1.amazonaws.com/a.pem",
        "https://sns.s3.amazonaws.com/a.pem",
        "https://sns.s3-us-west-2.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.org/a.pem",
        "https://snsxus-east-1xamazonawsxcom/a.pem",
        "https://sns.us‐east-1.amazonaws.com/a.pem",
        "https://sns.us-east-１.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com/a\0.pem",
    ],
)
def test_nothing_else_may_be_fetched_as_a_certificate(url: str) -> None:
    assert not sns.may_fetch(url)

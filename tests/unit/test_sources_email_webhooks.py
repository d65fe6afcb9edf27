"""The adapters of e-mail providers' webhooks: each event of a body is one signal or one dead letter."""

import ast
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.decode import outcomes_of
from models.erasure import Suppressed, address_hash, redact
from models.events import Signal
from models.outcomes import DeadLetter, Erased, Reason
from models.records import Origin
from models.sources.adapters import decode
from tests.signals import event_id

NOW = datetime(2026, 6, 1, tzinfo=UTC)
GOLDEN = Path(__file__).parents[1] / "golden/email_webhooks.json"
PROVIDERS = ("sendgrid", "mailgun", "postmark", "ses")
SATO = "sato@aozora.example"
IMAGE_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


def sendgrid(event: str, **told: object) -> list[object]:
    return [{"email": SATO, "timestamp": 1780300800, "event": event, "sg_event_id": "e1", **told}]


def mailgun(event: str, **told: object) -> dict[str, object]:
    data = {"event": event, "id": "m1", "timestamp": 1780300800.25, "recipient": SATO, **told}
    return {"signature": {"timestamp": "1780300800", "token": "t", "signature": "s"}, "event-data": data}


def postmark(record: str, **told: object) -> dict[str, object]:
    who = {"Email": SATO} if record in ("Bounce", "SpamComplaint") else {"Recipient": SATO}
    times = dict.fromkeys(("DeliveredAt", "ReceivedAt", "BouncedAt", "ChangedAt"), "2026-06-01T17:00:00.1234567+09:00")
    return {"RecordType": record, "MessageID": "883953f4", **who, **times, **told}


def sns(event: object) -> dict[str, object]:
    """SES never reaches us bare: its event is text in the `Message` of a notification."""
    return {"Type": "Notification", "MessageId": "8f6dee70", "TopicArn": "arn:x", "Message": json.dumps(event)}


def ses(event: str, to: tuple[str, ...] = (SATO,), form: str = "eventType", **told: object) -> dict[str, object]:
    mail = {"timestamp": "2026-06-01T08:00:00.000Z", "messageId": "7c191be45", "destination": list(to)}
    return sns({form: event, "mail": {**mail, "commonHeaders": {"subject": "Autumn fair"}}, **told})


def at_nine(**told: object) -> dict[str, object]:
    return {"timestamp": "2026-06-01T09:00:00.000Z", **told}


def outcomes(adapter: str, body: object) -> list[Signal | DeadLetter]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode(raw, Origin("mail", adapter, NOW))


def signal(adapter: str, body: object) -> Signal:
    [found] = outcomes(adapter, body)
    assert isinstance(found, Signal), found
    return found


def refusal(adapter: str, body: object) -> DeadLetter:
    [found] = outcomes(adapter, body)
    assert isinstance(found, DeadLetter), found
    return found


@pytest.mark.parametrize(
    ("adapter", "body", "kind"),
    [
        ("sendgrid", sendgrid("bounce", type="bounce"), "email.bounced"),
        ("sendgrid", sendgrid("bounce", type="blocked"), "email.deferred"),
        ("mailgun", mailgun("failed", severity="permanent", reason="bounce"), "email.bounced"),
        ("mailgun", mailgun("failed", severity="temporary", reason="generic"), "email.deferred"),
        ("mailgun", mailgun("failed", severity="permanent", reason="suppress-bounce"), "email.dropped"),
        ("postmark", postmark("Bounce", Type="HardBounce"), "email.bounced"),
        ("postmark", postmark("Bounce", Type="SoftBounce"), "email.deferred"),
        ("postmark", postmark("Bounce", Type="ManuallyDeactivated"), "email.dropped"),
        ("ses", ses("Bounce", bounce=at_nine(bounceType="Permanent", bouncedRecipients=[{"emailAddress": SATO}])),
         "email.bounced"),
        ("ses", ses("Bounce", bounce=at_nine(bounceType="Transient", bouncedRecipients=[{"emailAddress": SATO}])),
         "email.deferred"),
        ("ses", ses("Bounce", bounce=at_nine(bounceType="Permanent", bounceSubType="OnAccountSuppressionList",
                                             bouncedRecipients=[{"emailAddress": SATO}])), "email.dropped"),
        ("ses", ses("DeliveryDelay", deliveryDelay=at_nine(delayedRecipients=[{"emailAddress": SATO}])),
         "email.deferred"),
    ],
)  # fmt: skip
def test_an_address_that_is_bad_is_told_from_a_mail_that_did_not_get_through(
    adapter: str, body: object, kind: str
) -> None:
    found = signal(adapter, body)
    assert (found.type, found.direction, found.data.contacts[0].email) == (kind, "outbound", SATO)


@pytest.mark.parametrize(
    ("adapter", "body", "kind"),
    [
        ("sendgrid", sendgrid("group_unsubscribe"), "email.unsubscribed"),
        ("sendgrid", sendgrid("spamreport"), "email.complained"),
        ("mailgun", mailgun("unsubscribed"), "email.unsubscribed"),
        ("mailgun", mailgun("complained"), "email.complained"),
        ("postmark", postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression",
                              Origin="Recipient"), "email.unsubscribed"),
        ("postmark", postmark("SpamComplaint"), "email.complained"),
        ("ses", ses("Subscription", subscription=at_nine(newTopicPreferences={"unsubscribeAll": True})),
         "email.unsubscribed"),
        ("ses", ses("Complaint", complaint=at_nine(complainedRecipients=[{"emailAddress": SATO}])),
         "email.complained"),
    ],
)  # fmt: skip
def test_who_leaves_or_complains_is_not_in_touch_by_it(adapter: str, body: object, kind: str) -> None:
    found = signal(adapter, body)
    assert (found.type, found.direction, found.data.machine) == (kind, "outbound", "")


LINK = "https://aozora.example/fair/2026?utm_source=mail&to=sato%40aozora.example#top"


@pytest.mark.parametrize(
    ("adapter", "body"),
    [
        ("sendgrid", sendgrid("click", url=LINK, useragent="Firefox", category=["autumn", "b"])),
        ("mailgun", mailgun("clicked", url=LINK, tags=["autumn"], **{"client-info": {"user-agent": "Firefox"}})),
        ("postmark", postmark("Click", OriginalLink=LINK, UserAgent="Firefox", Tag="",
                              Metadata={"campaign": "autumn"})),
        ("ses", sns({"eventType": "Click", "click": at_nine(link=LINK, userAgent="Firefox"), "mail": {
            "messageId": "7c", "destination": [SATO], "tags": {"ses:from-domain": ["x"], "campaign": ["autumn"]}}})),
    ],
)  # fmt: skip
def test_a_click_tells_the_page_without_its_query_the_agent_and_the_campaign(adapter: str, body: object) -> None:
    found = signal(adapter, body)
    assert (found.type, found.direction) == ("email.clicked", "inbound")
    data = found.data
    assert (data.subject, data.user_agent, data.campaign, data.machine) == ("/fair/2026", "Firefox", "autumn", "")


@pytest.mark.parametrize(
    ("url", "subject"), [("http://a.example", "/"), ("mailto:sato@aozora.example", ""), ("https://[/x", "/x")]
)
def test_of_an_odd_link_no_more_than_a_path_is_kept(url: str, subject: str) -> None:
    assert signal("sendgrid", sendgrid("click", url=url)).data.subject == subject


@pytest.mark.parametrize(
    ("adapter", "body"),
    [
        ("mailgun", mailgun("delivered", message={"headers": {"subject": "Autumn fair"}})),
        ("postmark", postmark("SpamComplaint", Subject="Autumn fair", Content="Dear all")),
        ("ses", ses("Delivery", delivery=at_nine(recipients=[SATO]))),
    ],
)
def test_a_subject_line_is_kept_where_the_provider_tells_it(adapter: str, body: object) -> None:
    assert signal(adapter, body).data.subject == "Autumn fair"


def test_a_subject_line_that_is_too_long_costs_no_event() -> None:
    found = signal("mailgun", mailgun("delivered", message={"headers": {"subject": "a" * 513}}))
    assert found.data.subject == ""


@pytest.mark.parametrize(
    ("adapter", "body", "machine"),
    [
        ("sendgrid", sendgrid("open", sg_machine_open=True), "prefetch"),
        ("sendgrid", sendgrid("open", sg_machine_open=False, useragent="Firefox"), ""),
        ("sendgrid", sendgrid("open", useragent=IMAGE_PROXY), "prefetch"),
        ("mailgun", mailgun("opened", **{"client-info": {"user-agent": "Mozilla/5.0", "bot": "apple"}}), "prefetch"),
        ("mailgun", mailgun("clicked", **{"client-info": {"bot": "generic"}}), "link_scanner"),
        ("mailgun", mailgun("opened", **{"client-info": {"bot": ""}}), ""),
        ("postmark", postmark("Open", UserAgent=IMAGE_PROXY), "prefetch"),
        ("ses", ses("Open", open=at_nine(userAgent=IMAGE_PROXY)), "prefetch"),
    ],
)
def test_an_open_by_a_machine_says_so(adapter: str, body: object, machine: str) -> None:
    assert signal(adapter, body).data.machine == machine


@pytest.mark.parametrize(
    ("adapter", "body", "moment"),
    [
        ("sendgrid", sendgrid("open"), datetime(2026, 6, 1, 8, tzinfo=UTC)),
        ("mailgun", mailgun("opened"), datetime(2026, 6, 1, 8, 0, 0, 250_000, tzinfo=UTC)),
        ("postmark", postmark("Open"), datetime(2026, 6, 1, 8, 0, 0, 123_456, tzinfo=UTC)),
        ("ses", ses("Open", open=at_nine()), datetime(2026, 6, 1, 9, tzinfo=UTC)),
    ],
)
def test_the_time_is_that_of_the_event_to_its_fraction(adapter: str, body: object, moment: datetime) -> None:
    assert signal(adapter, body).time == moment


def test_every_recipient_of_a_bounce_is_a_signal_in_either_form() -> None:
    listed = [{"emailAddress": SATO}, {"emailAddress": "no address"}, {"emailAddress": "mori@aozora.example"}]
    bounce = at_nine(bounceType="Permanent", bouncedRecipients=listed)
    for form in ("eventType", "notificationType"):
        first, second, third = outcomes("ses", ses("Bounce", (SATO, "mori@aozora.example"), form, bounce=bounce))
        assert isinstance(first, Signal)
        assert isinstance(third, Signal)
        assert (first.data.contacts[0].email, third.data.contacts[0].email) == (SATO, "mori@aozora.example")
        assert event_id(first, "mail") != event_id(third, "mail")
        assert isinstance(second, DeadLetter)
        assert (second.index, second.reason) == (1, Reason.FIELD_INVALID)
        assert "'no address'" in second.detail


def test_one_mail_to_several_people_was_sent_once_but_nobody_knows_who_opened_it() -> None:
    both = (SATO, "mori@aozora.example")
    assert [contact.email for contact in signal("ses", ses("Send", both, send={})).data.contacts] == list(both)
    found = refusal("ses", ses("Open", both, open=at_nine()))
    assert (found.reason, found.detail) == (
        Reason.CONTACT_MISSING,
        "mail.destination: 2 recipients, and Open does not say which of them it was",
    )


@pytest.mark.parametrize(
    ("adapter", "one", "other"),
    [
        ("sendgrid", sendgrid("open"), sendgrid("open", sg_event_id="e2")),
        ("mailgun", mailgun("opened"), mailgun("opened", timestamp=1780300800.25 + 86_400)),  # unique within a day only
        ("postmark", postmark("Click", OriginalLink="https://a/1"), postmark("Click", OriginalLink="https://a/2")),
        ("ses", ses("Click", click=at_nine(link="https://a/1")), ses("Click", click=at_nine(link="https://a/2"))),
    ],
)
def test_an_event_sent_again_is_the_same_and_another_is_not(adapter: str, one: object, other: object) -> None:
    def known_as(body: object) -> str:
        return event_id(signal(adapter, body), "mail")

    assert known_as(one) == known_as(json.loads(json.dumps(one))) != known_as(other)


def test_a_bad_event_costs_itself_only_and_keeps_its_own_bytes() -> None:
    body = (
        b'[{"event": "processed"}, %b, {"event":"open", "email": 1e3}, 7 ]' % json.dumps(sendgrid("open")[0]).encode()
    )
    first, second, third, fourth = outcomes("sendgrid", body)
    assert isinstance(second, Signal)
    assert first == DeadLetter(
        0, Reason.FIELD_INVALID, "sg_event_id: must be a text; got None", b'{"event": "processed"}'
    )
    assert isinstance(third, DeadLetter)
    assert (third.index, third.raw) == (2, b'{"event":"open", "email": 1e3}')
    assert fourth == DeadLetter(3, Reason.NOT_AN_EVENT, "a JSON int, not an object", b"7")


@pytest.mark.parametrize("name", ['"email"', '"\\u0065mail"'])
def test_an_event_that_gives_a_name_twice_is_refused_and_its_neighbours_are_read(name: str) -> None:
    good = json.dumps(sendgrid("open")[0])
    doubled = f'{{{name}: "other@aozora.example", {good[1:]}'
    first, second = outcomes("sendgrid", f"[{doubled}, {good}]".encode())
    assert isinstance(first, DeadLetter)
    assert (first.reason, first.raw.decode()) == (Reason.NOT_JSON, doubled)
    assert 'the event is not JSON: Detected duplicate key "email"' in first.detail
    assert isinstance(second, Signal)
    inner = sns({"eventType": "Open"})
    inner["Message"] = '{"eventType": "Open", "eventType": "Send"}'
    assert refusal("ses", inner).detail.startswith("Message is not JSON: Detected duplicate key")


@pytest.mark.parametrize("adapter", ["segment", "snowplow", "cloudevents", "zoom", "canonical"])
def test_every_adapter_of_json_refuses_a_name_given_twice(adapter: str) -> None:
    found = refusal(adapter, b'{"extra": {"a": 1, "a": 2}}')
    assert found.reason is Reason.NOT_JSON


def test_a_dead_letter_that_was_mended_is_read_alone() -> None:
    assert signal("sendgrid", sendgrid("open")[0]) == signal("sendgrid", sendgrid("open"))


@pytest.mark.parametrize(
    ("adapter", "body", "reason", "detail"),
    [
        ("sendgrid", sendgrid("group_resubscribe"), Reason.UNKNOWN_KIND, "event: 'group_resubscribe' is not mapped"),
        ("sendgrid", sendgrid("open", timestamp=1780300800_000), Reason.TIME_OUT_OF_RANGE, "got 1780300800000"),
        ("sendgrid", sendgrid("open", timestamp=10**400), Reason.TIME_OUT_OF_RANGE, "got 1000"),
        ("sendgrid", sendgrid("open", timestamp=1), Reason.TIME_OUT_OF_RANGE, "1970"),
        ("sendgrid", sendgrid("open", timestamp=True), Reason.TIME_INVALID, "time"),
        ("sendgrid", sendgrid("open", timestamp=None), Reason.TIME_MISSING, "time"),
        ("sendgrid", sendgrid("open", email=""), Reason.CONTACT_MISSING, "contact"),
        ("sendgrid", sendgrid("open", category=[7]), Reason.FIELD_INVALID, "data.campaign"),
        ("sendgrid", b"[]", Reason.EMPTY_BODY, "no event"),
        ("sendgrid", b'--xYzZY\r\nContent-Disposition: form-data; name="headers"\r\n', Reason.NOT_JSON, "not JSON"),
        ("mailgun", b"event=opened&recipient=sato%40aozora.example&token=t", Reason.NOT_JSON, "older webhooks"),
        ("mailgun", {"signature": {}}, Reason.NOT_AN_EVENT, "event-data"),
        ("mailgun", mailgun("stored"), Reason.UNKNOWN_KIND, "'stored'"),
        ("mailgun", mailgun("failed", severity="odd"), Reason.UNKNOWN_KIND, "severity: 'odd'"),
        ("mailgun", mailgun("opened", **{"client-info": "Firefox"}), Reason.FIELD_INVALID, "client-info: must be"),
        ("postmark", {"From": SATO, "MessageID": "1", "TextBody": "Hello"}, Reason.NOT_AN_EVENT, "RecordType"),
        ("postmark", postmark("Bounce", Type="AutoResponder"), Reason.UNKNOWN_KIND, "Type: 'AutoResponder'"),
        ("postmark", postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="HardBounce",
                              Origin="Recipient"), Reason.UNKNOWN_KIND, "'HardBounce'"),
        ("ses", {"Type": "SubscriptionConfirmation"}, Reason.NOT_AN_EVENT, "open the body's SubscribeURL once"),
        ("ses", {"eventType": "Send"}, Reason.NOT_AN_EVENT, "raw message delivery"),
        ("ses", sns({"notificationType": "Received"}), Reason.NOT_AN_EVENT, "a mail that came in"),
        ("ses", {"Type": "Notification", "Message": "Hello"}, Reason.NOT_JSON, "Message is not JSON"),
        ("ses", ses("Complaint", complaint=at_nine(complaintFeedbackType="not-spam")), Reason.UNKNOWN_KIND, "not-spam"),
        ("ses", ses("Delivery", delivery=at_nine(recipients=[])), Reason.CONTACT_MISSING, "delivery.recipients"),
        ("ses", ses("Send", ()), Reason.CONTACT_MISSING, "mail.destination"),
    ],
)  # fmt: skip
def test_what_is_no_event_of_ours_is_refused_with_a_reason(
    adapter: str, body: object, reason: Reason, detail: str
) -> None:
    found = refusal(adapter, body)
    assert found.reason == reason, found.detail
    assert detail in found.detail


@pytest.mark.parametrize("adapter", PROVIDERS)
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b" \n", Reason.EMPTY_BODY),
        (b'{"a": "\xff"}', Reason.INVALID_UTF8),
        (b'[{"a": NaN}]', Reason.NOT_JSON),
        (b"[" * 5000, Reason.NOT_JSON),
        (b'[{"a": "%b"}]' % (b"x" * (1 << 20)), Reason.TOO_LARGE),
        (b"[%b0]" % (b"0," * 20_000), Reason.TOO_LARGE),
        (b'"text"', Reason.NOT_AN_EVENT),
    ],
)
def test_a_body_that_cannot_be_read_is_one_dead_letter(adapter: str, body: bytes, reason: Reason) -> None:
    assert refusal(adapter, body).reason == reason


def test_a_notification_of_too_many_recipients_is_refused_whole() -> None:
    found = refusal("ses", ses("Delivery", delivery=at_nine(recipients=[SATO] * 20_001)))
    assert (found.reason, found.detail) == (
        Reason.TOO_LARGE, "20,001 recipients in one event; the limit is 1,000"
    )  # fmt: skip


def test_an_event_of_many_bad_recipients_is_one_dead_letter_beside_its_good_ones() -> None:
    bad = {"emailAddress": "no address"}
    bounce = at_nine(bounceType="Permanent", bouncedRecipients=[bad, {"emailAddress": SATO}, *[bad] * 900])
    dead, good = outcomes("ses", ses("Bounce", (SATO,), bounce=bounce))
    assert isinstance(dead, DeadLetter)
    assert isinstance(good, Signal)
    assert good.data.contacts[0].email == SATO


def test_a_click_on_a_long_link_is_counted() -> None:
    assert signal("postmark", postmark("Click", OriginalLink=f"https://a.example/{'p' * 600}")).type == "email.clicked"


SAMPLES: list[tuple[str, object]] = [
    ("sendgrid", sendgrid("click", url=LINK, useragent="Firefox", category=["autumn"], sg_machine_open=False)),
    ("mailgun", mailgun("clicked", url=LINK, tags=["autumn"], message={"headers": {"subject": "Autumn fair"}},
                        **{"client-info": {"user-agent": "Firefox", "bot": ""}, "user-variables": {"campaign": "a"}})),
    ("postmark", postmark("Bounce", Type="HardBounce", Subject="Autumn fair", Metadata={"campaign": "autumn"})),
    ("postmark", postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="ManualSuppression",
                          Origin="Recipient")),
    ("ses", ses("Bounce", bounce=at_nine(bounceType="Permanent", bouncedRecipients=[{"emailAddress": SATO}, SATO]))),
    ("ses", ses("Click", click=at_nine(link=LINK, userAgent="Firefox"))),
]  # fmt: skip


@pytest.mark.parametrize(("adapter", "body"), SAMPLES)
def test_a_person_who_is_forgotten_is_nobody_in_a_webhook_too(adapter: str, body: object) -> None:
    origin = Origin("mail", adapter, NOW)
    left = redact(json.dumps(body).encode(), origin, Suppressed("key", [address_hash("key", SATO)]))
    assert b"sato" not in left
    assert {type(outcome) for outcome in outcomes_of(left, origin)} == {Erased}


HOSTILE: list[object] = [
    10**400, -1, 1e308, 253402300799.9999, 7, True, None, "", " ", "x" * 2100, "2026-02-30T00:00:00Z", "a@b@c",
    [], {}, [[{}]], [None], {"a": [7]},
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
DAMAGES = ["replace", "leave out", "wrap", "twice"]


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value, as the path that leads there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, inner in items for found in places(inner, (*path, name)))]


def damaged(value: object, path: tuple[str | int, ...], odd: object, damage: str) -> object:
    """The value with what stands at the path left out, replaced, wrapped, or said twice."""
    if not path:
        return {"replace": odd, "wrap": [value], "twice": [value, value]}.get(damage)
    copy = dict(value) if isinstance(value, dict) else list(value)  # type: ignore[call-overload]
    if damage == "leave out" and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = damaged(copy[path[0]], path[1:], odd, damage)
    return copy


def inner(adapter: str, body: object) -> object:
    """The event of a body that can be damaged: of SES that in the notification, whose own fields are few."""
    return json.loads(body["Message"]) if adapter == "ses" and isinstance(body, dict) else body


def assert_answered(adapter: str, event: object) -> None:
    found = outcomes(adapter, sns(event) if adapter == "ses" else event)
    assert found
    for index, outcome in enumerate(found):
        if isinstance(outcome, DeadLetter):
            assert outcome.index == index
            assert outcome.detail.encode()
        else:
            assert outcome.type.startswith("email.")
            assert event_id(outcome, "mail")


@pytest.mark.parametrize(("adapter", "body"), SAMPLES)
def test_any_field_may_be_anything(adapter: str, body: object) -> None:
    event = inner(adapter, body)
    for path in places(event):
        for odd in HOSTILE:
            assert_answered(adapter, damaged(event, path, odd, "replace"))
        for damage in DAMAGES[1:]:
            assert_answered(adapter, damaged(event, path, None, damage))


@settings(max_examples=200)
@given(data=st.data())
def test_a_payload_damaged_in_several_places_is_answered_and_never_raises(data: st.DataObject) -> None:
    adapter, body = data.draw(st.sampled_from(SAMPLES))
    event = inner(adapter, body)
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(places(event)))
        event = damaged(event, path, data.draw(st.sampled_from(HOSTILE) | JSON), data.draw(st.sampled_from(DAMAGES)))
    assert_answered(adapter, event)


@pytest.mark.parametrize("odd", [*HOSTILE, "text", "[1]", "null"])
def test_a_notification_of_anything_is_answered(odd: object) -> None:
    assert refusal("ses", {"Type": "Notification", "Message": odd}).detail
    assert refusal("ses", {"Type": odd, "Message": "{}"}).detail


def told(adapter: str, body: bytes) -> list[list[str] | str]:
    """Each outcome as the golden file has it: type, contacts, direction and machine, or the reason of a refusal."""
    return [
        str(one.reason)
        if isinstance(one, DeadLetter)
        else [one.type, " ".join(str(c.email) for c in one.data.contacts), one.direction, one.data.machine]
        for one in outcomes(adapter, body)
    ]


def published(folder: Path) -> dict[str, list[list[str] | str]]:
    """What the adapters make of the payloads that others published, by file and test."""
    found = {}
    for adapter, name in zip(PROVIDERS, ("sendgrid", "mailgun", "postmark", "amazon_ses"), strict=True):
        for one in json.loads((folder / f"anymail/{name}_webhooks.json").read_text("utf-8")):
            # `raw_ses_event` is the event alone, as it stands in a notification; the others are bodies as received.
            body = sns(one["payload"]) if one["variable"] == "raw_ses_event" else one["payload"]
            found[f"{name} {one['test']}"] = told(adapter, json.dumps(body).encode())
    printed = (folder / "sendgrid/example-event-notification.txt").read_text("utf-8")
    found["sendgrid example as printed"] = told("sendgrid", printed.encode())
    # The example is the body as JavaScript prints it, with bare names and single quotes.
    events = ast.literal_eval(re.sub(r"(?m)^([\s\[{]*)(\w+):", r"\1'\2':", printed))
    found["sendgrid example as sent"] = told("sendgrid", json.dumps(events).encode())
    received = (folder / "sendgrid/example-email-parse-payload.txt").read_bytes()
    found["sendgrid mail received"] = told("sendgrid", received)
    return found


def test_published_payloads_read_as_a_person_would_read_them(real_data: Path) -> None:
    assert published(real_data / "webhooks") == json.loads(GOLDEN.read_text("utf-8"))

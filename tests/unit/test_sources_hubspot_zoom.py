"""The adapters of HubSpot's and Zoom's webhooks, held against the forms that the providers document."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from models.decode import outcomes_of
from models.erasure import Suppressed, address_hash, redact
from models.events import Signal
from models.outcomes import DeadLetter, Erased, Reason
from models.records import Origin
from models.sources.adapters import decode
from tests.signals import event_id
from tests.unit.test_sources_email_webhooks import DAMAGES, HOSTILE, damaged, places

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
GOLDEN = Path(__file__).parents[1] / "golden/hubspot_zoom.json"
SATO = "sato@aozora.example"
NINE_MS = 1_780_304_400_000  # 2026-06-01 09:00 UTC


def registration(kind: str = "webinar", **told: object) -> dict[str, Any]:
    """As Zoom documents `webinar.registration_created` and `meeting.registration_created`."""
    registrant = {
        "id": "U0BBBBBBBBBBfrUz1234", "first_name": "Hana", "last_name": "Sato", "email": SATO, "city": "Kyoto",
        "org": "青空電機", "job_title": "Buyer", "status": "approved", "join_url": "https://example.zoom.us/w/1?tk=a",
    }  # fmt: skip
    event = {
        "uuid": "4444AAAiAAAAAiAiAiiAii==", "id": 97763643886, "host_id": "x1yCzABCDEfg23HiJKl4mN",
        "topic": "秋の製品説明会", "type": 5, "start_time": "2026-06-10T05:00:00Z", "duration": 60,
        "registrant": {**registrant, **told},
    }  # fmt: skip
    payload = {"account_id": "AAAAAABBBB", "object": event}
    return {"event": f"{kind}.registration_created", "event_ts": NINE_MS, "payload": payload}


def took_part(kind: str, what: str, session: dict[str, object] | None = None, **told: object) -> dict[str, Any]:
    """As Zoom documents `….participant_joined` and `….participant_left`."""
    time = {"join_time": "2026-06-01T09:02:11Z"} if what == "joined" else {"leave_time": "2026-06-01T09:58:00Z"}
    participant = {
        "user_id": "16778240", "user_name": "Sato Hana", "id": "iFxeBPYun6SAiWUzBcEkX", "email": SATO,
        "participant_uuid": "55555AAAiAAAAAiAiAiiAii", "registrant_id": "U0BBBBBBBBBBfrUz1234", **time, **told,
    }  # fmt: skip
    event = {
        "id": "97763643886", "uuid": "4444AAAiAAAAAiAiAiiAii==", "host_id": "x1yCzABCDEfg23HiJKl4mN",
        "topic": "秋の製品説明会", "type": 5, "start_time": "2026-06-01T09:00:00Z", "duration": 60,
        "timezone": "Asia/Tokyo", "participant": participant, **(session or {}),
    }  # fmt: skip
    payload = {"account_id": "AAAAAABBBB", "object": event}
    return {"event": f"{kind}.participant_{what}", "event_ts": NINE_MS + 131_000, "payload": payload}


def mail(kind: str, **told: object) -> dict[str, Any]:
    """As HubSpot documents an e-mail event."""
    event = {
        "appId": 20053, "appName": "BatchTest", "created": NINE_MS, "emailCampaignId": 17919499, "hmid": "h1",
        "id": "9bb4f2aa-7a8d-3ed0-a1b7-4d2ab9a0d7f4", "portalId": 62515, "recipient": SATO, "type": kind,
        "sentBy": {"id": "cc7a6e6e", "created": NINE_MS - 60_000},
    }  # fmt: skip
    return {**event, **told}


def changed(kind: str, **told: object) -> dict[str, Any]:
    """As HubSpot documents a change of a record."""
    event = {
        "eventId": 1, "subscriptionId": 12345, "portalId": 62515, "appId": 54321, "occurredAt": NINE_MS,
        "subscriptionType": kind, "attemptNumber": 0, "objectId": 123, "changeSource": "CRM",
    }  # fmt: skip
    return {**event, **told}


LEAVING = {"source": "SOURCE_RECIPIENT", "portalSubscriptionStatus": "UNSUBSCRIBED"}
PAYLOADS: dict[str, tuple[str, Any]] = {
    "zoom webinar registered": ("zoom", registration()),
    "zoom meeting registered": ("zoom", registration("meeting")),
    "zoom webinar joined": ("zoom", took_part("webinar", "joined")),
    "zoom webinar left": ("zoom", took_part("webinar", "left", leave_reason="left the meeting")),
    "zoom meeting joined": ("zoom", took_part("meeting", "joined")),
    "zoom meeting left": ("zoom", took_part("meeting", "left")),
    "zoom meeting joined by the host": ("zoom", took_part("meeting", "joined", id="x1yCzABCDEfg23HiJKl4mN")),
    "zoom meeting joined by a guest": ("zoom", took_part("meeting", "joined", email="", id="", registrant_id="r1")),
    "zoom meeting joined by nobody known": ("zoom", took_part("meeting", "joined", email="", id="", registrant_id="")),
    "zoom meeting started": ("zoom", {"event": "meeting.started", "event_ts": NINE_MS, "payload": {"object": {}}}),
    "hubspot sent": ("hubspot", [mail("SENT", subject="Autumn fair")]),
    "hubspot delivered": ("hubspot", [mail("DELIVERED", response="250 OK")]),
    "hubspot deferred": ("hubspot", [mail("DEFERRED")]),
    "hubspot bounced": ("hubspot", [mail("BOUNCE", category="UNKNOWN_USER")]),
    "hubspot dropped": ("hubspot", [mail("DROPPED", dropReason="PREVIOUSLY_BOUNCED")]),
    "hubspot opened": ("hubspot", [mail("OPEN", userAgent="Firefox", filteredEvent=False)]),
    "hubspot opened by a machine": ("hubspot", [mail("OPEN", filteredEvent=True)]),
    "hubspot clicked": ("hubspot", [mail("CLICK", url="https://www.example.co.jp/fair?to=sato", userAgent="Firefox")]),
    "hubspot unsubscribed": ("hubspot", [mail("STATUSCHANGE", **LEAVING)]),
    "hubspot one list less": (
        "hubspot",
        [mail("STATUSCHANGE", **{**LEAVING, "portalSubscriptionStatus": "SUBSCRIBED"})],
    ),
    "hubspot complained": ("hubspot", [mail("SPAMREPORT")]),
    "hubspot forwarded": ("hubspot", [mail("FORWARD")]),
    "hubspot privacy deletion": ("hubspot", [changed("contact.privacyDeletion")]),
    "hubspot contact, company and deal": (
        "hubspot",
        [
            changed("contact.creation", changeFlag="CREATED"),
            changed("company.propertyChange", propertyName="domain", propertyValue="aozora.example"),
            changed("deal.deletion"),
            changed("object.propertyChange", objectTypeId="0-1", propertyName="email", propertyValue=SATO),
            mail("OPEN"),
        ],
    ),
}


def outcomes(adapter: str, body: object) -> list[Signal | DeadLetter]:
    return decode(json.dumps(body).encode(), Origin("s", adapter, NOW))


def signal(adapter: str, body: object) -> Signal:
    [found] = outcomes(adapter, body)
    assert isinstance(found, Signal), found
    return found


def told(one: Signal | DeadLetter) -> list[str] | str:
    if isinstance(one, DeadLetter):
        return str(one.reason)
    data = one.data
    contacts = " ".join(contact.key for contact in data.contacts)
    return [one.type, contacts, one.time.isoformat(), one.direction, data.subject, data.campaign, data.machine]


def test_the_documented_payloads_read_as_a_person_would_read_them() -> None:
    found = {name: [told(one) for one in outcomes(*payload)] for name, payload in PAYLOADS.items()}
    assert found == json.loads(GOLDEN.read_text("utf-8"))


def test_who_drops_out_of_a_session_and_joins_again_has_attended_once() -> None:
    first, again = (
        signal("zoom", took_part("webinar", "joined", join_time=time))
        for time in ("2026-06-01T09:02:11Z", "2026-06-01T09:20:00Z")
    )
    assert first == again
    next_week = signal("zoom", took_part("webinar", "joined", {"uuid": "5555", "start_time": "2026-06-08T09:00:00Z"}))
    assert event_id(next_week, "s") != event_id(first, "s")


def test_a_meeting_that_was_not_planned_has_the_time_of_joining() -> None:
    found = signal("zoom", took_part("meeting", "joined", {"start_time": ""}))
    assert found.time == datetime(2026, 6, 1, 9, 2, 11, tzinfo=UTC)


def test_registering_is_told_with_the_company_and_is_the_same_when_sent_again() -> None:
    found = signal("zoom", registration())
    assert found.data.contacts[0].organization == "青空電機"
    assert signal("zoom", {**registration(), "payload": registration()["payload"]}) == found


def test_hubspots_erasure_says_what_to_do_and_holds_nobodys_address() -> None:
    [found] = outcomes("hubspot", [changed("contact.privacyDeletion", objectId=4711)])
    assert isinstance(found, DeadLetter)
    assert found.reason == Reason.ERASURE_REQUESTED
    assert "4711" in found.detail
    assert "setten forget" in found.detail


@pytest.mark.parametrize(
    ("adapter", "body"), [one for one in PAYLOADS.values() if SATO in json.dumps(one[1]) and "object." not in str(one)]
)
def test_a_person_who_is_forgotten_is_nobody_here_too(adapter: str, body: object) -> None:
    origin = Origin("s", adapter, NOW)
    left = redact(json.dumps(body, ensure_ascii=False).encode(), origin, Suppressed("key", [address_hash("key", SATO)]))
    assert b"sato@" not in left
    assert not any(isinstance(one, Signal) for one in outcomes_of(left, origin))
    if isinstance(outcomes(adapter, body)[0], Signal):
        assert {type(one) for one in outcomes_of(left, origin)} == {Erased}


@pytest.mark.parametrize(("adapter", "body"), [PAYLOADS[name] for name in (
    "zoom webinar registered", "zoom meeting joined", "zoom webinar left", "hubspot clicked", "hubspot unsubscribed",
    "hubspot privacy deletion",
)])  # fmt: skip
def test_any_field_may_be_anything(adapter: str, body: object) -> None:
    for path in places(body):
        for odd in HOSTILE:
            assert_answered(adapter, damaged(body, path, odd, "replace"))
        for damage in DAMAGES[1:]:
            assert_answered(adapter, damaged(body, path, None, damage))


def assert_answered(adapter: str, body: object) -> None:
    found = outcomes(adapter, body)
    assert found
    for index, outcome in enumerate(found):
        if isinstance(outcome, DeadLetter):
            assert outcome.index == index
            assert outcome.reason is not Reason.UNREADABLE
        else:
            assert event_id(outcome, "s")

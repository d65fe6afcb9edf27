"""The adapters of trackers against a reviewed golden file, and what must not depend on chance or on another source."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from models.decode import outcomes_of
from models.erasure import Suppressed, address_hash, redact
from models.events import Signal
from models.facts import Fact, VisitorIdentified
from models.outcomes import DeadLetter, Nothing
from models.records import Origin
from models.touches import read_signal

GOLDEN = Path(__file__).parents[1] / "golden/trackers"
RECEIVED = datetime(2026, 6, 1, 0, 0, 2, tzinfo=UTC)
CASES = [
    pytest.param(path.stem, name, id=f"{path.stem}: {name}")
    for path in sorted(GOLDEN.glob("*.json"))
    for name in json.loads(path.read_text("utf-8"))
]


def outcomes(adapter: str, body: object, received: datetime = RECEIVED, source: str = "site") -> list[Any]:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return outcomes_of(raw, Origin(source, adapter, received))


def told(outcome: Any) -> Any:
    """An outcome as the golden files have it."""
    if isinstance(outcome, Fact):
        values = outcome.model_dump(mode="json", exclude_defaults=True) | {"type": outcome.type}
        return {name: values[name] for name in sorted(values, key=lambda name: (name != "type", name))}
    if isinstance(outcome, DeadLetter):
        return f"{outcome.reason}: {outcome.detail}"
    if isinstance(outcome, Nothing):
        return "nothing"
    [contact] = outcome.data.contacts
    touch = read_signal(outcome, Origin("site", "x", RECEIVED)).touches[0]
    told = [outcome.type, outcome.id, outcome.time.isoformat(), contact.key, touch.subject, touch.campaign]
    return [*told, touch.machine] if touch.machine else told


@pytest.mark.parametrize(("adapter", "name"), CASES)
def test_a_body_becomes_what_the_reviewed_golden_file_says(adapter: str, name: str) -> None:
    case = json.loads((GOLDEN / f"{adapter}.json").read_text("utf-8"))[name]
    assert [told(one) for one in outcomes(case["adapter"], case["body"])] == case["gives"]


def call(kind: str, **values: object) -> dict[str, object]:
    return {"type": kind, "messageId": "m1", "timestamp": "2026-06-01T00:00:00Z", "userId": "u1", **values}


def test_two_sources_that_count_their_users_from_one_do_not_speak_of_the_same_person() -> None:
    keys = {outcomes("segment", call("page"), source=source)[0].data.contacts[0].key for source in ("site", "app")}
    assert keys == {"id:site:u1", "id:app:u1"}


def test_sent_again_a_call_is_the_same_though_it_took_another_time_on_its_way() -> None:
    """The library sets `sentAt` at each try; a clock that is hours wrong must not make it another event."""
    for clock in (timedelta(), timedelta(hours=9), timedelta(hours=-26), timedelta(hours=26)):
        contents = set()
        for late_ms in (0, 40, 900, 20_000):
            sent = RECEIVED + clock
            at = (sent - timedelta(seconds=3)).isoformat()
            received = RECEIVED + timedelta(milliseconds=late_ms)
            [signal] = outcomes("segment", call("page", timestamp=at, sentAt=sent.isoformat()), received)
            contents.add(read_signal(signal, Origin("site", "segment", received))[:2])
            assert abs(signal.time - (RECEIVED - timedelta(seconds=3))) <= timedelta(minutes=2.5)
        assert len(contents) == 1


def test_a_call_out_of_an_archive_keeps_the_day_on_which_it_was_made() -> None:
    """Its sentAt is that of then; no clock is taken to be wrong by more than FUTURE_TOLERANCE."""
    for ago in (timedelta(hours=27), timedelta(days=365)):
        made = RECEIVED - ago
        archived = call("page", timestamp=made.isoformat(), sentAt=(made + timedelta(seconds=1)).isoformat())
        assert outcomes("segment", archived)[0].time == made
        ms = int(made.timestamp() * 1000)
        query = urlencode({"e": "pv", "duid": "d", "dtm": ms, "stm": ms + 1000})
        assert outcomes("snowplow-get", query)[0].time == made


def test_a_call_that_waited_on_a_device_keeps_the_time_at_which_it_was_made() -> None:
    waited = call("page", timestamp="2026-05-20T00:00:00Z", sentAt="2026-06-01T00:00:00Z")
    assert outcomes("segment", waited)[0].time == datetime(2026, 5, 20, tzinfo=UTC)


@pytest.mark.parametrize("query", ["e=pv&duid=d&", "&e=pv&&duid=d", "?&e=pv&duid=d"])
def test_an_empty_parameter_of_a_pixel_is_no_reason_to_lose_its_event(query: str) -> None:
    assert outcomes("snowplow-get", query)[0].data.contacts[0].key == "anon:d"


def test_what_is_refused_in_a_batch_has_its_own_bytes() -> None:
    body = '{"context": {"a": [1, "}"]}, "batch" : [ {"type":"page","userId":"u1"}, {"type": "nonsense" } ], "x": 1}'
    page, refused = outcomes("segment", body)
    assert isinstance(page, Signal)
    assert (refused.index, refused.raw) == (1, b'{"type": "nonsense" }')


@pytest.mark.parametrize("adapter", ["snowplow", "snowplow-get", "cloudevents"])
@pytest.mark.parametrize(
    "told",
    [
        {"e": "pv", "duid": "\ud800"},
        {"e": "pv", "duid": "d" * 600},
        {"e": ["pv"], "duid": "d"},
        {"e": "pv", "duid": {}},
        {"e": "pv", "duid": "d", "dtm": "9" * 40},
        {"e": "pv", "duid": "d", "dtm": "-1e9", "stm": "0"},
        {"e": "pv", "duid": "d", "dtm": "1", "stm": "253402300799000"},
        {"e": "pv", "duid": "d", "url": "http://[", "ua": 1},
        {"e": "ue", "duid": "d", "ue_pr": "[" * 100_000},
        {"e": "ue", "duid": "d", "ue_px": "77-9"},
        {"e": "ue", "duid": "d"},
        {"e": "se", "duid": "d", "se_ac": "資料"},
        {"e": "pv", "duid": "d", "uid": "u" * 600},
        {"e": "pv", "ip": "1"},
        {"specversion": "1.0", "id": 1, "source": "s", "type": "web.x"},
        {"specversion": "1.0", "id": "1", "source": "s" * 200, "type": "web.x", "data": {"contacts": [{"id": "x"}]}},
    ],
)
def test_hostile_events_are_answered_and_never_unreadable(adapter: str, told: dict[str, object]) -> None:
    schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"
    body: object = {"schema": schema, "data": [told]} if adapter == "snowplow" else told
    if adapter == "snowplow-get":
        body = urlencode(told, errors="surrogatepass")
    for one in outcomes(adapter, body):
        assert not (isinstance(one, DeadLetter) and one.reason == "unreadable"), one
        if isinstance(one, DeadLetter):
            one.detail.encode()
        elif isinstance(one, Fact):
            assert one.fact_id


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "7", "{", '{"batch": 7}', '{"batch": [null, 1, "x", []]}', '{"type": "page", "userId": "\\ud800"}',
        '{"type": "identify", "userId": "u", "traits": {"name": "\\ud800", "email": "\\ud800@a.example"}}',
        '{"type": "identify", "userId": "u", "traits": {"company": {"website": "http://[::1"}}}',
        '{"type": "page", "userId": {"$gt": ""}, "context": [], "properties": 3}',
        '{"type": "page", "userId": "u", "timestamp": "0001-01-01T00:00:00+14:00", "sentAt": "9999-12-31T23:59:59Z"}',
        '{"type": "track", "userId": "u", "event": "x", "context": {"page": {"url": "http://[", "path": {}}}}',
        '{"type": "page", "userId": "%s"}' % ("u" * 600),
        '{"type": "identify", "userId": "%s", "anonymousId": "a"}' % ("u" * 600),
    ],
)  # fmt: skip
def test_hostile_bodies_are_answered_and_never_unreadable(body: str) -> None:
    found = outcomes("segment", body)
    assert found
    for index, one in enumerate(found):
        assert not (isinstance(one, DeadLetter) and one.reason == "unreadable"), one
        if isinstance(one, DeadLetter | Nothing):
            assert one.index == index
        elif isinstance(one, Fact):
            assert one.fact_id


def test_an_identification_leads_from_the_cookie_over_the_id_to_the_address() -> None:
    facts = outcomes("segment", call("identify", anonymousId="a1", traits={"email": "hana@aozora.example"}))
    links = [(one.visitor_key, one.contact_key) for one in facts if isinstance(one, VisitorIdentified)]
    assert links == [("anon:a1", "id:site:u1"), ("id:site:u1", "mail:hana@aozora.example")]


def suppressing(*addresses: str) -> Suppressed:
    return Suppressed("k", [address_hash("k", one) for one in addresses])


def test_what_a_tracker_packs_in_base64_is_redacted_too() -> None:
    told = json.dumps({"schema": "iglu:x/unstruct_event/jsonschema/1-0-0", "data": {"mail": "hana@aozora.example"}})
    packed = urlsafe_b64encode(told.encode()).decode().rstrip("=")
    other = urlsafe_b64encode(told.replace("hana", "jiro").encode()).decode().rstrip("=")
    for adapter, body in (
        ("snowplow", json.dumps({"data": [{"e": "ue", "ue_px": packed}, {"e": "ue", "ue_px": other}]})),
        ("snowplow-get", f"e=ue&ue_px={packed}&cx={other}"),
    ):
        origin = Origin("site", adapter, RECEIVED)
        left = redact(body.encode(), origin, suppressing("hana@aozora.example"))
        assert packed not in left.decode()
        assert other in left.decode()
        assert redact(left, origin, suppressing("hana@aozora.example")) == left


def test_of_a_forgotten_person_a_call_keeps_what_it_is_and_the_calls_beside_it() -> None:
    hana = {"type": "identify", "userId": "u1", "timestamp": "2026-06-01T00:00:00Z", "messageId": "m1"}
    traits = {"email": "hana@aozora.example", "name": "Hana", "company": {"name": "Aozora"}}
    page = {"type": "page", "userId": "HANA@aozora.example", "messageId": "m2", "context": {"ip": "1.2.3.4"}}
    body = json.dumps({"batch": [{**hana, "traits": traits}, page, call("page")]}).encode()
    left = json.loads(redact(body, Origin("site", "segment", RECEIVED), suppressing("hana@aozora.example")))
    nobody = "x@erased.invalid"
    assert left["batch"] == [
        {**hana, "traits": {"email": nobody}},
        {"type": "page", "messageId": "m2", "userId": nobody},
        call("page"),
    ]


def test_a_snowplow_visitor_who_is_logged_in_is_identified_once_an_hour() -> None:
    def seen(ms: int) -> set[Any]:
        told = f"e=pv&eid=e{ms}&duid=d1&uid=u1&dtm={ms}"
        return {one.fact_id for one in outcomes("snowplow-get", told) if isinstance(one, VisitorIdentified)}

    start_ms = int(datetime(2026, 5, 1, tzinfo=UTC).timestamp() * 1000)
    assert seen(start_ms) == seen(start_ms + 3_599_999) != seen(start_ms + 3_600_000)

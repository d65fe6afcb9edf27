"""Whatever lies in a topic is answered by a value: an exception would stop the worker at the same record for ever."""

import json
from typing import Any

import pytest

from models.sources.fact_records import decode_facts
from streams.ingest.batch import Record, decode_batch

EVENT = (
    b'{"id": "1", "type": "web.page_viewed", "time": "2026-05-01T00:00:00Z",'
    b' "data": {"contacts": [{"email": "a@b.example"}]}}'
)
HEADERS: list[tuple[tuple[str, Any], ...]] = [
    (),
    (("source", None), ("received_at", None), ("adapter", None)),
    (("received_at", b"0001-01-01T00:00:00+09:00"),),
    (("received_at", b"9999-12-31T23:59:59-10:00"),),
    (("received_at", b"2026-01-01"),),
    (("received_at", b"\xff"), ("source", b"\xff\xed\xa0\x80"), ("own_domains", b",,\xff")),
    (("adapter", b"no-such-adapter"),),
    (("adapter", b"mbox"),),
]


@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("timestamp_ms", [-1, 0, 1_780_000_000_000, 253_402_300_799_999, 2**62])
def test_hostile_headers_and_clocks_stop_nothing(headers: tuple[tuple[str, Any], ...], timestamp_ms: int) -> None:
    batch = decode_batch([Record("signals.web", 0, 0, timestamp_ms, headers, EVENT)], "facts")
    assert batch.touches.num_rows + len(batch.dead) == 1


FACT = {"type": "account_declared", "recorded_at": "2026-01-01T00:00:00Z", "account_id": "a", "name": "A"}
REVENUE = {**FACT, "type": "revenue_recorded", "month": "2026-01-01", "amount": 1}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({**FACT, "recorded_at": "0001-01-01T00:00:00+09:00"}).encode(),
        json.dumps({**FACT, "recorded_at": "9999-12-31T23:59:59-09:00"}).encode(),
        json.dumps({**FACT, "recorded_at": 1e300}).encode(),
        json.dumps({**FACT, "domains": ["co.jp"]}).encode(),
        json.dumps({**REVENUE, "month": "9999-01-31"}).encode(),
        b'{"type": "revenue_recorded", "recorded_at": "2026-01-01T00:00:00Z", "account_id": "a", "amount": 1e400}',
        b'{"type": ["a"]}',
        b"[[{}]]",
        b"",
        b"\xff",
    ],
)
def test_a_hostile_fact_is_a_dead_letter(body: bytes) -> None:
    [outcome] = decode_facts(body)
    assert hasattr(outcome, "reason"), outcome


@pytest.mark.parametrize("topic", ["signals.web", "facts"])
def test_a_body_of_millions_of_nothings_is_one_dead_letter(topic: str) -> None:
    batch = decode_batch([Record(topic, 0, 0, 0, (), b"[" + b"1," * 1_000_000 + b"1]")], "facts")
    assert [letter.reason for letter in batch.dead] == ["too_large"]


def test_a_byte_order_mark_is_no_mistake() -> None:
    batch = decode_batch([Record("signals.web", 0, 0, 1_780_000_000_000, (), b"\xef\xbb\xbf" + EVENT)], "facts")
    assert batch.touches.num_rows == 1

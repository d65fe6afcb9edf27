"""The canonical adapter: every event is answered by a signal, or by a dead letter with its reason and its bytes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from models.decode import outcomes_of
from models.events import Signal
from models.outcomes import REMEDIES, DeadLetter, Reason
from models.records import Origin
from models.touches import read_signal
from tests.signals import content, event_id

RECEIVED = datetime(2026, 6, 1, tzinfo=UTC)
ORIGIN = Origin("tracker", "canonical", RECEIVED)
EVENT: dict[str, Any] = {
    "id": "e1",
    "type": "web.page_viewed",
    "time": "2026-05-31T23:00:00+09:00",
    "data": {"contacts": [{"email": "Taro@Aozora.example"}], "subject": "/価格"},
}


def body(**changes: Any) -> bytes:
    return json.dumps({**EVENT, **changes}).encode()


def without(field: str) -> bytes:
    return json.dumps({k: v for k, v in EVENT.items() if k != field}).encode()


REFUSED = [
    (b"", Reason.EMPTY_BODY),
    (b"  \n ", Reason.EMPTY_BODY),
    (b"{", Reason.NOT_JSON),
    (b"not json", Reason.NOT_JSON),
    (b'{"a": NaN}', Reason.NOT_JSON),
    (b"[" * 100_000, Reason.NOT_JSON),
    (b"\xff\xfe", Reason.INVALID_UTF8),
    (b'{"id": "\xe9"}', Reason.INVALID_UTF8),
    (b'"text"', Reason.NOT_AN_EVENT),
    (b"[17]", Reason.NOT_AN_EVENT),
    (without("time"), Reason.TIME_MISSING),
    (body(time=None), Reason.TIME_MISSING),
    (body(time=""), Reason.TIME_MISSING),
    (body(time=1780000000), Reason.TIME_INVALID),
    (body(time="1780000000"), Reason.TIME_INVALID),
    (body(time="2026-05-31T23:00:00"), Reason.TIME_INVALID),
    (body(time="2026-02-30T00:00:00Z"), Reason.TIME_INVALID),
    (body(time="0102-05-31T00:00:00Z"), Reason.TIME_OUT_OF_RANGE),
    (body(time="1989-12-31T23:59:59Z"), Reason.TIME_OUT_OF_RANGE),
    (body(time="0001-01-01T00:00:00+09:00"), Reason.TIME_OUT_OF_RANGE),
    (body(time="2026-06-03T00:00:00Z"), Reason.TIME_IN_FUTURE),
    (body(type="fax.sent"), Reason.UNKNOWN_KIND),
    (body(type=None), Reason.UNKNOWN_KIND),
    (without("type"), Reason.UNKNOWN_KIND),
    (body(type="web.Page Viewed"), Reason.FIELD_INVALID),
    (body(data={"contacts": []}), Reason.CONTACT_MISSING),
    (body(data={}), Reason.CONTACT_MISSING),
    (body(data={"contacts": [{"organization": "Aozora"}]}), Reason.CONTACT_MISSING),
    (body(data={"contacts": [{"email": "nobody"}]}), Reason.FIELD_INVALID),
    (body(id=""), Reason.FIELD_INVALID),
    (body(id="x" * 2_000_000), Reason.TOO_LARGE),
]


@pytest.mark.parametrize(("raw", "reason"), REFUSED, ids=[f"{r}-{i}" for i, (_, r) in enumerate(REFUSED)])
def test_a_bad_event_is_refused_with_its_reason_and_its_bytes(raw: bytes, reason: Reason) -> None:
    [outcome] = outcomes_of(raw, ORIGIN)
    assert isinstance(outcome, DeadLetter)
    assert outcome.reason is reason
    assert outcome.raw in (raw, raw.strip(b"[] "))
    assert outcome.detail


def test_an_event_a_day_ahead_is_taken_for_a_wrong_clock_and_kept() -> None:
    [outcome] = outcomes_of(body(time="2026-06-02T01:00:00Z"), ORIGIN)
    assert isinstance(outcome, Signal)


def test_one_bad_line_takes_no_neighbour_along() -> None:
    lines = b"\n".join([body(), b"{", b'{"id": "\xff"}', body(id="e2"), b""])
    outcomes = outcomes_of(lines, ORIGIN)
    assert [type(o).__name__ for o in outcomes] == ["Signal", "DeadLetter", "DeadLetter", "Signal"]
    assert [o.raw for o in outcomes if isinstance(o, DeadLetter)] == [b"{", b'{"id": "\xff"}']


def test_one_bad_element_of_an_array_is_refused_with_its_own_bytes() -> None:
    raw = b'[ %s , {"type": "fax.sent", "x": [1, "]"]},\n%s]' % (body(), body(id="e2"))
    outcomes = outcomes_of(raw, ORIGIN)
    assert [type(o).__name__ for o in outcomes] == ["Signal", "DeadLetter", "Signal"]
    assert isinstance(outcomes[1], DeadLetter)
    assert outcomes[1].raw == b'{"type": "fax.sent", "x": [1, "]"]}'
    assert outcomes[1].index == 1


def test_an_event_is_known_by_its_source_and_its_own_id() -> None:
    [one] = outcomes_of(body(), ORIGIN)
    [same] = outcomes_of(body(time="2026-05-30T00:00:00Z"), ORIGIN)
    assert isinstance(one, Signal)
    assert isinstance(same, Signal)
    assert event_id(one, "tracker") == event_id(same, "tracker") != event_id(one, "other")
    assert content(one) != content(same)


def test_without_an_id_an_event_is_known_by_its_content() -> None:
    [one] = outcomes_of(without("id"), ORIGIN)
    [again] = outcomes_of(json.dumps({k: EVENT[k] for k in ("data", "time", "type")}).encode(), ORIGIN)
    [other] = outcomes_of(json.dumps({**EVENT, "id": None, "type": "web.form_submitted"}).encode(), ORIGIN)
    assert isinstance(one, Signal)
    assert isinstance(again, Signal)
    assert isinstance(other, Signal)
    assert event_id(one, "s") == event_id(again, "s") != event_id(other, "s")


def test_every_reason_has_a_remedy() -> None:
    assert set(REMEDIES) == set(Reason)


def test_a_source_that_knows_of_a_machine_is_believed() -> None:
    told = {"contacts": [{"email": "taro@aozora.example"}], "user_agent": "Mozilla/5.0 Firefox/140.0"}
    [person] = outcomes_of(body(data=told), ORIGIN)
    [machine] = outcomes_of(body(data={**told, "machine": "prefetch"}), ORIGIN)
    assert isinstance(person, Signal)
    assert isinstance(machine, Signal)
    one, other = read_signal(person, ORIGIN), read_signal(machine, ORIGIN)
    assert [touch.machine for touch in one.touches] == [""]
    assert [touch.machine for touch in other.touches] == ["prefetch"]
    assert one.event_id == other.event_id
    assert one.content != other.content


def test_a_reason_that_is_no_word_is_refused() -> None:
    told = {"contacts": [{"email": "taro@aozora.example"}], "machine": "Pre fetch!"}
    [outcome] = outcomes_of(body(data=told), ORIGIN)
    assert isinstance(outcome, DeadLetter)
    assert outcome.reason is Reason.FIELD_INVALID

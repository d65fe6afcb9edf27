"""Repairing: the edit, what it makes of an event, and the diff that is shown before anything is sent."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.jq import BadProgram, compiled
from models.dead_letters import Letter
from models.records import Origin
from models.repairs import Repair, attempt, conflict, diff, json_edit, same

RECEIVED = datetime(2026, 5, 2, tzinfo=UTC)
ORIGIN = Origin("forms", "canonical", RECEIVED)
LETTER = Letter("0" * 32, 0, "time_invalid", "", "forms", "canonical", RECEIVED, "signals.web", 0, 0, 1)
EVENT: dict[str, Any] = {
    "id": "1",
    "type": "web.seen",
    "time": "2026/05/01 09:00",
    "data": {"contacts": [{"email": "佐藤@aozora.example"}]},
}


def repaired(program: str, event: object = EVENT, letter: Letter = LETTER) -> Repair:
    raw = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
    return attempt(letter, raw, ORIGIN, json_edit(compiled(program)), facts=False)


def test_a_repair_that_mends_the_event_passes_and_keeps_its_id() -> None:
    one = repaired('.time = "2026-05-01T09:00:00+09:00"')
    other = repaired('.time = "2026-05-01T10:00:00+09:00"')
    assert (one.outcome, other.outcome) == ("passes", "passes")
    assert [event.event_id for event in one.events] == [event.event_id for event in other.events]
    assert one.events != other.events


def test_the_diff_shows_what_changes_and_nothing_else() -> None:
    lines = diff(repaired('.time = "2026-05-01T09:00:00+09:00"')).splitlines()
    changed = [line for line in lines if line[0] in "+-" and not line.startswith(("+++", "---"))]
    assert changed == ['-  "time": "2026/05/01 09:00",', '+  "time": "2026-05-01T09:00:00+09:00",']
    assert "佐藤" in diff(repaired(".time = .data.contacts[0].email | .data.contacts[0].id = 1"))


@pytest.mark.parametrize(
    ("program", "outcome", "reason"),
    [
        ("empty", "untouched", ""),
        ('select(.type == "other") | .time = ""', "untouched", ""),
        (".", "unchanged", ""),
        ("{data, time, type, id}", "unchanged", ""),
        ('.time = "soon"', "refused", "time_invalid"),
        ('.time = "2027-01-01T00:00:00Z"', "refused", "time_in_future"),
        ("del(.time)", "refused", "time_missing"),
        ("42", "refused", "not_an_event"),
        (".time.year", "failed", ""),
        (".,.", "failed", ""),
        ('error("no")', "failed", ""),
    ],
)
def test_what_an_edit_makes_of_an_event(program: str, outcome: str, reason: str) -> None:
    one = repaired(program)
    assert (one.outcome, one.reason) == (outcome, reason)
    assert one.detail or outcome in ("untouched", "unchanged")


@pytest.mark.parametrize("raw", [b"this is not JSON", b'{"a": NaN}', b"\xff\xfe", b"{} {}", b""])
def test_what_is_not_json_is_not_edited_by_a_program(raw: bytes) -> None:
    one = repaired(".a = 1", raw)
    assert one.outcome == "failed"
    assert "--replace FILE" in one.detail


def test_a_mail_is_not_edited_by_a_program_and_the_other_way_is_named() -> None:
    one = repaired(".a = 1", b"{}", LETTER._replace(adapter="mbox"))
    assert one.outcome == "failed"
    assert "mbox" in one.detail
    assert "--replace FILE" in one.detail


def test_a_replacement_may_be_anything_that_the_adapter_reads() -> None:
    mail = b"From: a@b.example\nDate: Fri, 1 May 2026 09:00:00 +0900\nMessage-ID: <1@b>\n\n"
    origin = Origin("mail", "mbox", RECEIVED)
    assert attempt(LETTER, b"From: a@b.example\n", origin, lambda *_: mail, facts=False).outcome == "passes"
    assert attempt(LETTER, b"x", origin, lambda *_: b"From: nobody\n", facts=False).outcome == "refused"


def test_numbers_and_text_come_out_of_jq_as_they_went_in() -> None:
    [text] = compiled(".id |= tostring")('{"id": 1234567890123456789, "big": 98765432109876543210, "name": "東京"}')
    assert text == '{"id":"1234567890123456789","big":98765432109876543210,"name":"東京"}'


def test_a_program_that_jq_does_not_understand_is_said_with_its_place() -> None:
    with pytest.raises(BadProgram, match="line 1, column 10"):
        compiled(".time == (")


def test_an_id_that_is_taken_by_other_content_is_refused_before_it_is_sent() -> None:
    one = repaired('.time = "2026-05-01T09:00:00+09:00"')
    [(event_id, content)] = one.events
    assert conflict(one, {event_id: content}) is one
    refused = conflict(one, {event_id: "other"})
    assert (refused.outcome, refused.reason) == ("refused", "conflicting_duplicate")


def test_one_and_true_are_not_the_same() -> None:
    assert not same(b'{"a": 1}', b'{"a": true}')
    assert same(b'{"a": 1, "b": 2}', b'{"b":2,"a":1}')


def test_a_diff_of_a_megabyte_is_short_and_of_control_characters_harmless() -> None:
    large = Repair(LETTER, b"x" * (1 << 20), b"\x1b[2J", "passes")
    assert "1,048,576 bytes" in diff(large)
    assert "\x1b" not in diff(large)

"""Dead letters as a person meets them: ids, bytes made readable, and when a letter is closed."""

from datetime import UTC, datetime

import pytest

from models.dead_letters import Identity, parse_id, printable, read_again, readable, remedy, successor
from models.outcomes import REMEDIES, DeadLetter, Reason
from models.records import Origin
from models.sources.adapters import ADAPTERS

RECORD = "0123456789abcdef0123456789abcdef"
DEAD = DeadLetter(0, Reason.TIME_MISSING, "", b"")
A, B = Identity("a", "1"), Identity("b", "2")
GOOD = b'{"id": "1", "type": "web.seen", "time": "2026-05-01T09:00:00Z", "data": {"contacts": [{"id": "x"}]}}'
ORIGIN = Origin("forms", "canonical", datetime(2026, 5, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{RECORD}:3", (RECORD, 3)),
        (f" {RECORD[:12].upper()}:0\n", (RECORD[:12], 0)),
        ("01234567", ("01234567", None)),
        ("01234567-89ab-cdef-0123-456789abcdef:7", (RECORD, 7)),
    ],
)
def test_an_id_is_taken_as_a_person_copies_it(text: str, expected: tuple[str, int | None]) -> None:
    assert parse_id(text) == expected


@pytest.mark.parametrize(
    "text", ["", "0123456", "0123-45-", "wrong-one:0", f"{RECORD}:", f"{RECORD}:-1", f"{RECORD}0:1"]
)
def test_what_is_no_id_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="no dead letter's id"):
        parse_id(text)


def test_what_a_sender_wrote_cannot_command_the_terminal() -> None:
    assert printable("a\x1b[31mb\x07\n\tc\u202e\x9b") == "a\\x1b[31mb\\x07\n\tc\\u202e\\x9b"


@pytest.mark.parametrize(
    ("raw", "most", "expected"),
    [
        ("東京 ok".encode(), 100, "東京 ok"),
        ("東京".encode(), 4, "東"),
        (b'{"name": "' + "東京".encode("shift_jis") + b'", "campaign": "spring"}', 100, "\\x93\\x8c\\x8b\\x9e"),
        (b"\x00\x01\x02\x03PK", 100, "00000000  00 01 02 03 50 4b"),
        (b"", 100, ""),
    ],
)
def test_bytes_are_made_readable(raw: bytes, most: int, expected: str) -> None:
    assert expected in readable(raw, most)


def test_a_megabyte_is_cut() -> None:
    assert len(readable(b"x" * (1 << 20), 4000)) == 4000
    assert len(readable(bytes(1 << 20), 4000)) < 4000


def test_every_reason_has_a_remedy_and_an_unknown_one_none() -> None:
    assert [remedy(reason.value) for reason in Reason] == [REMEDIES[reason] for reason in Reason]
    assert remedy("of_a_newer_version") == ""


def test_a_letter_is_closed_by_its_own_event() -> None:
    assert successor(1, [A, B], {}) == B


def test_a_letter_that_is_refused_again_stays_open() -> None:
    assert successor(0, [DEAD], {}) is None
    assert successor(1, [A], {}) is None


def test_a_letter_of_a_whole_body_waits_for_what_is_not_stored_yet() -> None:
    assert successor(0, [A, B], {"a": "1"}) == B
    assert successor(0, [A, B], {"a": "1", "b": "2"}) == A


def test_an_id_that_other_content_has_closes_nothing_but_itself() -> None:
    assert successor(0, [A, B], {"a": "other"}) == A


def test_facts_are_known_by_their_own_id() -> None:
    fact = b'{"type": "own_domain_declared", "domain": "setten.example", "recorded_at": "2026-05-01T00:00:00Z"}'
    [known, refused] = read_again(fact + b"\n{}", ORIGIN, facts=True)
    assert isinstance(known, Identity)
    assert known.event_id == known.content
    assert isinstance(refused, DeadLetter)


def test_events_are_read_as_ingest_reads_them() -> None:
    [one] = read_again(GOOD, ORIGIN, facts=False)
    [late] = read_again(GOOD.replace(b"2026-05-01", b"2026-06-01"), ORIGIN, facts=False)
    assert isinstance(one, Identity)
    assert isinstance(late, DeadLetter)
    assert late.reason is Reason.TIME_IN_FUTURE


def test_an_adapter_that_fails_costs_its_record_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ADAPTERS, "canonical", lambda *_: 1 / 0)
    [outcome] = read_again(GOOD, ORIGIN, facts=False)
    assert isinstance(outcome, DeadLetter)
    assert (outcome.reason, outcome.raw) == (Reason.UNREADABLE, GOOD)

"""The fast path of the canonical adapter says what the contract says, or nothing: held against each other."""

import json
import string
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.decode import outcomes_of
from models.events import Signal
from models.outcomes import DeadLetter
from models.records import Origin
from models.sources.canonical_fast import Bodies, fast_table
from models.sources.canonical_mixed import mixed_table
from models.touch_table import TouchRow, from_micros, micros, precedence, received_us, rows_of, touch_table
from models.touches import read_signal

RECEIVED = datetime(2026, 6, 1, 9, tzinfo=UTC)

# Texts of which some need the contract's eye: blanks at the ends, other alphabets, characters that lower() differs on.
text = st.one_of(
    st.sampled_from(["", "x", " x", "x ", "青空", "　青空", "İ", "ß", "a\u2028", "\x00", "\x1f", "😀", "A" * 300]),
    st.text(max_size=8),
    st.text(string.ascii_letters + string.digits + "@.-_ ", max_size=20),
)
names = st.sampled_from(["hana", "Hana", "x.y", "青", "İ"])
emails = st.one_of(
    st.builds("{}@{}".format, names, st.sampled_from(["a.example", "B.EXAMPLE.", "a..b", "x"])),
    text,
)
contact = st.fixed_dictionaries(
    {},
    optional={
        "email": emails | st.none(),
        "id": text,
        "anonymous_id": text,
        "host": st.sampled_from(["WWW.a.example.", "host", ""]) | text,
        "ip": st.sampled_from(["10.0.0.1", "1"]) | text,
        "organization": text,
        "title": text,
    },
)
moment = st.integers(315_532_800_000_000, 1_785_542_400_000_000).map(from_micros)
times = st.one_of(
    moment.map(lambda at: at.isoformat()),
    moment.map(lambda at: at.isoformat().replace("+00:00", "Z")),
    moment.map(lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.5+09:00")),
    st.sampled_from(
        [
            "2026-05-01T00:00:00Z",
            "2026-05-01T00:00:00-00:00",
            "2026-05-01 00:00:00Z",
            "2026-05-01t00:00:00z",
            "2026-05-01T00:00:00",
            "2026-05-01T24:00:00Z",
            "2026-05-01T23:59:60Z",
            "2026-05-01T00:00:00+24:00",
            "2026-05-01T00:00:00.1234567Z",
            "2026-05-01T00:00Z",
            "0001-01-01T00:00:00+09:00",
            "9999-12-31T23:59:59-09:00",
            "2026-05-01T00:00:00+00:00:30",
            "２０２６-05-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-05-01T00:00:00+05:75",
        ]
    ),
)
data = st.fixed_dictionaries(
    {"contacts": st.lists(contact, max_size=3)},
    optional={
        "direction": st.sampled_from(["inbound", "outbound", "sideways", None]),
        "campaign": text,
        "subject": text,
        "user_agent": text | st.just("Googlebot/2.1"),
        "machine": st.sampled_from(["", "prefetch", "No reason"]),
    },
)
event = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["web.page_viewed", "email.sent", "meeting.held", "fax.sent", "web.", "web.x\n", "web.A"]
        ),
        "time": times,
        "data": data,
    },
    optional={"id": text | st.none(), "source": text, "specversion": st.just("1.0"), "extra": st.just({"a": [1]})},
)
plain_event = st.builds(
    lambda number, email, path: {
        "id": f"e{number}",
        "type": "web.page_viewed",
        "time": "2026-05-01T00:00:00Z",
        "data": {"contacts": [{"email": f"{email}@a.example"}], "subject": f"/{path}"},
    },
    st.integers(0, 9),
    st.sampled_from(["hana", "ken", "Aoi"]),
    st.sampled_from(["", "価格", "a"]),
)


def by_the_contract(body: bytes, origin: Origin, record: str = "r") -> list[TouchRow] | None:
    """What the contract makes of a body; None where it refuses any of its events."""
    rows: list[TouchRow] = []
    for position, outcome in enumerate(outcomes_of(body, origin)):
        if not isinstance(outcome, Signal):
            return None
        rows += rows_of(read_signal(outcome, origin), record, position)
    return rows


def by_column(told: list[tuple[bytes, str]]) -> tuple[pa.Table, list[int]]:
    """What the fast path makes of bodies, each with its content type; their records are r0, r1 and so on."""
    received = pa.array([micros(RECEIVED)] * len(told), pa.int64())
    records = [f"r{at}" for at in range(len(told))]
    bodies = [body for body, _ in told]
    return fast_table(Bodies(bodies, ["s"] * len(told), [kind for _, kind in told], received, records))


def split(outcomes: Iterable[tuple[int, Signal | DeadLetter]], origin: Origin) -> tuple[list[TouchRow], list[Any]]:
    """The rows of signals, and the rest."""
    rows: list[TouchRow] = []
    refused = []
    for position, outcome in outcomes:
        if isinstance(outcome, Signal):
            rows += rows_of(read_signal(outcome, origin), "r0", position)
        else:
            refused.append(outcome)
    return rows, refused


def agree(body: bytes, content_type: str = "application/json") -> bool:
    """Whether the fast path took the body; it may only where the contract gives the same.

    By event, too: what it takes and what it leaves to the contract is together what the contract makes of the body.
    """
    origin = Origin("s", "canonical", RECEIVED, content_type)
    table, left = by_column([(body, content_type)])
    if not left:
        rows = by_the_contract(body, origin, "r0")
        assert rows is not None
        assert table.equals(touch_table(rows))
    if (mixed := mixed_table(body, origin, "r0")) is not None:
        rows, refused = split(mixed[1], origin)
        wanted, wanted_refused = split(enumerate(outcomes_of(body, origin)), origin)
        together = pa.concat_tables([mixed[0], touch_table(rows)])
        order = [("position", "ascending"), ("contact_key", "ascending")]
        assert together.sort_by(order).equals(touch_table(wanted).sort_by(order))
        assert refused == wanted_refused
    return not left


@settings(max_examples=1500, deadline=None)
@given(event, st.booleans())
@example({"type": "web.x", "time": "2026-05-01T00:00:00+05:75", "data": {"contacts": [{"id": "a"}]}}, False)
@example({"type": "web.x", "time": "2026-05-01T00:00:00Z", "data": {"contacts": [{"email": "A@B.example"}]}}, False)
def test_any_event_reads_as_the_contract_reads_it(told: dict[str, Any], escaped: bool) -> None:
    agree(json.dumps(told, ensure_ascii=escaped).encode("utf-8", "surrogatepass"))


@settings(max_examples=500, deadline=None)
@given(st.lists(event | plain_event, max_size=4), st.sampled_from(["application/json", "application/x-ndjson"]))
def test_arrays_and_lines_read_as_the_contract_reads_them(told: list[dict[str, Any]], content_type: str) -> None:
    agree(json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass"), content_type)
    lines = [json.dumps(one, ensure_ascii=False).encode("utf-8", "surrogatepass") for one in told]
    for body in (b"\n".join(lines), b"\n\n".join(lines) + b"\r\n", b" ".join(lines)):
        agree(body, content_type)


def written(told: Any, twice: list[str], spelt: bool) -> str:
    """JSON in which the names in `twice` are given a second time in every object that has them, the first time as null
    or as text; `spelt`: with a letter of theirs escaped."""
    if isinstance(told, list):
        return "[" + ",".join(written(one, twice, spelt) for one in told) + "]"
    if not isinstance(told, dict):
        return json.dumps(told)
    pairs = []
    for name, value in told.items():
        if name in twice:
            first = f'"\\u{ord(name[0]):04x}{name[1:]}"' if spelt else json.dumps(name)
            pairs.append(f"{first} : {'null' if name == 'id' else json.dumps('2026-05-01T00:00:00Z')}")
        pairs.append(f"{json.dumps(name)}: {written(value, twice, spelt)}")
    return "{" + ",".join(pairs) + "}"


doubled = st.lists(
    st.sampled_from(["id", "type", "time", "data", "contacts", "email", "subject", "campaign", "user_agent", "extra"]),
    max_size=2,
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(event | plain_event, doubled), min_size=1, max_size=4), st.booleans())
def test_a_name_given_twice_is_refused_by_both_and_costs_no_neighbour(
    told: list[tuple[dict[str, Any], list[str]]], spelt: bool
) -> None:
    events = [written(one, twice, spelt).encode("utf-8", "surrogatepass") for one, twice in told]
    origin = Origin("s", "canonical", RECEIVED, "application/json")
    for body in (events[0], b"[" + b", ".join(events) + b"]", b"\n".join(events)):
        agree(body)
        agree(body, "application/x-ndjson")
    alone = [outcomes_of(raw, origin)[0] for raw in events]
    together = outcomes_of(b"[" + b", ".join(events) + b"]", origin)
    assert [isinstance(one, Signal) for one in together] == [isinstance(one, Signal) for one in alone]


@pytest.mark.parametrize("name", ["id", "type", "time", "data", "contacts", "email", "subject", "user_agent"])
@pytest.mark.parametrize("spelt", [False, True])
def test_every_name_given_twice_is_left_to_the_contract_which_refuses_it(name: str, spelt: bool) -> None:
    told = {
        "id": "e",
        "type": "web.page_viewed",
        "time": "2026-05-01T00:00:00Z",
        "data": {"contacts": [{"email": "hana@a.example"}], "subject": "/", "user_agent": "x"},
    }
    assert agree(json.dumps(told).encode())
    for first in ("null", '""', '"2026-05-01T00:00:00Z"', json.dumps(told["data"])):
        body = written(told, [name], spelt).replace(' : "2026-05-01T00:00:00Z"', f" : {first}", 1).encode()
        assert not agree(body)
        [refused] = outcomes_of(body, Origin("s", "canonical", RECEIVED, "application/json"))
        assert isinstance(refused, DeadLetter)
        assert (refused.reason, refused.raw) == ("not_json", body)
        assert "uplicate key" in refused.detail


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"/"', '"/\\""'),
        ('"/"', '""'),
        ('"id": "e"', '"id": null'),
        ('"hana@a.example"', '"hana@a.example", "ip": null'),
    ],
)
def test_quotes_that_are_no_names_go_the_fast_way(before: str, after: str) -> None:
    told = (
        '{"id": "e", "type": "web.page_viewed", "time": "2026-05-01T00:00:00Z",'
        ' "data": {"contacts": [{"email": "hana@a.example"}], "subject": "/"}}'
    )
    assert before in told
    assert agree(told.replace(before, after).encode())


pieces = st.sampled_from([b"", b"\x00", b"\xff", b"\xed\xa0\x80", b'"', b"{", b"\\ud800", b"\n", b"1", b","])


@settings(max_examples=1500, deadline=None)
@given(plain_event, st.integers(0, 200), pieces, st.integers(0, 6))
def test_a_broken_body_is_left_to_the_contract(told: dict[str, Any], at: int, piece: bytes, cut: int) -> None:
    body = json.dumps(told, ensure_ascii=False).encode()
    agree(body[:at] + piece + body[at + cut :])


poison = st.sampled_from(
    [b'{"type":"fax.sent"}', b"7", b"[]", b"{}", b' {"id":"x" , "a":[NaN]}', b'"\\ud800"', b"[" * 210]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(plain_event, min_size=1, max_size=5), poison, st.integers(0, 5), st.booleans())
def test_a_bad_event_leaves_its_neighbours_the_fast_way(
    told: list[dict[str, Any]], bad: bytes, at: int, lines: bool
) -> None:
    events = [json.dumps(one, ensure_ascii=False).encode() for one in told]
    events.insert(at, bad)
    body = b"\n".join(events) if lines else b"[" + b", ".join(events) + b"]"
    content_type = "application/x-ndjson" if lines else "application/json"
    agree(body, content_type)
    if bad in (b'{"type":"fax.sent"}', b"7", b"{}"):
        found = mixed_table(body, Origin("s", "canonical", RECEIVED, content_type), "r0")
        assert found is not None
        assert (found[0].num_rows, len(found[1])) == (len(told), 1)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.lists(event | plain_event, min_size=1, max_size=3), st.booleans()), max_size=8))
def test_bodies_read_together_read_as_each_alone(told: list[tuple[list[dict[str, Any]], bool]]) -> None:
    """One that the contract has to read takes no other along, and none lends another anything."""
    bodies = [
        (
            json.dumps(events[0] if single else events, ensure_ascii=False).encode("utf-8", "surrogatepass"),
            "application/json",
        )
        for events, single in told
    ]
    table, left = by_column(bodies)
    assert left == [at for at, body in enumerate(bodies) if by_column([body])[1]]
    rows: list[TouchRow] = []
    for at, (body, content_type) in enumerate(bodies):
        if at not in left:
            rows += by_the_contract(body, Origin("s", "canonical", RECEIVED, content_type), f"r{at}") or []
    assert table.equals(touch_table(rows))


@settings(deadline=None)
@given(st.lists(plain_event, min_size=1, max_size=5))
def test_what_everyone_sends_goes_the_fast_way(told: list[dict[str, Any]]) -> None:
    assert agree(json.dumps(told[0]).encode())
    assert agree(json.dumps(told).encode())
    assert agree(b"\n".join(json.dumps(one).encode() for one in told), "application/x-ndjson")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"[[]]", b'"x"', b"{}", b"[" + b"1," * 30_000 + b"1]", b"{" * 5000]
)
def test_what_is_no_event_is_left_to_the_contract(body: bytes) -> None:
    assert not agree(body)
    assert not agree(body, "application/x-ndjson")


def test_an_event_of_too_many_bytes_is_left_to_the_contract() -> None:
    large = {"type": "web.x", "time": "2026-05-01T00:00:00Z", "data": {"contacts": [{"id": "a"}]}}
    body = json.dumps(large).encode()
    assert agree(body)
    assert not agree(body[:-1] + b" " * (1 << 20) + b"}")


@settings(deadline=None)
@given(st.integers(0, 4_102_444_800_000_000), st.integers(0, 5000))
def test_the_precedence_of_a_table_is_that_of_its_events(received: int, position: int) -> None:
    row: TouchRow = ("k", "e", 0, received, *"abcdefgh", None, "c", "r", position, 1)  # type: ignore[assignment]
    [found] = touch_table([row]).column("precedence").to_pylist()
    assert found == precedence(received, position)
    assert received_us(found) == received
    assert found < 1 << 64
    assert precedence(received + 1, position) < found
    assert precedence(received, position + 1) <= found


def test_contacts_nested_a_thousand_deep_cost_only_their_own_body() -> None:
    told = '{"type": "web.page_viewed", "time": "2026-05-01T00:00:00Z", "data": {"contacts": %s}}'
    values = [(told % ("[" * 5000 + "]" * 5000)).encode(), (told % '[{"email": "x@a.example"}]').encode()]
    received = pa.array([micros(RECEIVED)] * 2, pa.int64())
    table, left = fast_table(Bodies(values, ["s"] * 2, ["application/json"] * 2, received, ["1", "2"]))
    assert left == [0]
    assert table.column("record_id").to_pylist() == ["2"]


@pytest.mark.parametrize("first", ['["\xff"]', '{"\xff": 1}', "9" * 5000, "[" * 300 + "]" * 300])
@pytest.mark.parametrize("name", ["contacts", "\\u0063ontacts"])
def test_what_stands_under_a_name_given_twice_is_looked_at(first: str, name: str) -> None:
    told = (
        '{"type": "web.page_viewed", "time": "2026-05-01T00:00:00Z",'
        ' "data": {"%s": %s, "contacts": [{"email": "x@a.example"}]}}'
    )
    value = (told % (name, first)).encode("latin-1")
    received = pa.array([micros(RECEIVED)], pa.int64())
    for body, content_type in ((value, "application/json"), (b"[%b]" % value, "application/json")):
        assert fast_table(Bodies([body], ["s"], [content_type], received, ["1"]))[1] == [0]

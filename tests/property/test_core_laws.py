"""Laws of the pure core: duplicates, order and replay change nothing."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from models.contact_days import GROUPS, KEY, bind_groups, version
from models.days import fiscal_quarter, quarter_start
from models.directory import Directory
from models.facts import AccountDeclared, AnyFact, ContactDeclared, OwnDomainDeclared, RevenueRecorded
from models.folding import fold
from models.rules.gone_quiet import GoneQuiet, gone_quiet

START = datetime(2026, 1, 1, tzinfo=UTC)
times = st.integers(0, 5).map(lambda n: START + timedelta(days=n))
domains = st.sampled_from(["aozora.example", "kita.example", "jp.kita.example", "north.example"])
account_ids = st.sampled_from(["a", "b", "c"])
contacts = st.sampled_from(["mail:x@aozora.example", "mail:y@jp.kita.example", "anon:1"])
facts: st.SearchStrategy[AnyFact] = st.one_of(
    st.builds(
        AccountDeclared,
        recorded_at=times,
        account_id=account_ids,
        name=st.sampled_from(["Aozora", "Kita"]),
        domains=st.lists(domains, max_size=3).map(tuple),
        tier=st.just("target"),
        kind=st.just("customer"),
        parent_account_id=st.none(),
    ),
    st.builds(OwnDomainDeclared, recorded_at=times, domain=domains),
    st.builds(
        ContactDeclared,
        recorded_at=times,
        contact_key=contacts,
        account_id=st.one_of(st.none(), account_ids),
        name=st.just(""),
        title=st.just(""),
        department=st.just(""),
        seniority=st.sampled_from(["staff", "management"]),
    ),
    st.builds(
        RevenueRecorded,
        recorded_at=times,
        account_id=account_ids,
        month=st.dates(date(2026, 1, 1), date(2026, 3, 1)),
        amount=st.floats(0, 9),
        currency=st.just("JPY"),
    ),
)


@given(st.lists(facts, max_size=12), st.randoms())
def test_facts_in_any_order_and_number_fold_to_the_same_directory(stated: list[AnyFact], random: object) -> None:
    shuffled = [*stated, *stated[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(stated) == fold(shuffled)


@given(st.lists(facts, max_size=8), st.lists(facts, max_size=4))
def test_more_facts_never_lower_the_epoch(stated: list[AnyFact], more: list[AnyFact]) -> None:
    assert fold(stated).epoch <= fold([*stated, *more]).epoch <= len(stated) + len(more)


groups = st.fixed_dictionaries(
    {
        "contact_key": contacts,
        "day": st.dates(date(2026, 1, 1), date(2026, 1, 3)),
        "affiliation": st.sampled_from(["aozora.example", "www.aozora.example", "gmail.com", ""]),
        "kind": st.sampled_from(["web", "email"]),
        "action": st.just("x"),
        "direction": st.sampled_from(["inbound", "outbound"]),
        "touches": st.integers(0, 5),
        "machine_touches": st.integers(0, 5),
        "first_at": times.map(lambda time: time.replace(microsecond=0)),
        "last_at": times.map(lambda time: time.replace(microsecond=0)),
    }
)


def bound(some: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = bind_groups(pa.Table.from_pylist(some, schema=GROUPS), DIRECTORY).to_pylist()
    return rows


DIRECTORY = fold([AccountDeclared(recorded_at=START, account_id="a", name="Aozora", domains=("aozora.example",))])


@given(st.lists(groups, max_size=8), st.randoms())
def test_contact_days_do_not_depend_on_the_order_of_groups(some: list[dict[str, Any]], random: Any) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)
    assert sorted(bound(some), key=str) == sorted(bound(shuffled), key=str)


@given(st.lists(groups, max_size=8))
def test_binding_loses_and_invents_no_touch(some: list[dict[str, Any]]) -> None:
    rows = bound(some)
    assert sum(r["touches"] for r in rows) == sum(g["touches"] for g in some)
    assert sum(r["machine_touches"] for r in rows) == sum(g["machine_touches"] for g in some)
    assert len({tuple(r[name] for name in KEY) for r in rows}) == len(rows)


@given(st.integers(0, 2**20), st.integers(0, 2**33), st.integers(0, 2**20), st.integers(0, 2**33))
def test_a_newer_directory_beats_any_number_of_touches(e1: int, n1: int, e2: int, n2: int) -> None:
    if e1 < e2:
        assert version(e1, n1) < version(e2, n2)
    elif e1 == e2 and n1 <= n2:
        assert version(e1, n1) <= version(e2, n2)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 12))
def test_a_day_lies_in_its_fiscal_quarter(day: date, start_month: int) -> None:
    quarter = fiscal_quarter(day, start_month)
    assert quarter_start(quarter, start_month) <= day < quarter_start(quarter + 1, start_month)


AS_OF = date(2026, 6, 30)
days = st.lists(st.integers(0, 449).map(lambda back: AS_OF.toordinal() - back), max_size=150)


@settings(max_examples=300)
@given(days, st.integers(0, 29))
def test_more_touches_in_the_last_window_never_raise_a_finding(seen: list[int], back: int) -> None:
    day = AS_OF.toordinal()
    if gone_quiet(sorted(set(seen)), day, GoneQuiet()) is None:
        assert gone_quiet(sorted({*seen, day - back}), day, GoneQuiet()) is None


def test_an_empty_directory_binds_nobody() -> None:
    assert Directory().bind("mail:x@aozora.example", "aozora.example", START.date()).bound_by == "unbound"

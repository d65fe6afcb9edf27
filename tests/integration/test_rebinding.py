"""Re-binding on a real ClickHouse: only the affected days are recomputed, and the result is that of a full rebuild."""

import json
import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pyarrow as pa
import pytest

from infra import store as store_module
from infra.assessments import Assessments
from infra.settings import Settings
from infra.store import Store
from models.people.titles import VERSION
from models.records import Origin
from models.rules.replacement_risk import relationship
from streams.ingest.batch import Record
from streams.ingest.cycle import Cycle
from tests.stack import checksums

NewStore = Callable[..., Store]
FIRST = date(2026, 3, 1)
DAYS = 40
HANA, TARO, VISITOR = "mail:hana@aozora.example", "mail:taro@kita.example", "anon:v1"


class Watched(Store):
    """A real store that keeps which contact-days it was asked to recompute."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.recomputed: set[tuple[str, date]] = set()

    def recompute(self, keys: pa.Table) -> pa.Table:
        self.recomputed |= set(zip(keys.column("contact_key").to_pylist(), keys.column("day").to_pylist(), strict=True))
        return super().recompute(keys)


def record(body: Any, topic: str = "signals.web") -> Record:
    origin = Origin("t", "canonical", datetime(2026, 6, 1, tzinfo=UTC))
    return Record(topic, 0, 0, 0, tuple(origin.to_headers()), json.dumps(body).encode())


def fact(kind: str, day: int = 0, **values: Any) -> dict[str, Any]:
    return {"type": kind, "recorded_at": (datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=day)).isoformat(), **values}


def account(account_id: str, *domains: str, day: int = 0) -> dict[str, Any]:
    return fact("account_declared", day, account_id=account_id, name=account_id.title(), domains=domains)


ACCOUNTS = [account("aozora", "aozora.example"), account("kita", "kita.example")]


def visit(number: int, day: date, **contact: str) -> dict[str, Any]:
    return {"id": f"e{number}", "type": "web.page_viewed", "time": f"{day}T03:00:00Z", "data": {"contacts": [contact]}}


def touches() -> list[dict[str, Any]]:
    """Every day one visit each of two known contacts, a visitor and others."""
    people = [
        {"email": "hana@aozora.example"},
        {"email": "taro@kita.example"},
        {"anonymous_id": "v1"},
        {"anonymous_id": "v2", "host": "pc.isp.example"},
        {"id": "7", "organization": "KITA"},
        {"email": "x@other.example"},
    ]
    return [
        visit(day * len(people) + n, FIRST + timedelta(days=day), **person)
        for day in range(DAYS)
        for n, person in enumerate(people)
    ]


def cycle(store: Store) -> Cycle:
    return Cycle(store, "facts", lambda touched: None)


def ingest(store: Store, *batches: Sequence[Record]) -> None:
    """Run batches by a worker that knows nothing yet."""
    worker = cycle(store)
    for batch in batches:
        worker.run(batch)


def rebuilt(new_store: NewStore, facts: Sequence[Any], signals: Sequence[Any]) -> dict[str, tuple[int, int]]:
    """The tables of a store that knew all facts before the first touch."""
    store = new_store()
    ingest(store, [record(list(facts), "facts")], [record(list(signals))])
    return derived(store)


def derived(store: Store) -> dict[str, tuple[int, int]]:
    """What follows from touches and facts."""
    tables = checksums(store.clickhouse)
    return {name: tables[name] for name in ("contact_day", "accounts", "contacts", "revenue")}


def ask(store: Store, sql: str) -> Any:
    return json.loads(str(store.clickhouse.statement(f"SELECT toJSONString(groupArray(t)) FROM ({sql}) FORMAT TSVRaw")))


def days_from(first: date) -> set[date]:
    return {day for n in range(DAYS) if (day := FIRST + timedelta(days=n)) >= first}


MOVED = date(2026, 3, 31)
ALL_DAYS = days_from(FIRST)
IDENTIFIED = fact("visitor_identified", 1, visitor_key=VISITOR, contact_key=HANA)
# What is stated once the touches are there, and the contact-days that it changes.
CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], set[tuple[str, date]]]] = {
    "a changed domain": (
        [],
        [account("aozora", day=1), account("kita", "kita.example", "aozora.example", day=2)],
        {(HANA, day) for day in ALL_DAYS},
    ),
    "a domain more": (
        [],
        [account("aozora", "aozora.example", "other.example", day=1)],
        {("mail:x@other.example", d) for d in ALL_DAYS},
    ),
    "merged accounts": (
        [],
        [fact("account_merged", 1, account_id="kita", into="aozora")],
        {(key, day) for key in (TARO, "id:7") for day in ALL_DAYS},
    ),
    "a merge undone": (
        [fact("account_merged", 1, account_id="kita", into="aozora")],
        [fact("account_merged", 2, account_id="kita", into=None)],
        {(key, day) for key in (TARO, "id:7") for day in ALL_DAYS},
    ),
    "accounts merged from a day on": (
        [],
        [fact("account_merged", 1, account_id="kita", into="aozora", since=str(MOVED))],
        {(key, day) for key in (TARO, "id:7") for day in days_from(MOVED)},
    ),
    "the first day of a merger corrected": (
        [fact("account_merged", 1, account_id="kita", into="aozora", since=str(MOVED))],
        [fact("account_merged", 2, account_id="kita", into="aozora", since="2026-04-05")],
        {(key, day) for key in (TARO, "id:7") for day in days_from(MOVED) - days_from(date(2026, 4, 5))},
    ),
    "a merger that turns out to have a date": (
        [fact("account_merged", 1, account_id="kita", into="aozora")],
        [fact("account_merged", 2, account_id="kita", into="aozora", since=str(MOVED))],
        {(key, day) for key in (TARO, "id:7") for day in ALL_DAYS - days_from(MOVED)},
    ),
    "a merger of an account that others were merged into before": (
        [
            fact("account_merged", 1, account_id="kita", into="minami", since=str(MOVED)),
            fact("contact_declared", 1, contact_key=HANA, account_id="kita", since="2026-04-02"),
        ],
        [fact("account_merged", 2, account_id="minami", into="aozora", since="2026-04-05")],
        {(key, day) for key in (TARO, "id:7", HANA) for day in days_from(date(2026, 4, 5))},
    ),
    "a domain that moves between accounts that are one from a day on": (
        [fact("account_merged", 1, account_id="kita", into="aozora", since=str(MOVED))],
        [account("kita", day=2), account("aozora", "aozora.example", "kita.example", day=3)],
        {(TARO, day) for day in ALL_DAYS - days_from(MOVED)},
    ),
    "a visitor who becomes known": ([], [IDENTIFIED], {(key, day) for key in (VISITOR, HANA) for day in ALL_DAYS}),
    "a second visitor of the same person": (
        [IDENTIFIED],
        [fact("visitor_identified", 2, visitor_key="anon:v2", contact_key=HANA)],
        {(key, day) for key in (VISITOR, "anon:v2", HANA) for day in ALL_DAYS},
    ),
    "a visitor who turns out to be somebody else": (
        [IDENTIFIED],
        [fact("visitor_identified", 2, visitor_key=VISITOR, contact_key=TARO)],
        {(key, day) for key in (VISITOR, TARO, HANA) for day in ALL_DAYS},
    ),
    "a visitor who turns out to be nobody known": (
        [IDENTIFIED],
        [fact("visitor_identified", 2, visitor_key=VISITOR, contact_key=None)],
        {(key, day) for key in (VISITOR, HANA) for day in ALL_DAYS},
    ),
    "a known contact's domain": (
        [IDENTIFIED],
        [account("aozora", day=2), account("kita", "kita.example", "aozora.example", day=3)],
        {(key, day) for key in (VISITOR, HANA) for day in ALL_DAYS},
    ),
    "a contact who changed company": (
        [],
        [fact("contact_declared", 1, contact_key=HANA, account_id="kita", since=str(MOVED))],
        {(HANA, day) for day in days_from(MOVED)},
    ),
    "an identified contact who changed company": (
        [IDENTIFIED],
        [fact("contact_declared", 2, contact_key=HANA, account_id="kita", since=str(MOVED))],
        {(key, day) for key in (VISITOR, HANA) for day in days_from(MOVED)},
    ),
    "a first day corrected": (
        [fact("contact_declared", 1, contact_key=HANA, account_id="kita", since=str(MOVED))],
        [
            fact("contact_declared", 2, contact_key=HANA, account_id=None, since=str(MOVED)),
            fact("contact_declared", 2, contact_key=HANA, account_id="kita", since="2026-04-05"),
        ],
        {(HANA, day) for day in days_from(MOVED) - days_from(date(2026, 4, 5))},
    ),
    "another title": ([], [fact("contact_declared", 1, contact_key=HANA, title="CTO", since=str(MOVED))], set()),
    "revenue": ([], [fact("revenue_recorded", 1, account_id="kita", month="2026-03-01", amount=1)], set()),
    "a domain of an identified visitor's own": (
        [IDENTIFIED],
        [account("isp", "isp.example", day=2)],
        {("anon:v2", day) for day in ALL_DAYS},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_only_the_affected_days_are_recomputed_and_equal_a_full_rebuild(new_store: NewStore, case: str) -> None:
    before, after, affected = CASES[case]
    wanted = rebuilt(new_store, [*ACCOUNTS, *before, *after], touches())
    for another_worker in (False, True):
        store = new_store(Watched)
        assert isinstance(store, Watched)
        worker = cycle(store)
        worker.run([record([*ACCOUNTS, *before], "facts")])
        worker.run([record(touches())])
        store.recomputed.clear()
        (cycle(store) if another_worker else worker).run([record(after, "facts")])
        assert store.recomputed == affected
        assert derived(store) == wanted


def test_visitors_who_are_one_person_make_one_contact_day_and_keep_their_touches(new_store: NewStore) -> None:
    store = new_store()
    second = fact("visitor_identified", 1, visitor_key="anon:v2", contact_key=HANA)
    ingest(store, [record(touches())], [record([*ACCOUNTS, IDENTIFIED, second], "facts")])
    on_a_day = (
        f"SELECT (contact_key, touches) AS t FROM contact_day FINAL WHERE (account_id, day) = ('aozora', '{MOVED}')"
    )
    assert ask(store, on_a_day) == [[HANA, 3]]
    assert ask(store, f"SELECT count() AS t FROM touches FINAL WHERE contact_key = '{VISITOR}'") == [DAYS]
    # Later touches of one of her keys do not take away those of the others.
    ingest(store, [record([visit(1000, MOVED, anonymous_id="v1")])])
    assert ask(
        store, f"SELECT touches AS t FROM contact_day FINAL WHERE day = '{MOVED}' AND contact_key = '{HANA}'"
    ) == [4]


def test_the_touches_behind_an_account_are_also_those_of_identified_visitors(new_store: NewStore) -> None:
    store = new_store()
    ingest(store, [record(touches())], [record([*ACCOUNTS, IDENTIFIED], "facts")])
    rows = store.clickhouse.rows("touches_of_account", {"account_id": "aozora", "from": MOVED, "to": MOVED})
    assert sorted(row["contact_key"] for row in rows) == [VISITOR, HANA]


def test_the_tables_show_what_became_of_accounts_and_contacts(new_store: NewStore) -> None:
    store = new_store()
    moved = fact("contact_declared", 1, contact_key=HANA, account_id="kita", since=str(MOVED), title="CTO")
    merge = fact("account_merged", 1, account_id="kita", into="aozora")
    ingest(store, [record([*ACCOUNTS, IDENTIFIED, moved, merge], "facts")])
    accounts = ask(store, "SELECT (account_id, merged_into) AS t FROM accounts FINAL ORDER BY t")
    assert accounts == [["aozora", ""], ["kita", "aozora"]]
    contacts = (
        "SELECT (contact_key, account_id, toString(since), title, identified_as) AS t FROM contacts FINAL ORDER BY t"
    )
    assert ask(store, contacts) == [
        [VISITOR, "aozora", str(MOVED), "CTO", HANA],
        [HANA, "aozora", str(MOVED), "CTO", ""],
    ]


def test_contacts_that_an_older_table_of_titles_has_read_are_read_anew_with_the_next_facts(new_store: NewStore) -> None:
    boss = fact("contact_described", 1, contact_key="mail:boss@minami.example", title="購買部長")
    others = [fact("contact_declared", day, contact_key=f"mail:n{day}@minami.example", title="VP") for day in (2, 3)]
    store, untouched = new_store(), new_store()
    ingest(store, [record([*ACCOUNTS, boss], "facts")])
    shown = "SELECT [seniority, job_function] AS t FROM contacts FINAL WHERE contact_key = 'mail:boss@minami.example'"
    assert ask(store, shown) == [["management", "procurement"]]
    read = "'unknown' AS seniority, 'unknown' AS job_function"
    store.clickhouse.statement(f"INSERT INTO contacts SELECT * REPLACE ({read}) FROM contacts FINAL")
    store.clickhouse.statement("INSERT INTO bound_epochs (epoch, titles) SELECT max(epoch), 0 FROM bound_epochs")
    assert (ask(store, shown), store.directory_state().titles) == ([["unknown", "unknown"]], 0)
    for other in others:
        ingest(store, [record([other], "facts")])
    assert ask(store, shown) == [["management", "procurement"]]
    assert store.directory_state().titles == VERSION
    ingest(untouched, [record([*ACCOUNTS, boss, *others], "facts")])
    assert derived(store) == derived(untouched), "as a replay would build it"


def test_a_merged_account_is_judged_no_more_and_its_revenue_counts_for_the_other(new_store: NewStore) -> None:
    store = new_store()
    told = [{**one, "tier": "strategic"} for one in ACCOUNTS]
    months = [
        fact("revenue_recorded", account_id=account_id, month=f"2025-{month:02}-01", amount=100)
        for account_id in ("aozora", "kita")
        for month in (4, 5, 6)
    ]
    days = [date(2026, 6, 29) - timedelta(days=back) for back in range(31, 280, 3)]
    signals = [visit(n, day, email="taro@kita.example") for n, day in enumerate(days)]
    ingest(store, [record([*told, *months], "facts"), record(signals)])
    assessments = Assessments(store.clickhouse, Settings())
    as_of, now = date(2026, 6, 29), datetime(2026, 6, 30, tzinfo=UTC)
    assessments.run(as_of, now, [], lambda changes: None)
    assert [alert.account_id for alert in assessments.alerts(state="open")] == ["kita"]
    ingest(store, [record([fact("account_merged", 1, account_id="kita", into="aozora")], "facts")])
    changes: list[tuple[str, str]] = []
    later = now + timedelta(minutes=1)
    assessments.run(as_of, later, [], lambda told: changes.extend((who, one["change"]) for who, one in told))
    assert [alert.account_id for alert in assessments.alerts(state="open")] == ["aozora"]
    assert sorted(changes) == [("aozora", "opened"), ("kita", "withdrawn")]
    [history] = assessments.histories(date(2026, 4, 30))
    assert history.account_id == "aozora"
    assert relationship(history, assessments.as_of(date(2026, 4, 30))).revenue_now[0] == 600.0


def test_accounts_merged_from_a_day_on_are_judged_apart_before_it_and_together_from_it_on(new_store: NewStore) -> None:
    store = new_store()
    told = [{**one, "tier": "strategic"} for one in ACCOUNTS]
    months = [
        fact("revenue_recorded", account_id=account_id, month=f"2025-{month:02}-01", amount=amount)
        for account_id, amount in (("aozora", 100), ("kita", 10))
        for month in range(4, 13)
    ]
    since, as_of = date(2025, 10, 15), date(2026, 6, 29)
    days = [as_of - timedelta(days=back) for back in range(31, 280, 3)]
    signals = [visit(n, day, email="taro@kita.example") for n, day in enumerate(days)]
    merge = fact("account_merged", 1, account_id="kita", into="aozora", since=str(since))
    ingest(store, [record([*told, *months], "facts"), record(signals)], [record([merge], "facts")])
    assessments = Assessments(store.clickhouse, Settings())
    before, after = (list(assessments.histories(day)) for day in (since - timedelta(days=1), since))
    assert [one.account_id for one in before] == ["aozora", "kita"]
    assert [one.account_id for one in after] == ["aozora"]
    assert {one.account_id: len(one.engaged) for one in before} == {
        "aozora": 0,
        "kita": len([day for day in days if day < since]),
    }
    [history] = assessments.histories(date(2025, 12, 31))
    told_of = relationship(history, assessments.as_of(date(2025, 12, 31)))
    # April to June, July to September apart; of October, when it began, still apart, November and December together.
    assert told_of.revenue_now[1:] == (300.0, 300.0, 320.0)
    assert (assessments.merged(since - timedelta(days=1)), assessments.merged(since)) == (set(), {"kita"})
    shown = "SELECT (account_id, merged_into, toString(merged_since), merges) AS t FROM accounts FINAL ORDER BY t"
    assert ask(store, shown) == [
        ["aozora", "", None, []],
        ["kita", "aozora", str(since), [[str(since), "aozora"]]],
    ]


def test_what_a_crm_tells_of_an_account_counts_by_its_day_where_the_merger_has_one(new_store: NewStore) -> None:
    store = new_store()

    def opportunity(key: str, outcome: str, closed_on: str | None) -> dict[str, Any]:
        told = {
            "opportunity_id": key,
            "account_id": "kita",
            "stage": outcome,
            "outcome": outcome,
            "closed_on": closed_on,
        }
        return fact("opportunity_recorded", opened_on="2026-01-01", **told)

    crm = [
        opportunity("before", "won", "2026-03-30"),
        opportunity("after", "won", str(MOVED)),
        opportunity("open", "open", None),
        *(
            fact("nps_answered", account_id="kita", score=9, answered_on=day, answer_id=day)
            for day in ("2026-03-30", "2026-03-31")
        ),
    ]
    merge = fact("account_merged", 1, account_id="kita", into="aozora", since=str(MOVED))
    ingest(store, [record([*ACCOUNTS, *crm, merge], "facts")])
    known = "(known_before = '2299-01-01 00:00:00')"
    for view in ("opportunities", f"opportunities_known{known}"):
        sql = f"SELECT (opportunity_id, counts_for) AS t FROM {view} ORDER BY t"
        assert ask(store, sql) == [["after", "aozora"], ["before", "kita"], ["open", "aozora"]]
    answers = f"SELECT (answer_id, counts_for) AS t FROM nps_answers_known{known} ORDER BY t"
    assert ask(store, answers) == [["2026-03-30", "kita"], ["2026-03-31", "aozora"]]
    for as_of, whose in ((date(2026, 3, 30), "kita"), (date(2026, 4, 30), "aozora")):
        asked = {"as_of": as_of, "zone": "Asia/Tokyo", "accounts": [whose]}
        rows = store.clickhouse.rows("opportunities_as_of", asked)
        assert {row["opportunity_id"] for row in rows} == {"after", "open"} | ({"before"} if whose == "kita" else set())


# --- crashes, sleepers, any order -------------------------------------------------------------------------------------


def test_all_contact_days_are_found_page_by_page_whatever_their_keys(
    new_store: NewStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_KEYS_PER_RECOMPUTE", 7)
    store = new_store()
    odd = ["\\", "'", "a\tb", "a\nb", "{x}", "%s", "日本", "\\N", "é", "e"]
    signals = [visit(n, FIRST + timedelta(days=n % 3), anonymous_id=odd[n % len(odd)]) for n in range(60)]
    ingest(store, [record([*signals, *(visit(100 + n, FIRST, anonymous_id="busy") for n in range(30))])])
    pages = list(store.every_contact_day([]))
    found = [(row["contact_key"], row["day"]) for page in pages for row in page.to_pylist()]
    wanted = {(f"anon:{odd[n % len(odd)]}", FIRST + timedelta(days=n % 3)) for n in range(60)} | {("anon:busy", FIRST)}
    assert len(found) == len(set(found))
    assert set(found) == wanted
    assert len(pages) > 5


class Crash(Exception):
    """What a test throws between two steps."""


class Disturbed(Store):
    """A real store behind one of whose steps something happens, once."""

    step, happens = "", staticmethod(lambda: None)

    def disturb(self, step: str, happens: Callable[[], Any]) -> None:
        self.step, self.happens = step, staticmethod(happens)


def _disturbed(name: str) -> Callable[..., Any]:
    def step(self: Disturbed, *arguments: Any) -> Any:
        answer = getattr(Store, name)(self, *arguments)
        if name == self.step:
            self.step = ""
            self.happens()
        return answer

    return step


STEPS = ("insert_facts", "project_directory", "recompute", "insert_contact_days", "mark_bound")
for _name in STEPS:
    setattr(Disturbed, _name, _disturbed(_name))

MISTAKEN = [IDENTIFIED, fact("contact_declared", 1, contact_key=TARO, account_id="aozora", since=str(MOVED))]
CORRECTED = [
    fact("visitor_identified", 2, visitor_key=VISITOR, contact_key=TARO),
    fact("contact_declared", 2, contact_key=TARO, account_id=None, since=str(MOVED)),
    fact("account_merged", 2, account_id="kita", into="minami"),
]


def test_a_crash_while_binding_leaves_no_row_behind(new_store: NewStore) -> None:
    """Not even one under a key that has no touches of its own."""
    signals = [one for one in touches() if "hana" not in json.dumps(one)]
    wanted = rebuilt(new_store, [*ACCOUNTS, *MISTAKEN, *CORRECTED], signals)

    def crash() -> None:
        raise Crash

    for step in STEPS:
        store = new_store(Disturbed)
        assert isinstance(store, Disturbed)
        ingest(store, [record([*ACCOUNTS, *MISTAKEN], "facts"), record(signals)])
        store.disturb(step, crash)
        with pytest.raises(Crash):
            ingest(store, [record(CORRECTED, "facts")])
        ingest(store, [record(CORRECTED, "facts")])
        assert derived(store) == wanted, step


@pytest.mark.parametrize("what", ["facts", "touches"])
def test_a_worker_that_slept_while_another_bound_anew_leaves_no_row_behind(new_store: NewStore, what: str) -> None:
    wanted = rebuilt(new_store, [*ACCOUNTS, *MISTAKEN, *CORRECTED], touches())
    first, rest = touches()[:100], touches()[100:]
    for step in STEPS if what == "facts" else ("recompute", "insert_contact_days"):
        store = new_store(Disturbed)
        assert isinstance(store, Disturbed)
        other = cycle(Store(store.clickhouse, "Asia/Tokyo"))
        corrects = partial(other.run, [record(CORRECTED, "facts")])
        if what == "facts":
            ingest(store, [record(ACCOUNTS, "facts"), record(touches())])
            store.disturb(step, corrects)
            ingest(store, [record(MISTAKEN, "facts")])
        else:
            ingest(store, [record([*ACCOUNTS, *MISTAKEN], "facts"), record(first)])
            store.disturb(step, corrects)
            ingest(store, [record(rest)])
        assert store.step == ""
        assert derived(store) == wanted, step


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_facts_and_touches_in_any_cut_equals_a_full_rebuild(new_store: NewStore, seed: int) -> None:
    rng = random.Random(seed)
    facts = [one for before, after, _ in CASES.values() for one in (*before, *after)]
    signals = touches()
    stream = [record(one, "facts") for one in (*ACCOUNTS, *facts)]
    stream += [record(signals[start : start + 12]) for start in range(0, len(signals), 12)]
    rng.shuffle(stream)
    store = new_store()
    worker = cycle(store)
    while stream:
        some = rng.randrange(1, 15)
        worker.run(stream[:some])
        stream = stream[some:]
    assert derived(store) == rebuilt(new_store, [*ACCOUNTS, *facts], signals)

"""Laws of re-binding: facts and touches in any order and any cut leave the contact-days of a full rebuild."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from models.contact_days import GROUPS, KEY, bind_groups, tombstones, with_siblings
from models.directory import Directory
from models.facts import (
    AccountDeclared,
    AccountMerged,
    AnyFact,
    ContactAffiliated,
    ContactDeclared,
    ContactDescribed,
    OrganizationMatched,
    OwnDomainDeclared,
    VisitorIdentified,
)
from models.folding import News, extended, fold
from models.identity.company_names import company_key, plain_key
from models.rebinding import affiliations_apart, by_evidence, change, within
from tests.property.complete_fold import complete_fold, followed

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = [date(2026, 3, day) for day in (1, 2, 3)]
_DIRTY = pa.schema([("contact_key", pa.string()), ("day", pa.date32())])

times = st.integers(0, 6).map(lambda n: START + timedelta(days=n))
account_ids = st.sampled_from(["a", "b"])
merged_ids = st.sampled_from(["a", "b", "c"])
domains = st.sampled_from(["aozora.example", "kita.example"])
# Few, so that facts and touches meet.
organizations = st.sampled_from(["KITA", "(株)Kita", "Kita Inc.", "n/a"])
numbers = st.sampled_from(["7010001008844", "1180301018771"])
known = st.sampled_from(["mail:x@aozora.example", "mail:y@gmail.com", "id:1"])
visitors = st.sampled_from(["anon:1", "id:1"])
MERGED_WORLD: list[AnyFact] = [
    AccountDeclared(recorded_at=START, account_id="a", name="Aozora", domains=("aozora.example",)),
    AccountDeclared(recorded_at=START, account_id="b", name="Kita", domains=("kita.example",)),
    ContactDeclared(recorded_at=START, contact_key="mail:y@gmail.com", account_id="b"),
    ContactDeclared(recorded_at=START, contact_key="mail:y@gmail.com", account_id="a", since=DAYS[1]),
    ContactAffiliated(recorded_at=START, contact_key="id:1", domain="kita.example"),
]
mergers: st.SearchStrategy[AnyFact] = (
    st.tuples(
        times,
        merged_ids,
        st.one_of(st.none(), merged_ids),
        st.one_of(st.none(), st.sampled_from([*DAYS, date(2026, 4, 1)])),
    )
    .filter(lambda told: told[1] != told[2])
    .map(
        lambda told: AccountMerged(
            recorded_at=told[0], account_id=told[1], into=told[2], since=told[3] if told[2] else None
        )
    )
)
facts: st.SearchStrategy[AnyFact] = st.one_of(
    st.builds(
        AccountDeclared,
        recorded_at=times,
        account_id=account_ids,
        name=st.sampled_from(["Aozora", "Kita", "Kita, Inc."]),
        domains=st.lists(domains, max_size=2).map(tuple),
        tier=st.just("target"),
        kind=st.just("customer"),
        parent_account_id=st.one_of(st.none(), account_ids, st.just("elsewhere")),
        corporate_number=st.one_of(st.none(), numbers),
    ),
    st.builds(OwnDomainDeclared, recorded_at=times, domain=domains),
    st.builds(
        ContactDeclared,
        recorded_at=times,
        contact_key=st.one_of(known, visitors),
        account_id=st.one_of(st.none(), account_ids),
        name=st.just(""),
        title=st.just(""),
        department=st.just(""),
        seniority=st.just("staff"),
        since=st.one_of(st.none(), st.sampled_from(DAYS)),
    ),
    st.builds(ContactDescribed, recorded_at=times, contact_key=st.one_of(known, visitors), name=st.text(max_size=1)),
    st.builds(
        ContactAffiliated,
        recorded_at=times,
        contact_key=st.one_of(known, visitors),
        domain=st.one_of(st.just(""), domains),
        organization=st.one_of(st.just(""), organizations),
        corporate_number=st.one_of(st.none(), numbers),
    ),
    st.builds(
        OrganizationMatched,
        recorded_at=times,
        organization=organizations,
        account_id=st.one_of(st.none(), account_ids),
    ),
    mergers,
    st.tuples(times, visitors, st.one_of(st.none(), known))
    .filter(lambda told: told[1] != told[2])
    .map(lambda told: VisitorIdentified(recorded_at=told[0], visitor_key=told[1], contact_key=told[2])),
)


# Accounts that have people and names, so that what is merged, and from which day on, makes a difference.
merged_world = st.lists(st.one_of(mergers, mergers, mergers, facts), max_size=6).map(
    lambda told: [*MERGED_WORLD, *told]
)


class Touched(NamedTuple):
    contact_key: str
    day: date
    affiliation: str


touched = st.one_of(
    st.builds(
        Touched,
        st.one_of(visitors, st.just("host:pc")),
        st.sampled_from(DAYS),
        st.one_of(
            st.sampled_from(["", "www.kita.example", "pc.jp.aozora.example", "gmail.com"]),
            organizations.map(lambda name: f"org:{name}"),
            numbers.map(lambda number: f"corp:{number}"),
        ),
    ),
    st.builds(
        lambda who, day: Touched(f"mail:{who}", day, who.partition("@")[2]),
        st.sampled_from(["x@aozora.example", "y@gmail.com", "z@jp.aozora.example"]),
        st.sampled_from(DAYS),
    ),
)


MERGED_TOUCHES = [
    Touched(key, day, evidence)
    for day in DAYS
    for key, evidence in (
        ("mail:x@aozora.example", "aozora.example"),
        ("mail:y@gmail.com", "gmail.com"),
        ("host:pc", "www.kita.example"),
        ("anon:1", "org:Kita Inc."),
        ("id:1", ""),
    )
]


class Tables:
    """Touches, and contact-days as ReplacingMergeTree keeps them; kept by the steps of a cycle."""

    def __init__(self) -> None:
        self.touches: list[Touched] = []
        self.facts: list[AnyFact] = []
        self.directory = Directory()
        self.rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.recomputed: set[tuple[str, date]] = set()

    def take(self, batch: Sequence[AnyFact | Touched]) -> None:
        new_touches = [one for one in batch if isinstance(one, Touched)]
        self.touches += new_touches
        stated = [one for one in batch if not isinstance(one, Touched)]
        self.facts = list(dict.fromkeys([*self.facts, *stated]))
        old = self.directory
        self.directory, news = extended(old, stated, len(self.facts))
        if old.epoch != self.directory.epoch:
            self.rebind(old, news)
        self.roll_up(_keys(new_touches), replacing=False)

    def rebind(self, old: Directory, news: News) -> None:
        changed = change(old, self.directory, news.people)
        assert set(changed.contacts) >= set(change(old, self.directory).contacts), "the news name whoever changed"
        spans = [
            t
            for t in self.touches
            for c in changed.contacts
            if t.contact_key == c.contact_key and c.first <= t.day <= c.last
        ]
        self.roll_up(with_siblings(_keys(spans), old), replacing=True)
        apart = affiliations_apart({t.affiliation for t in self.touches}, old, self.directory)
        for days, affiliations in apart.items():
            moved = [t for t in self.touches if t.affiliation in affiliations]
            assert all(may_decide(changed.names, t.affiliation) for t in moved), (
                "what no changed name decides has moved"
            )
            keys = by_evidence(within(_keys(moved), days), old, self.directory)
            self.roll_up(with_siblings(keys, old), replacing=True)

    def roll_up(self, dirty: pa.Table, *, replacing: bool) -> None:
        keys = with_siblings(dirty, self.directory)
        wanted = set(zip(keys.column("contact_key").to_pylist(), keys.column("day").to_pylist(), strict=True))
        self.recomputed |= wanted
        rows = bind_groups(groups_of([t for t in self.touches if t[:2] in wanted]), self.directory)
        self.insert(rows)
        if replacing:
            live = [row for row in self.rows.values() if not row["is_deleted"]]
            named = [{name: row[name] for name in KEY} for row in live if (row["contact_key"], row["day"]) in wanted]
            stored = pa.Table.from_pylist(named, schema=rows.select(KEY).schema)
            self.insert(tombstones(stored, rows, self.directory.epoch))

    def insert(self, rows: pa.Table) -> None:
        for row in rows.to_pylist():
            key = tuple(row[name] for name in KEY)
            if key not in self.rows or self.rows[key]["version"] <= row["version"]:
                self.rows[key] = row

    def contact_days(self) -> dict[tuple[str, str, date], int]:
        return {
            (row["account_id"], row["contact_key"], row["day"]): row["touches"]
            for row in self.rows.values()
            if not row["is_deleted"]
        }


def _keys(some: Iterable[Touched]) -> pa.Table:
    return pa.Table.from_pylist([{"contact_key": key, "day": day} for key, day in {t[:2] for t in some}], schema=_DIRTY)


def may_decide(names: Iterable[str], affiliation: str) -> bool:
    """As the query affiliations_under has it."""
    return affiliation.startswith("org:") or any(f".{affiliation}".endswith(f".{name}") for name in names)


def groups_of(touches: Iterable[Touched]) -> pa.Table:
    counted: dict[Touched, int] = defaultdict(int)
    for one in touches:
        counted[one] += 1
    what = {
        "kind": "web",
        "action": "x",
        "direction": "inbound",
        "machine_touches": 0,
        "first_at": START,
        "last_at": START,
    }
    return pa.Table.from_pylist([{**t._asdict(), **what, "touches": n} for t, n in counted.items()], schema=GROUPS)


# --- the oracle: the same in plain words ------------------------------------------------------------------------------


def oracle(stated: Iterable[AnyFact], touches: Iterable[Touched]) -> dict[tuple[str, str, date], int]:
    """Contact-days, each touch looked at by itself."""
    ordered = sorted(set(stated), key=lambda fact: (fact.recorded_at, fact.fact_id.int))
    merge, identity = {}, {}
    for fact in ordered:
        if isinstance(fact, AccountMerged):
            merge.pop(fact.account_id, None)
            merge[fact.account_id] = fact
        if isinstance(fact, VisitorIdentified):
            identity.pop(fact.visitor_key, None)
            identity[fact.visitor_key] = fact.contact_key
    part_of = followed({a: f.into for a, f in merge.items() if f.into and not f.since}, list(merge))

    def counts_for(account: str, day: date) -> str:
        """Where it ends by the mergers that have begun."""
        begun = {a: f.into for a, f in merge.items() if f.into and (not f.since or f.since <= day)}
        return followed(begun, list(merge)).get(account, account)

    known_as = followed({a: b for a, b in identity.items() if b}, list(identity))
    accounts = {fact.account_id: fact for fact in ordered if isinstance(fact, AccountDeclared)}
    last_declared = sorted(accounts.values(), key=ordered.index)
    decided = {plain_key(fact.organization): fact for fact in ordered if isinstance(fact, OrganizationMatched)}
    own = {fact.domain for fact in ordered if isinstance(fact, OwnDomainDeclared)}

    def by_host(host: str) -> str | None:
        """The account, '' for nobody's, None where nothing is known of it."""
        labels = host.split(".")
        for at in range(len(labels) - 1):
            name = ".".join(labels[at:])
            if name in own:
                return ""
            if owners := [account.account_id for account in last_declared if name in account.domains]:
                return part_of.get(owners[-1], owners[-1])
        return None

    def the_only(owners: set[str | None]) -> str | None:
        """The account; '' where it was decided that there is none, None where there are several or none is known."""
        ends = {"" if one is None else part_of.get(one, one) for one in owners}
        return ends.pop() if len(ends) == 1 else None

    def by_name(name: str) -> str:
        if plain_key(name) in decided:
            return the_only({decided[plain_key(name)].account_id}) or ""
        if found := the_only({a.account_id for a in last_declared if plain_key(a.name) == plain_key(name)}):
            return found
        alike = company_key(name)
        if not alike:
            return ""
        told = {one.account_id for one in decided.values() if company_key(one.organization) == alike}
        return the_only(told or {a.account_id for a in last_declared if company_key(a.name) == alike}) or ""

    def by_evidence_of(affiliation: str) -> str:
        if affiliation.startswith("org:"):
            return by_name(affiliation[4:])
        if affiliation.startswith("corp:"):
            return the_only({a.account_id for a in last_declared if a.corporate_number == affiliation[5:]}) or ""
        return by_host(affiliation) or ""

    def account_of(touch: Touched, person: str) -> str:
        declared = {
            (fact.since or date.min): fact.account_id
            for fact in ordered
            if isinstance(fact, ContactDeclared) and known_as.get(fact.contact_key, fact.contact_key) == person
        }
        begun = [day for day in declared if day <= touch.day]
        account = declared[max(begun)] if begun else None
        if account is not None:
            return part_of.get(account, account)
        if person.startswith("mail:") and (by_address := by_host(person.partition("@")[2])) is not None:
            return by_address
        named = [
            fact
            for fact in ordered
            if isinstance(fact, ContactAffiliated) and known_as.get(fact.contact_key, fact.contact_key) == person
        ]
        if named and named[-1].corporate_number and (by_number := by_evidence_of(f"corp:{named[-1].corporate_number}")):
            return by_number
        if named and named[-1].domain and (by_domain := by_host(named[-1].domain)) is not None:
            return by_domain
        if named and named[-1].organization and (by_its_name := by_evidence_of(f"org:{named[-1].organization}")):
            return by_its_name
        return by_evidence_of(touch.affiliation)

    days: dict[tuple[str, str, date], int] = defaultdict(int)
    for touch in touches:
        person = known_as.get(touch.contact_key, touch.contact_key)
        days[counts_for(account_of(touch, person), touch.day), person, touch.day] += 1
    return dict(days)


# --- laws -------------------------------------------------------------------------------------------------------------

streams = st.lists(st.one_of(facts, touched), min_size=4, max_size=24)


def kept(stream: Sequence[AnyFact | Touched], cuts: Sequence[int]) -> Tables:
    """The tables after the stream in batches that end at the cuts."""
    tables = Tables()
    ends = sorted({min(cut, len(stream)) for cut in cuts} | {len(stream)})
    for start, end in zip([0, *ends], ends, strict=False):
        tables.take(stream[start:end])
    return tables


@settings(max_examples=150)
@given(streams, st.lists(st.integers(0, 24), max_size=12), st.randoms())
def test_any_order_in_any_cut_gives_the_contact_days_of_a_full_rebuild(
    stream: list[AnyFact | Touched], cuts: list[int], random: Any
) -> None:
    shuffled = list(stream)
    random.shuffle(shuffled)
    rebuilt = kept(
        [one for one in stream if not isinstance(one, Touched)] + [t for t in stream if isinstance(t, Touched)], []
    )
    assert kept(shuffled, cuts).contact_days() == rebuilt.contact_days()


@settings(max_examples=150)
@given(streams, st.lists(st.integers(0, 24), max_size=12))
def test_the_contact_days_are_those_of_an_oracle_that_looks_at_each_touch_by_itself(
    stream: list[AnyFact | Touched], cuts: list[int]
) -> None:
    wanted = oracle(
        [one for one in stream if not isinstance(one, Touched)], [one for one in stream if isinstance(one, Touched)]
    )
    assert kept(stream, cuts).contact_days() == wanted


@settings(max_examples=150)
@given(merged_world, st.lists(st.integers(0, 24), max_size=8), st.randoms())
def test_mergers_with_and_without_a_date_count_on_their_days_in_whatever_order_they_are_stated(
    stated: list[AnyFact], cuts: list[int], random: Any
) -> None:
    stream = [*stated, *MERGED_TOUCHES]
    random.shuffle(stream)
    tables = kept(stream, cuts)
    assert tables.contact_days() == oracle(stated, MERGED_TOUCHES)
    assert tables.directory == complete_fold(stated)


@settings(max_examples=300)
@given(merged_world, st.one_of(mergers, mergers, facts))
def test_a_merger_recomputes_the_days_of_which_it_says_something_else_and_no_others(
    stated: list[AnyFact], news: AnyFact
) -> None:
    holds_minimality(stated, MERGED_TOUCHES, news)


@settings(max_examples=150)
@given(st.lists(facts, max_size=8), st.lists(touched, min_size=4, max_size=12), facts)
def test_facts_recompute_the_days_of_which_they_say_something_else_and_no_others(
    stated: list[AnyFact], touches: list[Touched], news: AnyFact
) -> None:
    holds_minimality(stated, touches, news)


def holds_minimality(stated: list[AnyFact], touches: list[Touched], news: AnyFact) -> None:
    tables = kept([*stated, *touches], [])
    old = tables.directory
    tables.recomputed.clear()
    tables.take([news])
    affected = {(t.contact_key, t.day) for t in touches if says_of(old, t) != says_of(tables.directory, t)}
    for directory in (old, tables.directory):
        affected |= {(sibling, day) for key, day in affected for sibling in family(directory, key)}
    assert tables.recomputed == affected


def says_of(directory: Directory, touch: Touched) -> tuple[Any, ...]:
    person = directory.people.get(touch.contact_key)
    who = person.contact_key if person else touch.contact_key
    by_person = directory.bind_person(touch.contact_key, touch.day)
    told = by_person and directory.on(touch.day, by_person)
    return who, told, directory.bind(touch.contact_key, touch.affiliation, touch.day)


def family(directory: Directory, key: str) -> tuple[str, ...]:
    person = directory.people.get(key)
    return directory.keys_of.get(person.contact_key, ()) if person else ()


@given(st.lists(facts, max_size=12), st.randoms())
def test_facts_in_any_order_and_number_fold_to_the_same_directory(stated: list[AnyFact], random: Any) -> None:
    shuffled = [*stated, *stated[:3]]
    random.shuffle(shuffled)
    assert fold(stated) == fold(shuffled)


@settings(max_examples=300)
@given(st.lists(facts, max_size=20), st.lists(st.integers(0, 20), max_size=8), st.randoms())
def test_facts_folded_bit_by_bit_in_any_order_and_cut_give_the_directory_of_all_at_once(
    stated: list[AnyFact], cuts: list[int], random: Any
) -> None:
    shuffled = [*stated, *stated[:3]]
    random.shuffle(shuffled)
    directory, seen = Directory(), set[AnyFact]()
    for start, end in pairwise(sorted({0, *(min(cut, len(shuffled)) for cut in cuts), len(shuffled)})):
        seen |= set(shuffled[start:end])
        directory, _ = extended(directory, shuffled[start:end], len(seen))
        assert directory == fold(seen)
    assert directory == fold(stated) == complete_fold(stated)

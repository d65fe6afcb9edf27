"""Facts that signals state, on a real ClickHouse: bound like all facts, known again, and by several workers at once."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from infra.purge import Plan, Purge
from infra.store import Store
from infra.suppressions import Suppressions
from models.crm_facts import ProductDeclared
from models.erasure import Suppressed, address_hash
from models.facts import AccountDeclared, VisitorIdentified
from models.records import Origin
from models.spellings import search_pattern
from streams.ingest.batch import Record, decode_batch
from streams.ingest.cycle import Cycle
from streams.ingest.knowledge import Knowledge
from tests.integration.test_rebinding import ACCOUNTS, ask, cycle, derived, ingest, record
from tests.stack import checksums

NewStore = Callable[..., Store]
RECEIVED = datetime(2026, 6, 1, tzinfo=UTC)
GONE = "gone@aozora.example"
COUNTED = "SELECT (account_id, contact_key, toString(day), touches) AS t FROM contact_day FINAL ORDER BY t"


def calls(*told: dict[str, Any], source: str = "site") -> Record:
    origin = Origin(source, "segment", RECEIVED)
    return Record("signals.web", 0, 0, 0, tuple(origin.to_headers()), json.dumps({"batch": told}).encode())


def page(number: int, day: int, **who: Any) -> dict[str, Any]:
    return {"type": "page", "messageId": f"p{number}", "timestamp": f"2026-05-{day:02}T03:00:00Z", **who}


def identify(day: int, **who: Any) -> dict[str, Any]:
    return {"type": "identify", "timestamp": f"2026-05-{day:02}T04:00:00Z", **who}


SESSION = [
    calls(page(1, 1, anonymousId="v1")),
    calls(page(2, 2, anonymousId="v1"), identify(2, anonymousId="v1", userId="u1", traits={"name": "Hana"})),
    calls(identify(3, userId="u1", traits={"email": "hana@aozora.example", "title": "CTO"})),
    calls(page(3, 4, userId="u1"), page(4, 4, userId="u1", context={"traits": {"email": "hana@aozora.example"}})),
    calls({"type": "group", "anonymousId": "v2", "timestamp": "2026-05-05T00:00:00Z", "traits": {"name": "KITA"}}),
    calls(page(5, 5, anonymousId="v2")),
]
HANA = "mail:hana@aozora.example"
WANTED = [
    ["aozora", HANA, "2026-05-01", 1],
    ["aozora", HANA, "2026-05-02", 1],
    ["aozora", HANA, "2026-05-04", 2],
    ["kita", "anon:v2", "2026-05-05", 1],
]


def test_visits_made_before_somebody_is_identified_count_for_her_account_in_any_order(new_store: NewStore) -> None:
    orders = [SESSION, SESSION[::-1], [*SESSION[3:], *SESSION[:3]], [*SESSION[1:5:2], *SESSION[::2], SESSION[5]]]
    for order in orders:
        store = new_store()
        ingest(store, [record(ACCOUNTS, "facts")], *([one] for one in order))
        assert ask(store, COUNTED) == WANTED
        contacts = ask(store, "SELECT (contact_key, name, title, identified_as) AS t FROM contacts FINAL ORDER BY t")
        assert contacts == [
            ["anon:v1", "", "CTO", HANA],
            ["anon:v2", "", "", ""],
            ["id:site:u1", "", "CTO", HANA],
            [HANA, "", "CTO", ""],
        ]


def test_a_body_received_again_days_later_does_not_make_what_it_states_the_latest(new_store: NewStore) -> None:
    """Its times are put right by that of its receipt; what was stated between two receipts is later all the same."""
    told = {
        "batch": [identify(3, anonymousId="v1", traits={"email": "hana@aozora.example"}), page(1, 3, anonymousId="v1")]
    }
    body = json.dumps({**told, "sentAt": "2026-05-03T04:00:01Z"}).encode()

    def received(day: int) -> Record:
        origin = Origin("site", "segment", datetime(2026, 5, day, 4, 0, 2, tzinfo=UTC))
        return Record("signals.web", 0, day, 0, tuple(origin.to_headers()), body)

    later = calls(identify(4, anonymousId="v1", traits={"email": "bob@kita.example"}))
    store = new_store()
    ingest(store, [record(ACCOUNTS, "facts")], [received(3)], [later])
    before, facts = ask(store, COUNTED), ask(store, "SELECT count() AS t FROM facts FINAL")
    assert before == [["kita", "mail:bob@kita.example", "2026-05-03", 1]]
    ingest(store, [received(12), received(20)])
    assert ask(store, COUNTED) == before
    assert ask(store, "SELECT count() AS t FROM facts FINAL") == facts


def test_facts_that_come_in_while_others_are_erased_are_bound_and_so_are_those_after_them(new_store: NewStore) -> None:
    store = new_store()
    gone = [identify(1, anonymousId=f"g{n}", traits={"email": GONE}) for n in range(6)]
    ingest(store, [record(ACCOUNTS, "facts"), calls(*gone)])
    other = cycle(Store(store.clickhouse, "Asia/Tokyo"))
    suppressions = Suppressions(store.clickhouse)
    hashes = [address_hash(suppressions.key(), GONE)]
    suppressions.begin(hashes, RECEIVED)
    told = []

    class Slow(Purge):
        def _delete(self, table: str, condition: str) -> None:
            if table == "facts":
                told.append(store.directory_state().facts)
                other.run([calls(identify(2, anonymousId="v0", traits={"email": "hana@aozora.example"}))])
                told.append(store.directory_state().facts)
            super()._delete(table, condition)

    suppressed, pattern = Suppressed(suppressions.key(), hashes), search_pattern([GONE])
    purge, plan = Slow(store), Plan()
    purge.note(plan, purge.changes(pattern, [f"mail:{GONE}"], suppressed), [f"mail:{GONE}"])
    purge.take_out(plan)
    purge.take_out_facts(plan, pattern, suppressed)
    purge.compute_again(plan)
    purge.done(plan)
    assert len(told) == 2
    assert store.directory_state().facts > max(told)
    other.run([calls(page(9, 3, anonymousId="v9"))])
    other.run([calls(identify(4, anonymousId="v9", traits={"email": "hana@aozora.example"}))])
    assert ask(store, COUNTED) == [["aozora", HANA, "2026-05-03", 1]]


def test_bodies_that_state_facts_change_nothing_when_they_come_again(new_store: NewStore) -> None:
    store = new_store()
    ingest(store, [record(ACCOUNTS, "facts"), *SESSION])
    before, facts = checksums(store.clickhouse), ask(store, "SELECT count() AS t FROM facts FINAL")
    assert before["fact_sources"][0] == facts[0] - len(ACCOUNTS)
    ingest(store, SESSION[::-1], *([one] for one in SESSION))
    assert checksums(store.clickhouse) == before
    assert ask(store, "SELECT count() AS t FROM facts FINAL") == facts


def test_a_fact_leads_to_the_bodies_that_state_it(new_store: NewStore) -> None:
    store = new_store()
    ingest(store, SESSION)
    sql = (
        "SELECT countIf(position(body, 'u1') > 0) AS t FROM archive FINAL WHERE record_id IN (SELECT record_id FROM"
        " fact_sources WHERE fact_id IN (SELECT fact_id FROM facts WHERE body LIKE '%id:site:u1%'))"
    )
    assert ask(store, sql) == [2]


def test_what_a_tracker_says_takes_nobody_out_of_a_declared_account(new_store: NewStore) -> None:
    store = new_store()
    declared = {
        "type": "contact_declared",
        "recorded_at": "2026-01-01T00:00:00Z",
        "contact_key": HANA,
        "account_id": "kita",
        "name": "佐藤 花",
    }
    ingest(store, [record([*ACCOUNTS, declared], "facts")], SESSION)
    assert {row[0] for row in ask(store, COUNTED) if row[1] == HANA} == {"kita"}
    names = ask(store, f"SELECT (name, title) AS t FROM contacts FINAL WHERE contact_key = '{HANA}'")
    assert names == [["佐藤 花", "CTO"]]


def link(day: int, email: str) -> Record:
    return calls(identify(day, anonymousId="v1", traits={"email": email}), page(10 + day, day, anonymousId="v9"))


TAKEN_BACK = [
    calls(page(1, 1, anonymousId="v1")),
    link(1, "a@aozora.example"),
    link(2, "b@kita.example"),
    link(3, "a@aozora.example"),
]


def by_turns(store: Store, order: tuple[int, ...]) -> None:
    """Two workers who both state facts; the one has read what the other stored and not bound yet."""
    one, other = cycle(store), cycle(store)
    for worker in (one, other):
        worker.run([record(ACCOUNTS, "facts")])
        worker.run(TAKEN_BACK[:2])
    first, second = order
    real = store.insert_contact_days

    def meanwhile(rows: Any) -> int:
        # In the middle of the other's binding this one reads, states and binds.
        store.insert_contact_days = real  # type: ignore[method-assign]
        other.run([TAKEN_BACK[second]])
        return real(rows)

    store.insert_contact_days = meanwhile  # type: ignore[method-assign]
    one.run([TAKEN_BACK[first]])
    assert store.insert_contact_days == real, "the other worker had its turn"


@pytest.mark.parametrize("order", list(permutations((2, 3))))
def test_two_workers_who_state_facts_at_once_leave_what_one_would_have_left(
    new_store: NewStore, order: tuple[int, ...]
) -> None:
    store, wanted = new_store(), new_store()
    ingest(wanted, [record(ACCOUNTS, "facts")], TAKEN_BACK)
    by_turns(store, order)
    assert derived(store) == derived(wanted)


def test_a_worker_recomputes_what_another_bound_and_a_later_fact_took_back(new_store: NewStore) -> None:
    """It knew of a, another bound b, a third stated a once more and died: for the first nothing seems to differ."""
    store, wanted = new_store(), new_store()
    last = identify(5, anonymousId="v5", traits={"email": "c@kita.example"})
    ingest(wanted, [record(ACCOUNTS, "facts")], TAKEN_BACK, [calls(last)])
    one, other = cycle(store), cycle(store)
    one.run([record(ACCOUNTS, "facts"), *TAKEN_BACK[:2], calls(page(13, 3, anonymousId="v9"))])
    other.run([TAKEN_BACK[2]])
    store.insert_facts([stated.fact for stated in decode_batch([TAKEN_BACK[3]], "facts").facts])
    one.run([calls(last)])
    assert derived(store) == derived(wanted)


def test_facts_of_other_workers_are_read_alone_and_not_with_all_the_others(
    new_store: NewStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store()
    one, other = Knowledge(store), cycle(store)
    other.run([record(ACCOUNTS, "facts"), SESSION[1]])
    one.read(store.directory_state())
    assert one.facts == one.directory.epoch == len(store.facts())
    other.run([SESSION[2], SESSION[1]])
    monkeypatch.setattr(Store, "facts_by_id", lambda self: pytest.fail("read all facts again"))
    one.read(store.directory_state())
    assert one.directory.people["anon:v1"].contact_key == HANA


def test_a_fact_that_was_seen_late_is_not_missed(new_store: NewStore) -> None:
    """Stored with a time long before those that are known: another server's clock, or a slow insert."""
    store = new_store()
    knowledge = Knowledge(store)
    Cycle(store, "facts", lambda touched: None).run([SESSION[1]])
    knowledge.read(store.directory_state())
    late = VisitorIdentified(recorded_at=RECEIVED, visitor_key="anon:late", contact_key=HANA)
    row = (late.fact_id, late.type, late.recorded_at, late.model_dump_json(), datetime(2000, 1, 1, tzinfo=UTC))
    store.clickhouse.insert_rows("facts", ("fact_id", "type", "recorded_at", "body", "stored_at"), [row])
    knowledge.read(store.directory_state())
    assert "anon:late" in knowledge.directory.people


def test_an_address_that_a_tracker_packed_in_base64_is_found_to_be_forgotten(new_store: NewStore) -> None:
    store = new_store()
    told = {"schema": "iglu:x.example/unstruct_event/jsonschema/1-0-0", "data": {"mail": "hana@aozora.example"}}
    schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"
    for start in range(3):  # an address begins at any of the three places of a base64 group
        packed = urlsafe_b64encode(b" " * start + json.dumps(told).encode()).decode().rstrip("=")
        body = {"schema": schema, "data": [{"e": "pv", "duid": "d1", "cx": packed, "eid": str(start)}]}
        origin = Origin("site", "snowplow", RECEIVED)
        ingest(store, [Record("signals.web", 0, 0, 0, tuple(origin.to_headers()), json.dumps(body).encode())])
    suppressed = Suppressed("k", [address_hash("k", "hana@aozora.example")])
    found = Purge(store).changes(search_pattern(["hana@aozora.example"]), [], suppressed)
    assert len(found) == 3
    assert all(change.new is not None and change.new.body != change.old.body for change in found)


def test_facts_are_read_page_by_page_each_once(
    new_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.store._FACTS_AT_ONCE", 3)
    store = new_store()
    accounts = [AccountDeclared(recorded_at=RECEIVED, account_id=f"a{n}", name=f"A{n}") for n in range(8)]
    products = [ProductDeclared(recorded_at=RECEIVED, product=f"P{n}") for n in range(6)]
    for _ in range(2):  # what is delivered twice is stored twice until ClickHouse merges it
        store.insert_facts([*accounts, *products])
    assert sorted(store.facts_by_id()) == sorted(fact.fact_id.hex for fact in accounts)
    assert sorted(fact.fact_id.hex for fact in store.side_facts()) == sorted(fact.fact_id.hex for fact in products)

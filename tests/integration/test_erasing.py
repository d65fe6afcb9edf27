"""People who are forgotten while a cycle stores them: in the end it is as if it had known before."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from infra.purge import Plan, Purge
from infra.store import Store
from infra.suppressions import Suppressions
from models.erasure import Suppressed, address_hash
from models.records import Origin
from models.spellings import search_pattern
from streams.ingest.batch import Record, decode_batch
from tests.integration.test_cycle import FACTS, RECEIVED, STEPS, Recording, account, cycle_of, event, record
from tests.stack import checksums

GONE = "p1@jp.aozora.example"
OTHER = "abe@aozora.example"
WITH = [{"email": GONE}, {"email": OTHER}]


def data(*contacts: dict[str, str], **more: str) -> dict[str, Any]:
    return {"contacts": list(contacts), **more}


STATEMENT = {
    "type": "contact_declared",
    "recorded_at": "2026-02-01T00:00:00Z",
    "contact_key": f"mail:{GONE}",
    "account_id": "aozora",
    "name": "Taro Sato",
}


def mail(number: int, to: str) -> Record:
    """A mail that our side wrote."""
    head = f"Message-ID: <{number}@mail>\nDate: Fri, 1 May 2026 09:00:00 +0900\nFrom: boss@our.example\nTo: {to}\n\n"
    origin = Origin("mail", "mbox", RECEIVED, "message/rfc822", ("our.example",))
    return Record("signals.email", 0, number, 0, tuple(origin.to_headers()), head.encode())


def tracker(*calls: dict[str, Any]) -> Record:
    body = {"batch": [{"timestamp": "2026-05-01T09:00:00+09:00", **call} for call in calls]}
    origin = Origin("site", "segment", RECEIVED)
    return Record("signals.web", 0, 7, 0, tuple(origin.to_headers()), json.dumps(body).encode())


BATCH = [
    FACTS,
    record([STATEMENT, account(4, "kita.example", account_id="kita")], offset=1, topic="facts"),
    record([event(1), event(2), event(3)], offset=2),
    record(
        [event(5, data=data(*WITH)), event(6, data=data(WITH[1], subject=f"of {GONE.upper()}"))], offset=3, minutes=1
    ),
    # One id, two contents because of one person, and one id with two contents in any case.
    record([event(7, data=data(*WITH)), event(8, data=data(*WITH))], offset=4, minutes=2),
    record(
        [event(7, data=data(WITH[1])), event(8, data=data(WITH[1]), type="web.form_submitted")], offset=5, minutes=3
    ),
    # Two mails of one day to somebody; one of them names the person in a way that only a mail reader knows.
    mail(1, "p1(Taro)@jp.aozora.example, abe@aozora.example"),
    mail(2, "abe@aozora.example"),
    record([event(9, data=data(WITH[0])), {"type": "fax.sent", "note": GONE}], offset=6, minutes=4),
    # Facts that a signal states: of the person, of somebody else, and of a cookie of the person's.
    tracker(
        {"type": "identify", "anonymousId": "v1", "userId": "u1", "traits": {"email": GONE, "name": "Taro", "a": {}}},
        {"type": "identify", "anonymousId": "v2", "userId": "u2", "traits": {"email": OTHER, "name": "Abe"}},
        {"type": "page", "anonymousId": "v1", "messageId": "p1"},
        {"type": "page", "anonymousId": "v2", "messageId": "p2"},
        {"type": "group", "userId": GONE.upper(), "traits": {"name": "Kita"}},
    ),
]


def forget(store: Store) -> None:
    suppressions = Suppressions(store.clickhouse)
    suppressions.begin([address_hash(suppressions.key(), GONE)], datetime(2026, 7, 1, tzinfo=UTC))


def holding(store: Store, address: str = GONE) -> list[str]:
    """Tables that hold the address."""
    tables = (
        "archive",
        "touches",
        "contact_day",
        "events",
        "dead_letters",
        "facts",
        "fact_sources",
        "contacts",
        "erasure_pending",
    )
    sql = "SELECT countIf(positionCaseInsensitive(toString(tuple(*)), {gone:String}) > 0) FROM "
    return [table for table in tables if int(str(store.clickhouse.statement(sql + table, {"gone": address})))]


def test_what_comes_after_a_person_was_forgotten_is_stored_without_them(new_store: Callable[..., Store]) -> None:
    store = new_store()
    cycle = cycle_of(store)
    cycle.run(BATCH[:1])  # the cycle has looked before, and looks again
    forget(store)
    report, settled = cycle.run(BATCH)
    assert holding(store) == []
    assert report.erased == 4, "the statement, event 9, the mail that goes as a whole, and who u1 is"
    assert report.dead == {"unknown_kind": 1}
    assert settled.conflicts == 1
    before = checksums(store.clickhouse)
    cycle_of(store).run(BATCH)
    assert checksums(store.clickhouse) == before


@pytest.mark.parametrize("step", STEPS)
def test_forgotten_behind_any_step_of_a_cycle_nothing_of_a_person_stays(
    new_store: Callable[..., Store], step: str
) -> None:
    known = new_store()
    forget(known)
    cycle_of(known).run(BATCH)
    store = new_store(Recording)
    assert isinstance(store, Recording)
    store.meanwhile[step] = lambda: forget(store)
    cycle_of(store).run(BATCH)
    assert not store.meanwhile
    assert holding(store) == []
    assert checksums(store.clickhouse) == checksums(known.clickhouse)
    assert str(store.clickhouse.statement("SELECT count() FROM erasure_pending")) == "0"


def test_who_is_forgotten_once_a_batch_is_archived_goes_though_another_batch_came_to_know_it_first(
    new_store: Callable[..., Store],
) -> None:
    known = new_store()
    forget(known)
    cycle_of(known).run(BATCH)
    store = new_store()
    cycle = cycle_of(store)
    cycle.run(BATCH[:1])
    ahead = cycle.archive(decode_batch(BATCH[1:], "facts"))
    forget(store)
    cycle.run(BATCH[:1])
    cycle.store(ahead)
    assert holding(store) == []
    cycle.settle()
    assert holding(store) == []
    assert checksums(store.clickhouse) == checksums(known.clickhouse)


def test_who_is_forgotten_while_a_settlement_looks_is_looked_for_again(
    new_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive's thread comes to know of somebody before the settlement has stored what is left of another."""
    store = new_store(Recording)
    assert isinstance(store, Recording)
    cycle = cycle_of(store)
    cycle.store(cycle.archive(decode_batch([FACTS, *BATCH[3:]], "facts")))
    suppressions = Suppressions(store.clickhouse)

    def forget_another() -> None:
        suppressions.begin([address_hash(suppressions.key(), OTHER)], datetime(2026, 7, 2, tzinfo=UTC))
        cycle.archive(decode_batch([FACTS], "facts"))

    forget(store)
    # The settlement publishes what it took back, then looks, then publishes what it stores again.
    store.meanwhile["publish"] = lambda: store.meanwhile.update(publish=forget_another)
    cycle.settle()
    assert not store.meanwhile
    assert holding(store) == []
    assert holding(store, OTHER) == []


def test_who_is_erased_while_a_settlement_sleeps_is_not_left_in_what_it_writes(new_store: Callable[..., Store]) -> None:
    """Nobody waits for a worker that stands still: the bodies are gone when it looks."""
    store = new_store(Recording)
    assert isinstance(store, Recording)
    awake = Store(store.clickhouse, "Asia/Tokyo")
    cycle = cycle_of(store)
    cycle.run([FACTS])
    cycle.store(cycle.archive(decode_batch([record([event(5, data=data(*WITH))], offset=3)], "facts")))
    recompute = store.recompute

    def sleepy(keys: pa.Table) -> pa.Table:
        groups = recompute(keys)
        store.recompute = recompute  # type: ignore[method-assign]
        erase(awake)
        return groups

    store.recompute = sleepy  # type: ignore[method-assign]
    cycle.settle()
    assert holding(store) == []
    assert store.clickhouse.statement(
        "SELECT groupArray((account_id, contact_key, touches)) FROM contact_day FINAL"
    ) == (f"[('aozora','mail:{OTHER}',1)]")


def erase(store: Store) -> None:
    """What `setten forget` does where no worker is awake."""
    forget(store)
    suppressions, purge = Suppressions(store.clickhouse), Purge(store)
    suppressed = Suppressed(suppressions.key(), [address_hash(suppressions.key(), GONE)])
    pattern, contacts, plan = search_pattern([GONE]), [f"mail:{GONE}"], Plan()
    purge.note(plan, purge.changes(pattern, contacts, suppressed), contacts)
    purge.take_out(plan)
    purge.take_out_facts(plan, pattern, suppressed)
    purge.take_out_contacts(contacts, suppressions.hash_text)
    again = store.archived_bodies(sorted(plan.again)).values()
    cycle_of(store).run([Record(b.topic, 0, 0, 0, tuple(b.origin().to_headers()), b.body) for b in again])
    purge.compute_again(plan)
    purge.done(plan)


def test_days_of_others_that_lose_touches_with_the_person_are_computed_anew(new_store: Callable[..., Store]) -> None:
    store = new_store(Recording)
    assert isinstance(store, Recording)
    odd, plain = mail(1, "p1(Taro)@jp.aozora.example, abe@aozora.example"), mail(2, "abe@aozora.example")
    cycle_of(store).run([FACTS, plain])
    store.meanwhile["publish"] = lambda: forget(store)
    cycle_of(store).run([odd])
    assert str(store.clickhouse.statement("SELECT sum(touches) FROM contact_day FINAL")) == "1"
    assert holding(store) == []


def test_the_number_of_facts_never_falls(new_store: Callable[..., Store]) -> None:
    store = new_store(Recording)
    assert isinstance(store, Recording)
    seen: list[int] = []
    store.meanwhile["publish"] = lambda: (seen.append(store.directory_state().facts), forget(store))
    cycle_of(store).run(BATCH)
    assert store.directory_state().facts > seen[0]
    moved = record([account(5, "aozora.example", account_id="kita")], offset=9, topic="facts")
    cycle_of(store).run([moved])
    rows = str(store.clickhouse.statement("SELECT groupUniqArray(account_id) FROM contact_day FINAL"))
    assert "aozora" not in rows, "a newer statement wins over what was computed before the erasure"


def test_people_that_nobody_forgot_cost_a_cycle_nothing_but_a_count(new_store: Callable[..., Store]) -> None:
    store = new_store()
    cycle_of(store).run(BATCH)
    assert str(store.clickhouse.statement("SELECT count() FROM erasure_key")) == "0"
    assert len(holding(store)) == 6

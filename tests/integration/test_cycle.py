"""The ingest cycle on a real ClickHouse: the order of its effects; crashes, repeats and order change nothing."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from infra.clickhouse import ClickHouseUnavailable
from infra.store import Store
from models.contact_days import bind_groups
from models.folding import fold
from models.records import Origin
from streams.ingest import disputes
from streams.ingest.batch import Record, decode_batch, together
from streams.ingest.cycle import AccountTouched, Cycle
from tests.stack import checksums

RECEIVED = datetime(2026, 6, 1, 9, tzinfo=UTC)
STEPS = (
    "archive",
    "keep_dead_letters",
    "claim_events",
    "insert_touches",
    "insert_facts",
    "arrived_again",
    "rivals",
    "take_back_touches",
    "keep_verdicts",
    "add_corrections",
    "directory_state",
    "project_directory",
    "mark_bound",
    "insert_contact_days",
    "publish",
)


class Crash(Exception):
    """What a test throws between two steps."""


class Recording(Store):
    """A real store that writes down what it was asked for, and can fail before or after a step."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.log: list[str] = []
        self.crash_after = ""
        self.meanwhile: dict[str, Callable[[], Any]] = {}

    def note(self, step: str) -> None:
        self.log.append(step)
        if meanwhile := self.meanwhile.pop(step, None):
            meanwhile()
        if step == self.crash_after:
            self.crash_after = ""
            raise Crash(step)


def _recorded(name: str) -> Callable[..., Any]:
    def step(self: Recording, *arguments: Any) -> Any:
        answer = getattr(Store, name)(self, *arguments)
        self.note(name)
        return answer

    return step


for _name in set(STEPS) - {"publish"}:
    setattr(Recording, _name, _recorded(_name))


def cycle_of(store: Store, published: list[AccountTouched] | None = None) -> Cycle:
    def publish(accounts: list[AccountTouched]) -> None:
        if published is not None:
            published.extend(accounts)
        if isinstance(store, Recording):
            store.note("publish")

    return Cycle(store, "facts", publish)


def event(number: int, **changes: Any) -> dict[str, Any]:
    day = RECEIVED - timedelta(days=number % 9, hours=number % 5)
    contacts = [{"email": f"p{number % 4}@{'jp.' * (number % 2)}aozora.example"}, {"anonymous_id": f"v{number % 3}"}]
    return {
        "id": f"e{number}",
        "type": ("web.page_viewed", "meeting.held", "email.sent")[number % 3],
        "time": day.isoformat(),
        "data": {"contacts": contacts[: 1 + number % 2], "user_agent": "Googlebot/2.1" if number % 7 == 0 else ""},
        **changes,
    }


def record(body: Any, offset: int = 0, topic: str = "signals.web", minutes: int = 0) -> Record:
    origin = Origin("test", "canonical", RECEIVED + timedelta(minutes=minutes))
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Record(topic, 0, offset, 0, tuple(origin.to_headers()), raw)


def account(day: int, *domains: str, account_id: str = "aozora") -> dict[str, Any]:
    return {
        "type": "account_declared",
        "recorded_at": datetime(2026, 1, day, tzinfo=UTC).isoformat(),
        "account_id": account_id,
        "name": account_id.title(),
        "domains": domains,
    }


FACTS = record([account(1, "aozora.example")], topic="facts")
SIGNALS = [record([event(n), event(n + 1)], offset=n) for n in range(0, 40, 2)]
BAD = record([event(90), {"type": "fax.sent"}, event(3, type="web.form_submitted")], offset=99)
STREAM = [FACTS, *SIGNALS, BAD]


def content(store: Store) -> dict[str, tuple[int, int]]:
    return checksums(store.clickhouse)


def run_all(store: Store, batches: Sequence[Sequence[Record]]) -> dict[str, tuple[int, int]]:
    cycle = cycle_of(store)
    for batch in batches:
        cycle.run(batch)
    return content(store)


def test_the_effects_come_in_the_order_that_the_guarantee_needs(new_store: Callable[..., Store]) -> None:
    store = new_store(Recording)
    assert isinstance(store, Recording)
    cycle_of(store).run(STREAM)
    first = {"archive", "keep_dead_letters", "claim_events", "insert_touches", "insert_facts"}
    log = [step for step in store.log if step != "directory_state"]
    assert set(log[:5]) == first  # all before anything is derived from them
    assert [step for step in log[:5] if step != "keep_dead_letters"] == [
        "archive",
        "claim_events",  # whoever sees a claim finds its body
        "insert_touches",
        "insert_facts",
    ]
    assert log[5:] == [
        "project_directory",
        "insert_contact_days",  # bound anew under the new directory
        "mark_bound",
        "insert_contact_days",  # the roll-up of this batch
        "publish",
        "arrived_again",  # asked once the touches are there: of two rivals the later one sees the other
        "rivals",
        "take_back_touches",
        "insert_touches",  # what stands, told again
        "keep_verdicts",
        "add_corrections",
        "insert_contact_days",  # what was taken back, rolled up again
        "publish",
    ]


def test_batches_settled_together_leave_what_each_alone_leaves(new_store: Callable[..., Store]) -> None:
    alone = run_all(new_store(), [STREAM[:10], STREAM[10:], STREAM[5:]])
    store = new_store()
    cycle = cycle_of(store)
    for batch in (STREAM[:10], STREAM[10:], STREAM[5:]):
        cycle.store(cycle.archive(decode_batch(batch, "facts")))
    waiting = cycle.unsettled
    settled = cycle.settle()
    assert (settled.events, cycle.unsettled) == (waiting, 0)
    assert settled.conflicts > 0
    assert settled.duplicates > 0
    assert content(store) == alone


def test_conflicts_settled_a_few_at_a_time_are_settled_alike(
    new_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [record(event(n, type="web.form_submitted"), offset=100 + n) for n in range(20)]
    stream = [*STREAM, *others, *STREAM[:9]]
    store = new_store()
    _, settled = cycle_of(store).run(stream)
    assert settled.conflicts > 10
    monkeypatch.setattr(disputes, "_IDS_AT_ONCE", 3)
    monkeypatch.setattr(disputes, "_DISPUTED_AT_ONCE", 2)
    few = new_store()
    assert cycle_of(few).run(stream)[1] == settled
    assert content(few) == content(store)


def test_a_loser_that_turns_out_to_have_come_earlier_is_not_counted(new_store: Callable[..., Store]) -> None:
    """Its touches stand over their tombstones until it is settled again, and are rolled up meanwhile."""
    winner = event(1)
    loser = event(1, type="web.form_submitted", data={"contacts": [{"email": "another@aozora.example"}]})
    store = new_store()
    cycle = cycle_of(store)
    cycle.run([FACTS, record(winner, 1, minutes=1)])
    cycle.run([record(loser, 2, minutes=3)])
    before = content(store)["contact_day"]
    cycle.run([record([loser, event(50)], 3, minutes=2)])
    told = "SELECT countIf(action = 'form_submitted') FROM contact_day FINAL"
    assert str(store.clickhouse.statement(told)) == "0"
    assert content(store)["contact_day"] != before, "the other event counts"


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_between_any_two_steps_changes_nothing_in_the_end(new_store: Callable[..., Store], step: str) -> None:
    undisturbed = run_all(new_store(), [STREAM[:10], STREAM[10:]])
    store = new_store(Recording)
    assert isinstance(store, Recording)
    first = cycle_of(store)
    if step in ("insert_facts", "project_directory", "mark_bound"):
        store.crash_after = step
        with pytest.raises(Crash):
            first.run(STREAM[:10])
        cycle_of(store).run(STREAM[:10])  # another worker, with nothing in memory, reads the records again
    else:
        first.run(STREAM[:10])
        store.crash_after = step
    if store.crash_after:
        with pytest.raises(Crash):
            first.run(STREAM[10:])
    cycle_of(store).run(STREAM[10:])
    assert content(store) == undisturbed


def test_what_was_read_before_changes_nothing_days_later(new_store: Callable[..., Store]) -> None:
    store = new_store()
    before = run_all(store, [STREAM])
    late = [record(r.value, r.offset + 1000, r.topic, minutes=60 * 24 * 3) for r in STREAM]
    _, settled = cycle_of(store).run(late)
    assert settled.events > 0
    assert settled.duplicates + settled.conflicts == settled.events
    assert content(store) == before


def test_any_cut_into_batches_gives_the_same_tables(new_store: Callable[..., Store]) -> None:
    whole = run_all(new_store(), [STREAM])
    assert run_all(new_store(), [[r] for r in STREAM]) == whole
    assert run_all(new_store(), [STREAM[:5], STREAM[3:20], STREAM[10:]]) == whole


def disputed(rng: random.Random) -> list[Record]:
    """Bodies at minutes of their own, with repeated events and ids that several contents claim."""
    contents = [{}, {}, {"type": "web.form_submitted"}, {"time": "2026-05-01T00:00:00Z"}]
    contents += [{"data": {"contacts": [{"email": "x@other.example"}]}}]
    minutes = rng.sample(range(1000), 40)
    return [
        record([event(rng.randrange(12), **rng.choice(contents)) for _ in range(3)], offset=n, minutes=minute)
        for n, minute in enumerate(minutes)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_arrival_changes_nothing(new_store: Callable[..., Store], seed: int) -> None:
    rng = random.Random(seed)
    stream = [FACTS, record({"type": "fax.sent"}, offset=99), *disputed(rng)]
    shuffled = list(stream)
    rng.shuffle(shuffled)
    assert run_all(new_store(), [shuffled[:7], shuffled[7:30], shuffled[30:]]) == run_all(new_store(), [stream])


def test_of_two_workers_with_two_contents_of_one_id_the_later_sees_the_other(new_store: Callable[..., Store]) -> None:
    """The contents, in both orders, where the other worker does all of its work between two steps of the first."""
    one = record(event(1), minutes=1)
    two = record(event(1, type="web.form_submitted", time="2026-05-01T00:00:00Z"), minutes=2)
    undisturbed = run_all(new_store(), [[FACTS], [one], [two]])
    for first, second in ((one, two), (two, one)):
        for step in ("archive", "claim_events", "insert_touches", "arrived_again", "insert_contact_days", "publish"):
            store = new_store(Recording)
            assert isinstance(store, Recording)
            other = Store(store.clickhouse, "Asia/Tokyo")
            cycle_of(store).run([FACTS])
            store.meanwhile[step] = lambda other=other, second=second: cycle_of(other).run([second])  # type: ignore[misc]
            cycle_of(store).run([first])
            assert not store.meanwhile
            assert content(store) == undisturbed, (step, first is one)


def test_facts_that_come_after_the_touches_bind_them_all_the_same(new_store: Callable[..., Store]) -> None:
    facts_first = run_all(new_store(), [[FACTS], SIGNALS])
    assert run_all(new_store(), [SIGNALS, [FACTS]]) == facts_first


def test_a_corrected_domain_moves_the_days_and_leaves_nothing_behind(new_store: Callable[..., Store]) -> None:
    store = new_store()
    corrected = record(
        [account(2, "old.example"), account(3, "aozora.example", account_id="kita")], offset=1, topic="facts"
    )
    moved = run_all(store, [[FACTS], SIGNALS, [corrected]])
    assert moved == run_all(new_store(), [[FACTS, corrected], SIGNALS])
    rows = store.clickhouse.statement("SELECT groupUniqArray(account_id) FROM contact_day FINAL")
    assert sorted(json.loads(str(rows).replace("'", '"'))) == ["", "kita"]


def test_a_stale_worker_cannot_overwrite_a_newer_binding(new_store: Callable[..., Store]) -> None:
    store = new_store()
    cycle_of(store).run([FACTS, *SIGNALS])
    corrected = record([account(2, "old.example"), account(3, "aozora.example", account_id="kita")], topic="facts")
    # What the worker that slept would write: the account of the old directory, in the old epoch.
    keys = pa.concat_tables(store.every_contact_day([]))
    stale = bind_groups(store.recompute(keys), replace(fold(store.facts()), epoch=1))
    assert stale.num_rows
    cycle_of(store).run([corrected])
    newer = content(store)["contact_day"]
    store.insert_contact_days(stale)
    assert content(store)["contact_day"] == newer


def test_machines_count_for_nothing(new_store: Callable[..., Store]) -> None:
    store = new_store()
    run_all(store, [STREAM])
    ask = store.clickhouse.statement
    machines = int(str(ask("SELECT count() FROM touches FINAL WHERE machine = 'crawler'")))
    assert machines > 0
    assert int(str(ask("SELECT sum(machine_touches) FROM contact_day FINAL"))) == machines
    people = int(str(ask("SELECT count() FROM touches FINAL WHERE machine = ''")))
    assert int(str(ask("SELECT sum(touches) FROM contact_day FINAL"))) == people


def test_the_touched_accounts_are_published_with_their_latest_day(new_store: Callable[..., Store]) -> None:
    published: list[AccountTouched] = []
    cycle_of(new_store(), published).run([FACTS, *SIGNALS])
    assert [t.account_id for t in published] == ["aozora"]
    assert published[0].last_day == RECEIVED.date()


def test_the_refused_part_of_a_body_takes_nothing_along(new_store: Callable[..., Store]) -> None:
    store = new_store()
    report, settled = cycle_of(store).run([*SIGNALS, BAD])
    assert report.dead == {"unknown_kind": 1}
    assert settled.conflicts == 1
    kept = store.clickhouse.statement(
        "SELECT groupArray((reason, position, topic, offset, raw != '')) FROM"
        " (SELECT * FROM dead_letters FINAL ORDER BY position)"
    )
    assert "('unknown_kind',1,'signals.web',99,true)" in str(kept).replace("1)", "true)")
    assert "'conflicting_duplicate',2" in str(kept)


@pytest.mark.parametrize(
    "limit",
    [
        "ALTER TABLE touches MODIFY SETTING parts_to_delay_insert = 1, parts_to_throw_insert = 1",
        "ALTER TABLE touches MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000",
    ],
    ids=["too many parts", "disk full"],
)
def test_a_clickhouse_that_is_full_is_waited_for(new_store: Callable[..., Store], limit: str) -> None:
    store = new_store()
    run_all(store, [[FACTS, SIGNALS[0]]])
    store.clickhouse.statement(limit)
    with pytest.raises(ClickHouseUnavailable):
        cycle_of(store).run(SIGNALS)
    store.clickhouse.statement(f"ALTER TABLE touches RESET SETTING {limit.rpartition('SETTING')[2].split()[0]}")
    store.clickhouse.statement("ALTER TABLE touches RESET SETTING parts_to_throw_insert")
    run_all(store, [SIGNALS])


def test_a_batch_decoded_in_pieces_is_the_same_batch() -> None:
    whole = decode_batch(STREAM, "facts")
    pieces = together([decode_batch(STREAM[at : at + 7], "facts") for at in range(0, len(STREAM), 7)])
    assert pieces.touches.num_rows > len(STREAM)
    for table in ("bodies", "touches"):
        one, other = (getattr(batch, table).to_pylist() for batch in (pieces, whole))
        assert sorted(map(str, one)) == sorted(map(str, other))
    assert (pieces.records, pieces.facts, pieces.dead) == (whole.records, whole.facts, whole.dead)

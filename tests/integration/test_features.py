"""What the rules look at, out of a real ClickHouse: whose days count, which quarters are known, since when."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from infra.assessments import Assessments
from infra.clickhouse import ClickHouseUnavailable
from infra.settings import Settings
from infra.store import Store
from models.account_history import shown_day
from models.alerts import Alert
from models.contact_days import bind_groups
from models.folding import fold
from models.records import Origin
from models.rules.replacement_risk import Relationship, relationship
from streams.ingest.batch import Record
from streams.ingest.cycle import Cycle
from tests.stack import checksums

RECEIVED = datetime(2026, 6, 30, 12, tzinfo=UTC)


def record(body: Any, topic: str = "signals.web") -> Record:
    return Record(topic, 0, 0, 0, tuple(Origin("t", "canonical", RECEIVED).to_headers()), json.dumps(body).encode())


def signal(number: int, time: str, email: str = "hana@aozora.example", **changes: Any) -> dict[str, Any]:
    data = {"contacts": [{"email": email}], "user_agent": changes.pop("user_agent", "")}
    return {"id": str(number), "type": changes.pop("type", "web.page_viewed"), "time": time, "data": data}


def fact(kind: str, **values: Any) -> dict[str, Any]:
    return {"type": kind, "recorded_at": "2026-01-01T00:00:00Z", **values}


ACCOUNT = fact("account_declared", account_id="aozora", name="Aozora", domains=["aozora.example"], tier="strategic")


def ingest(store: Store, facts: list[Any], signals: list[Any]) -> Cycle:
    cycle = Cycle(store, "facts", lambda touched: None)
    cycle.run([record(facts, "facts"), record(signals)])
    return cycle


def years(store: Store, as_of: date) -> Relationship:
    assessments = Assessments(store.clickhouse, Settings())
    [history] = assessments.histories(as_of)
    return relationship(history, assessments.as_of(as_of))


def test_only_people_who_came_or_met_us_make_a_day_in_touch(new_store: Callable[..., Store]) -> None:
    store = new_store()
    signals = [
        signal(1, "2026-06-01T01:00:00Z"),
        signal(2, "2026-06-02T01:00:00Z", type="meeting.held"),
        signal(3, "2026-06-03T01:00:00Z", type="email.sent"),  # we wrote
        signal(4, "2026-06-04T01:00:00Z", user_agent="Googlebot/2.1"),
        signal(5, "2026-06-05T01:00:00Z", email="me@ours.aozora.example"),  # own staff under a customer's domain
        signal(6, "2026-06-06T01:00:00Z", email="x@gmail.com"),
        signal(7, "2026-06-07T15:00:00Z"),  # midnight of the 8th in Tokyo
        signal(8, "2026-06-29T01:00:00Z"),  # after the day asked for
    ]
    ingest(store, [ACCOUNT, fact("own_domain_declared", domain="ours.aozora.example")], signals)
    [history] = Assessments(store.clickhouse, Settings()).histories(date(2026, 6, 20))
    assert list(map(shown_day, history.engaged)) == ["2026-06-01", "2026-06-02", "2026-06-08"]
    [boss] = history.contacts
    assert list(map(shown_day, boss.inbound)) == ["2026-06-01", "2026-06-08"]
    assert list(map(shown_day, boss.mutual)) == list(map(shown_day, history.met)) == ["2026-06-02"]
    assert list(map(shown_day, boss.outbound)) == list(map(shown_day, history.sent)) == ["2026-06-03"]


def test_a_quarter_that_lacks_a_month_of_revenue_is_unknown(new_store: Callable[..., Store]) -> None:
    store = new_store()
    months = [f"2025-{m:02}-01" for m in range(4, 13)] + ["2026-01-01", "2026-03-01"]
    revenue = [fact("revenue_recorded", account_id="aozora", month=m, amount=100) for m in months]
    ingest(store, [ACCOUNT, *revenue], [])
    told = years(store, date(2026, 4, 30))
    assert told.revenue_before == (None,) * 4
    assert told.revenue_now == (300.0, 300.0, 300.0, None)


def test_contacts_are_counted_by_seniority_in_the_year_they_were_in_touch(new_store: Callable[..., Store]) -> None:
    store = new_store()
    people = [("boss", "executive"), ("head", "management"), ("hana", "staff")]
    contacts = [
        fact("contact_declared", contact_key=f"mail:{name}@aozora.example", seniority=seniority)
        for name, seniority in people
    ]
    signals = [
        signal(1, "2024-05-01T01:00:00Z", email="boss@aozora.example"),
        signal(2, "2025-05-01T01:00:00Z", email="boss@aozora.example"),
        signal(3, "2025-05-02T01:00:00Z", email="head@aozora.example"),
        signal(4, "2025-05-02T01:00:00Z", email="hana@aozora.example"),
        signal(5, "2025-05-03T01:00:00Z", email="new@aozora.example"),
    ]
    ingest(store, [ACCOUNT, *contacts], signals)
    told = years(store, date(2026, 4, 30))
    before, now = told.contacts_before, told.contacts_now
    assert (before.management, before.staff, before.unknown) == (1, 0, 0)
    assert (now.management, now.staff, now.unknown) == (2, 1, 1)


def test_a_contact_declared_for_an_account_moves_there_with_all_its_days(new_store: Callable[..., Store]) -> None:
    store = new_store()
    cycle = ingest(store, [ACCOUNT], [signal(1, "2026-06-01T01:00:00Z", email="taro@gmail.com")])
    assert store.clickhouse.statement("SELECT any(account_id) FROM contact_day FINAL") == ""
    cycle.run([record([fact("contact_declared", contact_key="mail:taro@gmail.com", account_id="aozora")], "facts")])
    assert store.clickhouse.statement("SELECT groupArray(account_id) FROM contact_day FINAL") == "['aozora']"


def test_a_later_count_beats_an_earlier_one_whatever_the_order_of_writing(new_store: Callable[..., Store]) -> None:
    store = new_store()
    ingest(store, [ACCOUNT], [signal(1, "2026-06-01T01:00:00Z")])
    directory = fold(store.facts())
    keys = pa.concat_tables(store.every_contact_day([]))
    earlier = store.recompute(keys)
    Cycle(store, "facts", lambda touched: None).run([record([signal(2, "2026-06-01T02:00:00Z")])])
    store.insert_contact_days(bind_groups(earlier, directory))  # a worker that read before, and writes after
    assert store.clickhouse.statement("SELECT sum(touches) FROM contact_day FINAL") == 2


def test_the_first_received_stands_in_whatever_order_rows_are_written(new_store: Callable[..., Store]) -> None:
    def received(minute: int) -> Record:
        origin = Origin("t", "canonical", RECEIVED.replace(minute=minute))
        body = json.dumps(signal(1, "2026-06-01T01:00:00Z")).encode()
        return Record("signals.web", 0, minute, 0, tuple(origin.to_headers()), body)

    for order in ((1, 2), (2, 1)):
        store = new_store()
        for minute in order:
            Cycle(store, "facts", lambda touched: None).run([received(minute)])
        assert store.clickhouse.statement("SELECT toMinute(any(received_at)) FROM touches FINAL") == 1
        assert store.clickhouse.statement("SELECT any(offset) FROM archive FINAL") == 1


class _FailsOnce(Store):
    """ClickHouse that goes away once in the middle of binding."""

    failed = False

    def affiliations_under(self, names: Any) -> list[str]:
        if not self.failed:
            self.failed = True
            raise ClickHouseUnavailable("gone for a moment")
        return super().affiliations_under(names)


def test_a_retry_in_place_binds_what_the_first_try_left_unbound(new_store: Callable[..., Store]) -> None:
    def run(store: Store) -> dict[str, tuple[int, int]]:
        cycle = Cycle(store, "facts", lambda touched: None)
        cycle.run([record([signal(1, "2026-06-01T01:00:00Z")])])
        batch = [record([ACCOUNT], "facts")]
        if isinstance(store, _FailsOnce):
            with pytest.raises(ClickHouseUnavailable):
                cycle.run(batch)
        cycle.run(batch)
        return checksums(store.clickhouse)

    assert run(new_store(_FailsOnce)) == run(new_store())


def test_an_alert_is_published_before_it_is_saved(new_store: Callable[..., Store]) -> None:
    store = new_store()
    as_of = date(2026, 6, 29)
    days = [as_of - timedelta(days=back) for back in range(31, 280, 3)]
    ingest(store, [ACCOUNT], [signal(n, f"{day}T01:00:00Z") for n, day in enumerate(days)])
    assessments = Assessments(store.clickhouse, Settings())
    saved_when_told: list[list[Alert]] = []

    def publish(changes: list[tuple[str, dict[str, Any]]]) -> None:
        saved_when_told.append(assessments.alerts())
        raise ConnectionError("Kafka is gone")

    with pytest.raises(ConnectionError):
        assessments.run(as_of, RECEIVED, [], publish)
    assert saved_when_told == [[]]
    assert assessments.alerts() == []
    told: list[str] = []
    for _ in range(2):
        assessments.run(as_of, RECEIVED, [], lambda changes: told.extend(c["change"] for _, c in changes))
    assert told == ["opened"]
    assert [alert.state for alert in assessments.alerts()] == ["open"]


def test_what_a_day_found_goes_when_a_later_touch_clears_it(new_store: Callable[..., Store]) -> None:
    store = new_store()
    as_of = date(2026, 6, 29)
    days = [as_of - timedelta(days=back) for back in range(31, 280, 3)]
    cycle = ingest(store, [ACCOUNT], [signal(n, f"{day}T01:00:00Z") for n, day in enumerate(days)])
    assessments = Assessments(store.clickhouse, Settings())
    count = "SELECT count() FROM assessments FINAL WHERE rule = 'gone_quiet'"
    assessments.run(as_of, RECEIVED, [], lambda changes: None)
    assert store.clickhouse.statement(count) == 1
    late = [signal(1000 + n, f"2026-06-{25 + n}T01:00:00Z") for n in range(4)]
    cycle.run([record(late)])
    assessments.run(as_of, RECEIVED + timedelta(minutes=1), ["aozora"], lambda changes: None)
    assert store.clickhouse.statement(count) == 0
    assert [alert.state for alert in assessments.alerts()] == ["resolved"]


class _Sleeps(Store):
    """A worker that falls asleep between reading the directory and rolling up, while another one binds anew."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    def recompute(self, keys: Any) -> Any:
        groups = super().recompute(keys)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return groups


def test_a_roll_up_that_another_worker_overtook_counts_nowhere_twice(new_store: Callable[..., Store]) -> None:
    store = new_store(_Sleeps)
    assert isinstance(store, _Sleeps)
    cycle = ingest(store, [ACCOUNT], [])
    other = Cycle(Store(store.clickhouse, "Asia/Tokyo"), "facts", lambda touched: None)
    moved = [
        {**ACCOUNT, "recorded_at": "2026-02-01T00:00:00Z", "domains": ["old.example"]},
        {**ACCOUNT, "account_id": "kita", "name": "Kita", "recorded_at": "2026-02-02T00:00:00Z"},
    ]
    store.meanwhile = lambda: other.run([record(moved, "facts")]) and None
    cycle.run([record([signal(1, "2026-06-01T01:00:00Z")])])
    assert (
        store.clickhouse.statement("SELECT groupArray((account_id, touches)) FROM contact_day FINAL") == "[('kita',1)]"
    )


def documented_query(heading: str) -> str:
    """The first query under a heading of docs/metrics.md."""
    text = (Path(__file__).parents[2] / "docs/metrics.md").read_text("utf-8")
    return text.partition(f"## {heading}\n")[2].partition("```sql\n")[2].partition("```")[0]


def mail(message_id: str, sender: str, to: str, at: str, *headers: str) -> Record:
    origin = Origin("mbox", "mbox", RECEIVED, own_domains=("ours.example",))
    told = (f"From: {sender}", f"To: {to}", f"Date: 1 Jun 2026 {at} +0000", f"Message-ID: <{message_id}>", *headers)
    return Record("signals.email", 0, 0, 0, tuple(origin.to_headers()), "\n".join((*told, "", "")).encode())


def test_the_documented_query_tells_how_long_who_took_to_reply(new_store: Callable[..., Store]) -> None:
    store = new_store()
    hana, ken, we = "hana@aozora.example", "ken@aozora.example", "sato@ours.example"
    cycle = ingest(store, [ACCOUNT], [])
    cycle.run(
        [
            mail("q1", hana, we, "01:00:00", "Cc: ken@aozora.example"),
            mail("a2", we, hana, "09:00:00", "In-Reply-To: <q1>"),  # not the first answer
            mail("a1", we, f"{hana}, {ken}", "03:30:00", "References: <older> <q1>"),
            mail("q2", we, hana, "10:00:00"),
            mail("away", hana, we, "10:00:01", "In-Reply-To: <q2>", "Auto-Submitted: auto-replied"),
            mail("a3", hana, we, "11:00:00", "In-Reply-To: Your mail of today <q2>"),
            mail("q3", hana, we, "12:00:00", "In-Reply-To: <a3>"),  # she goes on: no answer
            mail("early", we, hana, "11:59:00", "In-Reply-To: <q3>"),  # a clock is wrong
            mail("lost", we, hana, "13:00:00", "In-Reply-To: <never-seen>"),
        ]
    )
    found = store.clickhouse.query_text(documented_query("Reply time of mail")).to_pylist()
    assert [tuple(row.values()) for row in found] == [("aozora", "them", 1, 1.0, 1.0), ("aozora", "us", 1, 2.5, 2.5)]


def test_the_documented_query_tells_the_share_of_machines(new_store: Callable[..., Store]) -> None:
    store = new_store()
    agents = ["", "", "", "Googlebot/2.1"]
    ingest(store, [], [signal(n, f"2026-06-0{n + 1}T01:00:00Z", user_agent=agent) for n, agent in enumerate(agents)])
    found = store.clickhouse.query_text(documented_query("Share of machine traffic")).to_pylist()
    assert [(row["machine"], row["touches"], row["share"]) for row in found] == [("", 3, 0.75), ("crawler", 1, 0.25)]

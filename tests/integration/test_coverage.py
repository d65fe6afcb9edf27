"""Contact coverage out of a real ClickHouse, against a plain count of the same world, as of three dates."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from typing import NamedTuple

import pytest

from infra.clickhouse import ClickHouse
from infra.coverage import Coverage, NoSuchAccount
from infra.settings import Settings
from infra.store import Store
from jobs.migrate import migrate_tables
from models.coverage.account import AccountCoverage
from models.records import Origin
from streams.ingest.batch import Record
from streams.ingest.cycle import Cycle
from tests.contract.embedded_clickhouse import PASSWORDS, Server
from tests.integration.coverage_world import FIRST, LAST, REVENUE, Count, facts, happened, people

DATES = (date(2026, 1, 31), date(2026, 4, 15), LAST)
ACCOUNTS = ("aozora", "kita", "nishi")
CASES = [*((account, as_of) for account in ACCOUNTS for as_of in DATES), ("higashi", DATES[0])]


class World(NamedTuple):
    coverage: Coverage
    count: Count
    clickhouse: ClickHouse

    def account(self, account: str, as_of: date) -> AccountCoverage:
        """Asked once each: many tests look at the same days."""
        return _asked(self.coverage, account, as_of)


@cache
def _asked(coverage: Coverage, account: str, as_of: date) -> AccountCoverage:
    return coverage.account(account, as_of)


@pytest.fixture(scope="module")
def world(clickhouse_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("coverage"),
        clickhouse_url=f"http://127.0.0.1:{clickhouse_server.port}",
        clickhouse_password=PASSWORDS["setten"],
        clickhouse_database="coverage",
    )
    migrate_tables(settings)
    clickhouse = ClickHouse(settings)
    everybody = people()
    events = happened(everybody)
    cycle = Cycle(Store(clickhouse, settings.business_timezone), "facts", lambda touched: None)
    stated = list(facts(everybody))
    signals = [event.signal() for event in events]
    # Half of the touches come before the facts, so that they have to be bound anew; some come twice.
    cycle.run([record(signals[::2], "signals.email")])
    cycle.run([record(stated, "facts")])
    cycle.run([record(signals[1::2], "signals.web"), record(signals[:50], "signals.meeting")])
    yield World(
        Coverage(clickhouse, settings.zone, settings.fiscal_year_start_month),
        Count(everybody, events),
        clickhouse,
    )
    clickhouse.statement("DROP DATABASE coverage")
    clickhouse.close()


def record(body: object, topic: str) -> Record:
    origin = Origin("test", "canonical", datetime(2026, 6, 11, tzinfo=UTC))
    return Record(topic, 0, 0, 0, tuple(origin.to_headers()), json.dumps(body).encode())


@pytest.mark.parametrize(("account", "as_of"), CASES)
def test_the_matrix_is_that_of_a_plain_count(world: World, account: str, as_of: date) -> None:
    found = world.account(account, as_of)
    told = {(cell.function, cell.seniority): cell.counts for cell in found.cells}
    right = world.count.cells(account, as_of)
    assert {p: (c.known, c.engaged, c.wanted, c.missing) for p, c in told.items()} == right
    assert found.counts.known == len(world.count.here(account, as_of)) > 10
    assert found.counts.engaged == sum(cell[1] for cell in right.values()) > 2
    wanted = [cell for cell in right.values() if cell[2] is not None]
    assert found.counts.wanted == (sum(cell[2] or 0 for cell in wanted) if wanted else None)
    assert found.counts.missing == (sum(cell[3] or 0 for cell in wanted) if wanted else None)
    assert found.gone == world.count.gone(account, as_of)


@pytest.mark.parametrize(("account", "as_of"), CASES)
def test_the_people_are_those_of_a_plain_count(world: World, account: str, as_of: date) -> None:
    count = world.count
    found = world.account(account, as_of).people
    told = {
        str(one.contact.contact_key): (
            *(one.contact.function, one.contact.seniority, one.status, one.last_two_way, one.last_engaged),
            *(one.engaged_days, one.channels),
        )
        for one in found
        if one.status != "missing"
    }
    assert told == {
        key: (
            *(*count.place(key), count.status(key, account, as_of), count.two_way(key, account, as_of)),
            *(max(count.engaged(key, account, as_of), default=None), len(count.engaged(key, account, as_of, 90))),
            count.channels(key, account, as_of),
        )
        for key in count.here(account, as_of)
    }


def test_the_world_has_contacts_of_every_status_and_of_every_kind(world: World) -> None:
    found = {as_of: world.account("aozora", as_of).people for as_of in DATES}
    statuses = {one.status for told in found.values() for one in told}
    assert statuses == {"never", "outbound_only", "one_way", "two_way", "lapsed", "missing"}
    keys = [{one.contact.contact_key for one in found[as_of] if one.status != "missing"} for as_of in DATES]
    assert [f"mail:{who}@elsewhere.example" in here for here in keys for who in ("mover", "leaver", "back")] == [
        *(True, True, False),
        *(False, True, True),
        *(False, False, True),
    ]
    assert ["mail:lent@kita.example" in here for here in keys] == [False, True, False]
    assert all({"mail:visits@aozora.example", "mail:tell@eu.aozora.example"} <= here for here in keys)
    assert any("id:77" in here for here in keys)
    assert not any(key and key.startswith("anon:") for here in keys for key in here)
    kita = {one.contact.contact_key for one in world.account("kita", LAST).people}
    assert {"mail:part@elsewhere.example", "mail:p1@minami.example", "mail:mover@elsewhere.example"} <= kita


def test_a_plan_says_what_was_recorded_by_the_day(world: World) -> None:
    targets = [
        {(c.function, c.seniority): c.counts.wanted for c in world.account("aozora", day).cells if c.counts.wanted}
        for day in (date(2026, 1, 9), date(2026, 1, 10), date(2026, 5, 1), LAST)
    ]
    assert targets == [
        {},
        {("finance", "management"): 4, ("it", "staff"): 1, ("legal", "executive"): 2},
        {("finance", "management"): 7, ("it", "staff"): 1, ("legal", "executive"): 2},
        {("finance", "management"): 7, ("it", "staff"): 1},
    ]
    named = [
        [(one.planned.stakeholder, one.status == "missing") for one in told.people if one.planned]
        for told in (world.account("aozora", day) for day in (*DATES[:2], date(2026, 6, 4), LAST))
    ]
    assert [sorted(one) for one in named] == [
        [("cfo", True), ("mover", False)],
        [("cfo", True), ("mover", True)],  # she is at another account by then
        [("cfo", True), ("mover", True), ("visitor", False)],
        [("mover", True), ("visitor", False)],
    ]


@pytest.mark.parametrize(("account", "as_of"), CASES)
def test_the_strongest_contact_and_our_own_side_are_those_of_a_plain_count(
    world: World, account: str, as_of: date
) -> None:
    found = world.account(account, as_of)
    days = world.count.contact_days(account, as_of)
    thread = found.single_thread
    assert thread.contact_days == sum(days.values())
    assert sum(days.values()) > 10
    assert thread.share == max(days.values()) / sum(days.values())
    assert days[str(thread.strongest)] == max(days.values())
    ordered = sorted(days.values(), reverse=True)
    most = next(n for n in range(1, len(days) + 1) if sum(ordered[:n]) >= 0.8 * sum(ordered))
    assert thread.people_for_most == most
    ours = found.own_side
    year, recent = (world.count.own_side(account, as_of, within) for within in (365, 90))
    assert {one.contact_key: one.signals for one in ours.persons} == year
    assert {one.contact_key: one.signals_recent for one in ours.persons if one.signals_recent} == recent
    assert (ours.people, ours.people_recent) == (len(year), len(recent))
    functions = {
        "mail:ono@ours.example": "sales",
        "mail:abe@ours.example": "support",
        "mail:ito@ours.example": "unknown",
    }
    assert set(ours.functions) == {functions[key] for key in recent}


@pytest.mark.parametrize("as_of", DATES)
def test_the_lines_of_all_accounts_are_what_each_account_says_alone(world: World, as_of: date) -> None:
    lines = world.coverage.by_account(as_of)
    # A merged account has no line from the day on on which it is merged.
    assert {line.account_id for line in lines} == {account for account, day in CASES if day == as_of}
    assert len(lines) == (4 if as_of == DATES[0] else 3)
    for line in lines:
        alone = world.account(line.account_id, as_of)
        assert (line.counts, line.share_of_strongest) == (alone.counts, alone.single_thread.share)
        assert world.coverage.by_account(as_of, [line.account_id]) == [line]
    missing = [line.counts.missing for line in lines]
    told = [one for one in missing if one is not None]
    assert missing == [*sorted(told, reverse=True), *[None] * (len(missing) - len(told))]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_management_contacts_by_quarter_are_those_of_a_plain_count(world: World, account: str) -> None:
    found = world.coverage.management(account, LAST, 3)
    assert [one.label for one in found[-2:]] == ["FY2025 Q4", "FY2026 Q1"]
    assert (found[-1].first, found[-1].last, found[-1].complete) == (date(2026, 4, 1), LAST, False)
    for one in found:
        if one.last < FIRST:
            assert one.in_touch is None
            continue
        assert one.in_touch is not None
        told = (one.in_touch.executives, one.in_touch.managers, one.in_touch.staff, one.in_touch.unknown)
        assert told == world.count.management(account, one.first, one.last)
    assert sum(one.in_touch.executives + one.in_touch.managers for one in found if one.in_touch) > 5


def test_a_quarter_with_a_month_that_nobody_recorded_has_no_revenue(world: World) -> None:
    found = {one.label: one.revenue for one in world.coverage.management("aozora", LAST, 2)}
    quarter = sum(REVENUE[date(2025, month, 1)] for month in (4, 5, 6))
    assert (found["FY2025 Q1"], found["FY2025 Q2"], found["FY2025 Q4"]) == (quarter, None, None)
    assert {one.revenue for one in world.coverage.management("kita", LAST, 2)} == {None}


def test_before_the_first_touch_of_the_store_who_was_engaged_is_unknown(world: World) -> None:
    early = date(2024, 12, 1)
    assert world.account("aozora", early).counts.engaged is None
    assert world.account("aozora", early).counts.known > 0
    assert {line.counts.engaged for line in world.coverage.by_account(early)} == {None}


def test_what_touched_no_account_and_machines_alone_tell_not_since_when_touches_are_known(world: World) -> None:
    since = world.coverage.known_since()
    assert since
    assert since >= FIRST
    # Nobody's, in 2015; a machine's, in 2016; and one that was taken back.
    rows = (
        "('', '2015-03-01', 'anon:x', 'email', 'opened', 'inbound', '', 1, 0, now(), now(), 1, 0),"
        "('kita', '2016-03-01', 'mail:m@kita.example', 'email', 'opened', 'inbound', '', 0, 3, now(), now(), 1, 0),"
        "('kita', '2017-03-01', 'mail:m@kita.example', 'email', 'opened', 'inbound', '', 2, 0, now(), now(), 1, 0),"
        "('kita', '2017-03-01', 'mail:m@kita.example', 'email', 'opened', 'inbound', '', 2, 0, now(), now(), 2, 1)"
    )
    world.clickhouse.statement(f"INSERT INTO contact_day VALUES {rows}")
    try:
        assert world.coverage.known_since() == since
        assert world.account("aozora", date(2018, 1, 1)).counts.engaged is None
        [kpis] = world.clickhouse.rows("kpi_known_since", {"known_before": "2026-06-11 00:00:00", "profile": ""})
        assert kpis["touches"] == since
    finally:
        world.clickhouse.statement("DELETE FROM contact_day WHERE day < '2018-01-01'")


def test_an_account_that_is_part_of_another_or_none_is_refused_with_what_to_ask_for(world: World) -> None:
    with pytest.raises(NoSuchAccount, match="'minami' has become part of 'kita'"):
        world.account("minami", LAST)
    with pytest.raises(NoSuchAccount, match="'higashi' has become part of 'nishi', itself until 2026-03-01"):
        world.coverage.management("higashi", date(2026, 3, 1), 3)
    assert world.account("higashi", date(2026, 2, 28)).counts.known > 10
    with pytest.raises(NoSuchAccount, match="'nowhere' is no account"):
        world.coverage.management("nowhere", LAST, 3)


def test_people_of_an_account_that_becomes_part_of_another_are_there_from_that_day_on(world: World) -> None:
    def here(account: str, day: date) -> set[str | None]:
        return {one.contact.contact_key for one in world.account(account, day).people}

    people = {"mail:joins@elsewhere.example", "mail:p1@higashi.example"}
    before, after = date(2026, 2, 28), date(2026, 3, 1)
    assert people <= here("higashi", before)
    assert not people & here("nishi", before)
    assert people <= here("nishi", after)
    assert "mail:left@elsewhere.example" in here("higashi", DATES[0]) - here("nishi", after)

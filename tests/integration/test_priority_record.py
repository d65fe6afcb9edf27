"""Recorded rankings: what is stored, when, and whose stands where two write."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from infra.bi import databases
from infra.clickhouse import ClickHouse
from infra.priority import rank_accounts
from infra.priority_record import record_ranking, store, take
from infra.settings import Settings
from models.priority.model import FACTORS
from streams.priorities import PriorityKeeper
from tests.priority import MODEL

DAY = date(2026, 6, 14)
NOW = datetime(2026, 6, 14, 3, tzinfo=UTC)


class World:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clickhouse = ClickHouse(settings)

    def declare(self, *accounts: str) -> None:
        rows = [(key, key.upper(), "target", "customer", 1) for key in accounts]
        self.clickhouse.insert_rows("accounts", ("account_id", "name", "tier", "kind", "epoch"), rows)

    def sold(self, account: str, amount: float, on: date = DAY - timedelta(days=3)) -> None:
        told = {"opportunity_id": str(uuid4()), "account_id": account, "outcome": "won", "amount": amount}
        told |= {"currency": "JPY", "opened_on": on.isoformat(), "closed_on": on.isoformat(), "product": "GTX"}
        row = (uuid4(), "opportunity_recorded", datetime(on.year, on.month, on.day, 1, tzinfo=UTC), json.dumps(told))
        self.clickhouse.insert_rows("facts", ("fact_id", "type", "recorded_at", "body"), [row])

    def shown(self, columns: str = "account_id, rank") -> list[list[Any]]:
        view = f"{databases(self.settings)['bi']}.priority"
        told = self.clickhouse.statement(f"SELECT {columns} FROM {view} ORDER BY account_id FORMAT JSONCompactEachRow")
        return [json.loads(line) for line in str(told).splitlines()]

    def days(self) -> list[str]:
        told = self.clickhouse.statement("SELECT DISTINCT toString(as_of) FROM priorities ORDER BY 1 FORMAT TSV")
        return str(told).split()

    def record(self, as_of: date = DAY) -> bool:
        return record_ranking(self.clickhouse, self.settings, MODEL, as_of, NOW)[1]


@pytest.fixture
def world(new_database: Callable[[], Settings]) -> Iterator[World]:
    made = World(new_database())
    yield made
    made.clickhouse.close()


def test_what_is_recorded_is_what_the_list_says(world: World) -> None:
    world.declare("a", "b", "c")
    world.sold("a", 100.0)
    world.sold("b", 900.0)
    assert world.record()
    ranking = rank_accounts(world.clickhouse, world.settings, MODEL, DAY)
    expected = [
        [
            *(one.account.account_id, one.rank, one.total, pytest.approx(one.known)),
            *(None if one.score(key) is None else pytest.approx(one.score(key)) for key in FACTORS),
            *(one.contributions[key] for key in FACTORS),
            *(MODEL.version, DAY.isoformat()),
        ]
        for one in (*ranking.ranked, *ranking.unranked)
    ]
    scores = ", ".join((*FACTORS, *(f"{key}_contribution" for key in FACTORS)))
    told = world.shown(f"account_id, rank, total, known, {scores}, model, as_of")
    assert told == sorted(expected, key=lambda row: str(row[0]))
    assert [row[:2] for row in told] == [["a", 2], ["b", 1], ["c", None]]


def test_recording_again_is_news_only_once_more_is_known(world: World) -> None:
    world.declare("a", "b")
    world.sold("a", 100.0)
    world.sold("b", 50.0)
    assert world.record()
    assert not world.record()
    world.sold("b", 900.0)
    assert world.record()
    assert world.shown() == [["a", 2], ["b", 1]]


def test_of_two_writers_the_one_that_knew_more_stands_whichever_writes_last(world: World) -> None:
    world.declare("a", "b")
    world.sold("a", 100.0)
    world.sold("b", 50.0)
    slept = take(world.clickhouse, world.settings, MODEL, DAY)
    world.sold("b", 900.0)
    assert world.record()
    assert not store(world.clickhouse, slept, NOW + timedelta(hours=1))
    assert world.shown() == [["a", 2], ["b", 1]]


def test_the_latest_day_shows_and_those_before_it_stay(world: World) -> None:
    world.declare("a")
    world.sold("a", 100.0)
    assert world.record(DAY)
    assert world.record(DAY - timedelta(days=40))
    assert world.shown("as_of") == [[DAY.isoformat()]]
    assert world.days() == ["2026-05-05", "2026-06-14"]


def test_the_worker_records_yesterday_and_today_once_a_day_and_waits_for_accounts(world: World) -> None:
    keeper = PriorityKeeper(lambda: ClickHouse(world.settings), world.settings, MODEL)
    assert keeper.run(NOW) == 0, "nobody to rank"
    world.declare("a")
    world.sold("a", 100.0)
    assert keeper.run(NOW) == 2
    assert world.days() == ["2026-06-13", "2026-06-14"]
    world.sold("a", 900.0)
    assert keeper.run(NOW + timedelta(hours=11)) == 0, "still the same day in Tokyo"
    assert keeper.run(NOW + timedelta(hours=12)) == 2, "the day that ended is put right"
    assert world.days() == ["2026-06-13", "2026-06-14", "2026-06-15"]

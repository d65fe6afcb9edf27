"""Roll-ups follow from what is stored now, whatever happened meanwhile, and cost nothing where nothing did."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from infra.clickhouse import ClickHouse, QueryFailed
from infra.rollups import LEFT_OVER_S, ROLLUPS, Refreshed, Rollups
from infra.score_profile import load_profile
from infra.settings import Settings
from streams.rollups import RollupKeeper

NOW = datetime(2026, 6, 14, 5, tzinfo=UTC)
TABLES = [f"rollup_{rollup.name}" for rollup in ROLLUPS]
DAY_COLUMNS = ("account_id", "day", "contact_key", "kind", "action", "direction", "touches", "version", "is_deleted")
YEARLY = {"engagement_rate", "engagement_rate_quarter", "account_week", "management_contacts", "unbound_touches"}


class World:
    """A store with something of everything in it, over the turns of years."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clickhouse = ClickHouse(settings)
        accounts = [("kaze", "風電機", "strategic", "customer", 1), ("mori", "Mori", "target", "customer", 1)]
        self.clickhouse.insert_rows("accounts", ("account_id", "name", "tier", "kind", "epoch"), accounts)
        self.seniority("a", "management")
        for year in (2024, 2025, 2026):
            for month, day in ((1, 1), (1, 3), (2, 28), (5, 9), (12, 27), (12, 31)):
                if (year, month) < (2026, 6):
                    self.touch("kaze", date(year, month, day), "a")
                    self.touch("mori", date(year, month, day), "b")
                    self.touch("", date(year, month, day), "c")
        self.clickhouse.insert_rows(
            "revenue",
            ("account_id", "counts_for", "month", "currency", "amount", "epoch"),
            [("kaze", "kaze", date(2026, month, 1), "JPY", 100.0, 1) for month in range(1, 6)],
        )
        self.opportunity("o1", "First")

    def touch(self, account: str, day: date, contact: str, *, version: int = 1, deleted: int = 0) -> None:
        key = f"mail:{contact}@kaze.example"
        row = (account, day, key, "meeting", "held", "mutual", 1, version, deleted)
        self.clickhouse.insert_rows("contact_day", DAY_COLUMNS, [row])

    def seniority(self, contact: str, level: str, epoch: int = 1) -> None:
        columns = ("contact_key", "account_id", "name", "seniority", "epoch")
        row = (f"mail:{contact}@kaze.example", "kaze", "Name", level, epoch)
        self.clickhouse.insert_rows("contacts", columns, [row])

    def opportunity(self, key: str, name: str) -> None:
        self.stated = getattr(self, "stated", 0) + 1
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=self.stated)
        body = {"type": "opportunity_recorded", "opportunity_id": key, "account_id": "kaze", "name": name}
        row = (UUID(int=self.stated), "opportunity_recorded", at, json.dumps(body | {"owner": "Sato"}))
        self.clickhouse.insert_rows("facts", ("fact_id", "type", "recorded_at", "body"), [row])

    def rollups(self, **more: Any) -> Rollups:
        settings = self.settings.model_copy(update=more)
        return Rollups(self.clickhouse, settings, load_profile(settings))

    def refresh(self, now: datetime = NOW, **more: Any) -> dict[str, Refreshed]:
        """What was done, by roll-up; nothing where nothing was."""
        return {done.rollup: done for done in self.rollups(**more).refresh(now) if done.computed or done.dropped}

    def told(self) -> dict[str, list[dict[str, Any]]]:
        """All that the roll-ups say."""
        found = {}
        for table in TABLES:
            rows = self.clickhouse.query_text(
                f"SELECT * EXCEPT signature FROM {table} WHERE signature = ''"
            ).to_pylist()
            found[table] = sorted(rows, key=repr)
        return found

    def parts(self) -> set[tuple[str, str]]:
        rows = self.clickhouse.query_text(
            "SELECT table, name FROM system.parts WHERE database = currentDatabase() AND active"
            " AND startsWith(table, 'rollup_') AND table != 'rollup_refreshes'"
        ).to_pylist()
        return {(row["table"], row["name"]) for row in rows}

    def is_computed_from_scratch(self) -> bool:
        """Whether the roll-ups say what they would after having been empty."""
        before = self.told()
        for table in TABLES:
            self.clickhouse.statement(f"TRUNCATE TABLE {table}")
        self.refresh()
        return before == self.told() and all(before.values())


@pytest.fixture
def world(new_database: Callable[[], Settings]) -> World:
    made = World(new_database())
    made.refresh()
    return made


def test_where_nothing_has_changed_nothing_is_computed(world: World) -> None:
    before = world.parts()
    assert len(before) > len(TABLES)
    assert world.refresh(NOW + timedelta(hours=1)) == {}
    assert world.parts() == before
    for table in ("contact_day", "contacts", "accounts", "facts", "revenue"):
        world.clickhouse.statement(f"OPTIMIZE TABLE {table} FINAL")
    assert world.refresh() == {}, "merges change nothing"
    for row in world.clickhouse.rows("rollup_refreshes"):
        assert (row["current_at"], row["computed_at"]) == (NOW + timedelta(hours=1), NOW)


def test_roll_ups_say_what_a_computation_from_scratch_says_whatever_has_happened(world: World) -> None:
    """Each step changes something else; each time the roll-ups follow, and say another thing than before."""

    def exchange() -> None:
        world.clickhouse.statement("CREATE TABLE built AS contact_day")
        world.clickhouse.statement("INSERT INTO built SELECT * FROM contact_day WHERE account_id != 'mori'")
        world.clickhouse.statement("EXCHANGE TABLES built AND contact_day")
        world.clickhouse.statement("DROP TABLE built")
        world.touch("mori", date(2026, 5, 9), "b")

    steps: dict[str, Callable[[], object]] = {
        "a touch": lambda: world.touch("kaze", date(2026, 6, 1), "d"),
        "a late one over the turn of a year": lambda: world.touch("mori", date(2024, 12, 31), "d"),
        "one taken back": lambda: world.touch("kaze", date(2025, 5, 9), "a", version=2, deleted=1),
        "a rebinding": lambda: (
            world.touch("", date(2025, 2, 28), "c", version=2, deleted=1),
            world.touch("mori", date(2025, 2, 28), "c", version=2),
        ),
        "another seniority": lambda: world.seniority("a", "executive", 2),
        "another opportunity": lambda: world.opportunity("o2", "Second"),
        "an opportunity told anew": lambda: world.opportunity("o1", "Renamed"),
        "a dropped year": lambda: world.clickhouse.statement("ALTER TABLE contact_day DROP PARTITION 2024"),
        "a mutation": lambda: world.clickhouse.statement(
            "ALTER TABLE contact_day DELETE WHERE day = '2025-01-03' SETTINGS mutations_sync = 2"
        ),
        "a replay": exchange,
        "revenue": lambda: world.clickhouse.insert_rows(
            "revenue", ("account_id", "counts_for", "month", "amount", "epoch"), [("mori", "mori", NOW.date(), 1.0, 2)]
        ),
    }
    for name, step in steps.items():
        before = world.told()
        step()
        assert world.refresh() != {}, name
        assert world.told() != before, name
        assert world.is_computed_from_scratch(), name


def test_only_the_years_that_a_change_reaches_are_computed(world: World) -> None:
    world.touch("kaze", date(2026, 6, 1), "a", version=2)
    assert {name: done.computed for name, done in world.refresh().items() if name in YEARLY} == dict.fromkeys(
        YEARLY, ("2026",)
    )
    world.touch("kaze", date(2025, 5, 9), "a", version=2)
    # A week of 2025 ends in 2026, and nothing of the fiscal quarters that begin in April does.
    computed = {name: done.computed for name, done in world.refresh().items() if name in YEARLY}
    assert computed == dict.fromkeys(YEARLY, ("2025",)) | {"account_week": ("2025", "2026")}
    world.opportunity("o1", "Renamed")
    assert world.refresh().keys() == {"pipeline", "opportunity_owners", "coverage"}
    world.seniority("a", "staff", 2)
    assert world.refresh().keys() == {"account_week", "management_contacts", "coverage", "engagement_score"}


def test_settings_and_the_day_are_part_of_what_is_followed(world: World) -> None:
    assert world.refresh(NOW + timedelta(days=1)).keys() == {"coverage", "engagement_score"}
    changed = world.refresh(NOW + timedelta(days=1), fiscal_year_start_month=2)
    assert changed.keys() >= {"engagement_rate_quarter", "management_contacts", "revenue_quarter"}
    quarters = {str(row["quarter"]) for row in world.told()["rollup_management_contacts"]}
    assert "2025-11-01" in quarters
    assert "2026-01-01" not in quarters


def test_a_year_that_is_gone_leaves_no_row_behind(world: World) -> None:
    world.clickhouse.statement("ALTER TABLE contact_day DROP PARTITION 2024")
    done = world.refresh()
    assert {name: done[name].dropped for name in YEARLY} == dict.fromkeys(YEARLY, ("2024",))
    assert min(row["month"] for row in world.told()["rollup_engagement_rate"]) == date(2025, 1, 1)
    world.clickhouse.statement("TRUNCATE TABLE contact_day")
    world.refresh()
    assert world.told()["rollup_account_week"] == []
    assert [row["engaged"] for row in world.told()["rollup_coverage"]] == [None, None], "not known is not zero"


def test_a_crash_between_computing_and_replacing_leaves_the_old_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server goes away with the statement that replaces: neither that one nor the one that clears up arrives."""
    before = world.told()
    world.touch("kaze", date(2026, 6, 1), "d")
    arrives = ClickHouse.statement

    def breaks_off(self: ClickHouse, sql: str, *args: Any, **more: Any) -> Any:
        if "REPLACE PARTITION" in sql or "DROP TABLE" in sql:
            raise QueryFailed("gone", 0)
        return arrives(self, sql, *args, **more)

    monkeypatch.setattr(ClickHouse, "statement", breaks_off)
    with pytest.raises(QueryFailed):
        world.refresh()
    monkeypatch.undo()
    left = (
        "SELECT count() FROM system.tables WHERE database = currentDatabase() AND startsWith(name, 'rollup_staging_')"
    )
    assert world.told() == before
    assert world.clickhouse.statement(left) == 1
    assert world.refresh() != {}
    assert world.told() != before
    assert world.clickhouse.statement(left) == 1, "another worker may be at it"
    world.refresh(NOW + timedelta(seconds=LEFT_OVER_S))
    assert world.clickhouse.statement(left) == 0


def test_what_a_writer_that_slept_has_overwritten_is_computed_again(world: World) -> None:
    """It looked, fell asleep, and puts its partitions over newer ones."""
    sleeper = world.rollups()
    known = sleeper._look()
    world.touch("kaze", date(2026, 6, 1), "d")
    slept = {r.name: dict(sleeper._wanted(r, known, NOW.date())) for r in ROLLUPS}
    world.refresh()
    right = world.told()
    # What it had read before it slept is of before the touch.
    world.clickhouse.statement("CREATE TABLE kept AS contact_day")
    world.clickhouse.statement("EXCHANGE TABLES kept AND contact_day")
    world.clickhouse.statement("INSERT INTO contact_day SELECT * FROM kept WHERE contact_key != 'mail:d@kaze.example'")
    for rollup in ROLLUPS:
        for partition, part in slept[rollup.name].items():
            sleeper._put(rollup, partition, part, NOW)
    world.clickhouse.statement("EXCHANGE TABLES kept AND contact_day")
    assert world.told() != right
    assert world.refresh() != {}
    assert world.told() == right
    assert world.refresh() == {}


def test_the_worker_refreshes_at_its_pace(world: World) -> None:
    clock = [0.0]
    keeper = RollupKeeper(world.rollups, lambda: clock[0])
    world.touch("kaze", date(2026, 6, 1), "d")
    assert keeper.run(NOW) > 0
    world.touch("kaze", date(2026, 6, 2), "d")
    clock[0] = 59.0
    assert keeper.run(NOW) == 0
    clock[0] = 60.0
    assert keeper.run(NOW) > 0

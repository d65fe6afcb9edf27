"""Roll-ups follow from what is stored now, whatever happened meanwhile, and cost nothing where nothing did."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from infra.bi import databases
from infra.clickhouse import ClickHouse, QueryFailed
from infra.rollups import LEFT_OVER_S, ROLLUPS, Refreshed, Rollups
from infra.score_profile import load_profile
from infra.settings import Settings
from jobs.migrate import migrate_tables
from streams.rollups import RollupKeeper
from tests.contract.embedded_clickhouse import PASSWORDS, Server

NOW = datetime(2026, 6, 14, 5, tzinfo=UTC)
TABLES = [f"rollup_{rollup.name}" for rollup in ROLLUPS]
DAY_COLUMNS = ("account_id", "day", "contact_key", "kind", "action", "direction", "touches", "version", "is_deleted")
YEARLY = {"engagement_rate", "engagement_rate_quarter", "account_week", "management_contacts", "unbound_touches"}
YEARLY |= {"contact_activity"}
OF_PLANS = {"plan_vs_actual", "plan_actions", "plan_targets", "plan_competitors", "stakeholders"}


def every(year: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(YEARLY, (year,))


def rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Sums of the same numbers in another order differ in their last digits."""
    return {name: round(value, 5) if isinstance(value, float) else value for name, value in row.items()}


class World:
    """A store with something of everything in it, over the turns of years."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clickhouse = ClickHouse(settings)
        self.versions = count(1)
        accounts = [("kaze", "風電機", "strategic", "customer", 1), ("mori", "Mori", "target", "customer", 1)]
        self.clickhouse.insert_rows("accounts", ("account_id", "name", "tier", "kind", "epoch"), accounts)
        self.seniority("a", "management")
        for year in (2025, 2026):
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
        product = {"product": "Alpha", "currency": "JPY", "targets": [{"fiscal_year": 2026, "amount": 10.0}]}
        self.plan("p", "product", **product)
        self.plan("it.staff", "target", function="it", seniority="staff", wanted=3)
        self.plan("meet", "action", what="Meet", owner="Sato", status="open")
        self.plan("rival", "competitor", name="Rival", products="", positions=[])
        self.plan("cio", "stakeholder", contact_key="mail:a@kaze.example", name="Tanaka", owner="Sato")

    def touch(self, account: str, day: date, contact: str, *, deleted: int = 0) -> None:
        key = f"mail:{contact}@kaze.example"
        row = (account, day, key, "meeting", "held", "mutual", 1, next(self.versions), deleted)
        self.clickhouse.insert_rows("contact_day", DAY_COLUMNS, [row])

    def seniority(self, contact: str, level: str) -> None:
        columns = ("contact_key", "account_id", "name", "seniority", "epoch")
        row = (f"mail:{contact}@kaze.example", "kaze", "Name", level, next(self.versions))
        self.clickhouse.insert_rows("contacts", columns, [row])

    def opportunity(self, key: str, name: str) -> None:
        self.state("opportunity_recorded", opportunity_id=key, name=name, owner="Sato", outcome="open")

    def plan(self, key: str, part: str, **told: Any) -> None:
        self.state("plan_item_stated", key=key, item={"part": part, **told})

    def state(self, kind: str, **told: Any) -> None:
        number = next(self.versions)
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
        row = (UUID(int=number), kind, at, json.dumps({"type": kind, "account_id": "kaze", **told}))
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
            rows = self.clickhouse.query_text(f"SELECT * EXCEPT signature FROM {table} WHERE signature = ''")
            found[table] = sorted(map(rounded, rows.to_pylist()), key=repr)
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


@pytest.fixture(scope="module")
def filled(clickhouse_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("rollups"),
        clickhouse_url=f"http://127.0.0.1:{clickhouse_server.port}",
        clickhouse_password=PASSWORDS["setten"],
        clickhouse_database="rolled_up",
    )
    migrate_tables(settings)
    made = World(settings)
    yield made
    for database in (*databases(settings).values(), settings.clickhouse_database):
        made.clickhouse.statement(f"DROP DATABASE {database}")
    made.clickhouse.close()


@pytest.fixture
def world(filled: World) -> World:
    """One for all tests, each of which adds its own changes to it; up to date."""
    filled.refresh()
    return filled


def test_where_nothing_has_changed_nothing_is_computed(world: World) -> None:
    before = world.parts()
    assert len(before) > len(TABLES)
    assert world.refresh(NOW + timedelta(hours=1)) == {}
    assert world.parts() == before
    for table in ("contact_day", "contacts", "accounts", "facts", "revenue"):
        world.clickhouse.statement(f"OPTIMIZE TABLE {table} FINAL")
    assert world.refresh(NOW + timedelta(hours=2)) == {}, "merges change nothing"
    for row in world.clickhouse.rows("rollup_refreshes"):
        told = [row[name].replace(tzinfo=UTC) for name in ("current_at", "computed_at")]
        assert told == [NOW + timedelta(hours=2), NOW]


def test_roll_ups_say_what_a_computation_from_scratch_says_whatever_has_happened(world: World) -> None:
    """The changes of a round reach different partitions, so that none of them hides that another was overlooked."""
    statement = world.clickhouse.statement

    def replay() -> None:
        statement("CREATE TABLE built AS contact_day")
        statement("INSERT INTO built SELECT * FROM contact_day WHERE account_id != 'mori'")
        statement("EXCHANGE TABLES built AND contact_day")
        statement("DROP TABLE built")

    def rebinding() -> None:
        world.touch("", date(2026, 2, 28), "c", deleted=1)
        world.touch("mori", date(2026, 2, 28), "c")

    rounds: dict[str, Callable[[], object]] = {
        "a touch, a late one over the turn of a year, one taken back": lambda: (
            world.touch("kaze", date(2026, 6, 1), "d"),
            world.touch("mori", date(2024, 12, 31), "d"),
            world.touch("kaze", date(2025, 5, 9), "a", deleted=1),
        ),
        "another seniority, opportunity, plan and revenue": lambda: (
            world.seniority("a", "executive"),
            world.opportunity("o2", "Second"),
            world.plan("meet", "action", what="Call", owner="Sato", status="done"),
            world.clickhouse.insert_rows(
                "revenue",
                ("account_id", "counts_for", "month", "amount", "epoch"),
                [("mori", "mori", date(2026, 1, 1), 1.0, 2)],
            ),
        ),
        "a dropped year, a mutation, a rebinding": lambda: (
            statement("ALTER TABLE contact_day DROP PARTITION 2024"),
            statement("ALTER TABLE contact_day DELETE WHERE day = '2025-02-28' SETTINGS mutations_sync = 2"),
            rebinding(),
        ),
        "a replay": replay,
    }
    for name, change in rounds.items():
        before = world.told()
        change()
        assert world.refresh() != {}, name
        assert world.told() != before, name
        assert world.is_computed_from_scratch(), name


def test_only_the_years_that_a_change_reaches_are_computed(world: World) -> None:
    world.touch("kaze", date(2026, 6, 1), "a")
    assert {name: done.computed for name, done in world.refresh().items() if name in YEARLY} == every("2026")
    world.touch("kaze", date(2025, 5, 9), "a")
    # A week of 2025 ends in 2026, and nothing of the fiscal quarters that begin in April does.
    computed = {name: done.computed for name, done in world.refresh().items() if name in YEARLY}
    assert computed == every("2025") | {"account_week": ("2025", "2026")}
    world.opportunity("o1", "Renamed")
    assert world.refresh().keys() == OF_PLANS | {"pipeline", "opportunity_owners", "coverage", "funnel"}
    world.clickhouse.insert_rows("store_facts", ("name", "value"), [("score_profile", "another-1")])
    assert world.refresh().keys() == {"funnel"}, "stages count by the profile that was used last"
    columns = ("profile", "account_id", "day", "from_stage", "to_stage", "qualified", "version")
    row = ("another-1", "kaze", date(2026, 5, 1), "aware", "mqa", 1, 1)
    world.clickhouse.insert_rows("stage_transitions", columns, [row])
    assert world.refresh().keys() == {"funnel"}
    assert date(2026, 5, 1) in {row["mql_on"] for row in world.told()["rollup_funnel"]}
    world.seniority("a", "staff")
    assert world.refresh().keys() == {"account_week", "management_contacts", "coverage", "engagement_score"}


def test_settings_and_the_day_are_part_of_what_is_followed(world: World) -> None:
    assert world.refresh(NOW + timedelta(days=1)).keys() == {"coverage", "engagement_score", "funnel"}
    changed = world.refresh(NOW + timedelta(days=1), fiscal_year_start_month=2)
    assert changed.keys() >= {"engagement_rate_quarter", "management_contacts", "revenue_quarter"}
    quarters = {str(row["quarter"]) for row in world.told()["rollup_management_contacts"]}
    assert "2025-11-01" in quarters
    assert "2026-01-01" not in quarters
    assert world.refresh(NOW + timedelta(days=1)).keys() == changed.keys()


def test_a_year_that_is_gone_leaves_no_row_behind(world: World) -> None:
    world.touch("kaze", date(2020, 5, 9), "a")
    world.touch("", date(2020, 5, 9), "c")
    assert {name: done.computed for name, done in world.refresh().items() if name in YEARLY} == every("2020")
    world.clickhouse.statement("ALTER TABLE contact_day DROP PARTITION 2020")
    done = world.refresh()
    assert {name: done[name].dropped for name in YEARLY} == every("2020")
    assert min(row["month"] for row in world.told()["rollup_engagement_rate"]) > date(2020, 5, 1)
    world.clickhouse.statement("CREATE TABLE kept AS contact_day")
    world.clickhouse.statement("EXCHANGE TABLES kept AND contact_day")
    world.refresh()
    assert world.told()["rollup_account_week"] == []
    assert [row["engaged"] for row in world.told()["rollup_coverage"]] == [None, None], "not known is not zero"
    world.clickhouse.statement("EXCHANGE TABLES kept AND contact_day")
    world.clickhouse.statement("DROP TABLE kept")


def test_a_crash_between_computing_and_replacing_leaves_the_old_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server goes away with the statement that replaces: neither that one nor the one that clears up arrives."""
    before = world.told()
    world.touch("kaze", date(2026, 6, 1), "e")
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
    world.touch("kaze", date(2026, 6, 1), "f")
    slept = {r: dict(sleeper._wanted(r, known, NOW.date())) for r in ROLLUPS if r.name in YEARLY}
    world.refresh()
    right = world.told()
    # What it had read before it slept is of before the touch.
    world.clickhouse.statement("CREATE TABLE kept AS contact_day")
    world.clickhouse.statement("EXCHANGE TABLES kept AND contact_day")
    world.clickhouse.statement("INSERT INTO contact_day SELECT * FROM kept WHERE contact_key != 'mail:f@kaze.example'")
    known = sleeper._look()  # it fell asleep after it had looked for what was deleted
    for rollup, parts in slept.items():
        assert sleeper._put(rollup, "2026", parts["2026"], known, NOW)
    world.clickhouse.statement("EXCHANGE TABLES kept AND contact_day")
    world.clickhouse.statement("DROP TABLE kept")
    assert world.told() != right
    assert world.refresh() != {}
    assert world.told() == right
    assert world.refresh() == {}


def test_what_was_deleted_while_it_was_computed_is_not_put_back(world: World) -> None:
    """Somebody is forgotten between the reading and the replacing; what others add meanwhile puts nothing off."""
    world.touch("kaze", date(2026, 6, 3), "g")
    rollups = world.rollups()
    known = rollups._look()
    [rollup] = [one for one in ROLLUPS if one.name == "contact_activity"]
    part = dict(rollups._wanted(rollup, known, NOW.date()))["2026"]
    asked = "SELECT countIf(contact_key = 'mail:g@kaze.example') FROM rollup_contact_activity"

    def slowly(then: Callable[[], object]) -> bool:
        return rollups._put(
            rollup, "2026", part._replace(fill=lambda staging: (part.fill(staging), then())), known, NOW
        )

    forget = "ALTER TABLE contact_day DELETE WHERE contact_key = 'mail:g@kaze.example' SETTINGS mutations_sync = 2"
    assert not slowly(lambda: world.clickhouse.statement(forget))
    assert world.clickhouse.statement(asked) == 0
    known = rollups._look()
    assert slowly(lambda: world.touch("kaze", date(2026, 6, 4), "h"))
    assert world.refresh().keys() >= {"contact_activity"}


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

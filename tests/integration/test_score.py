"""Scores and stages on a real ClickHouse against plain Python over the same rows; the demo world and small ones."""

import csv
import io
import json
import os
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from infra.clickhouse import ClickHouse
from infra.kpis import Question, ask_kpi, phases
from infra.score_profile import default_text, load_profile
from infra.scores import FIRST_DAY, LATE_DAYS, Scores
from infra.settings import Settings
from infra.store import Store
from jobs.demo.world import build
from jobs.migrate import migrate_tables
from models.kpis import KPIS
from models.periods import latest
from models.records import Origin
from models.score.ledger import contributions, engaged, score
from streams.ingest.batch import Record
from streams.ingest.cycle import Cycle
from streams.stages import StageKeeper
from tests.contract.embedded_clickhouse import PASSWORDS, Server
from tests.plain_scores import Account
from tests.stack import ROOT

UNTIL = date(2026, 6, 14)
PROFILE = tomllib.loads(default_text())
ROWS = (
    "SELECT account_id, toDate32(day) AS day, contact_key, toString(kind) AS kind, toString(action) AS action,"
    " toString(direction) AS direction, touches, if(known.seniority = '', 'unknown', known.seniority) AS seniority"
    " FROM (SELECT * FROM contact_day FINAL) AS d"
    " LEFT JOIN (SELECT contact_key, toString(seniority) AS seniority FROM contacts FINAL) AS known USING contact_key"
    " WHERE account_id != ''"
)
STORED = (
    "SELECT account_id, toDate32(day) AS day, toString(from_stage) AS from_stage, toString(to_stage) AS to_stage,"
    " score, people, managers, qualified, version FROM stage_transitions FINAL WHERE profile = {profile:String}"
    " ORDER BY account_id, day"
)


def plain(clickhouse: ClickHouse) -> dict[str, Account]:
    rows = defaultdict(list)
    for row in clickhouse.query_text(ROWS).to_pylist():
        rows[row["account_id"]].append(row)
    return {account: Account(PROFILE, of_account) for account, of_account in rows.items()}


def stored(scores: Scores, clickhouse: ClickHouse) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = clickhouse.query_text(STORED, {"profile": scores.profile.version}).to_pylist()
    return found


def update(scores: Scores, as_of: date, *accounts: str, since: date = FIRST_DAY) -> tuple[int, int]:
    done = list(scores.update(as_of, since, accounts))
    return sum(one.written for one in done), sum(one.removed for one in done)


def steps(rows: list[dict[str, Any]]) -> dict[str, list[tuple[date, str, str]]]:
    found = defaultdict(list)
    for row in rows:
        found[row["account_id"]].append((row["day"], row["from_stage"], row["to_stage"]))
    return dict(found)


class World(NamedTuple):
    """The demo world, loaded, and its accounts as plain Python sees them."""

    settings: Settings
    clickhouse: ClickHouse
    scores: Scores
    accounts: dict[str, Account]


@pytest.fixture(scope="module")
def world(clickhouse_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("scores"),
        clickhouse_url=f"http://127.0.0.1:{clickhouse_server.port}",
        clickhouse_password=PASSWORDS["setten"],
        clickhouse_database="scores",
    )
    migrate_tables(settings)
    clickhouse = ClickHouse(settings)
    cycle = Cycle(Store(clickhouse, settings.business_timezone), "facts", lambda touched: None)
    demo = build(1, UNTIL)
    headers = tuple(Origin("crm", "canonical", datetime(2026, 6, 15, tzinfo=UTC)).to_headers())
    facts = [json.loads(fact.model_dump_json()) for fact in demo.facts]
    cycle.run([Record("facts", 0, 0, 0, headers, json.dumps(facts).encode())])
    records = [Record(r.topic, 0, n, 0, tuple(r.origin.to_headers()), r.body) for n, r in enumerate(demo.records())]
    for start in range(0, len(records), 4000):
        cycle.run(records[start : start + 4000])
    scores = Scores(clickhouse, load_profile(settings))
    update(scores, UNTIL)
    yield World(settings, clickhouse, scores, plain(clickhouse))
    clickhouse.statement("DROP DATABASE scores")
    clickhouse.close()


# --- the demo world -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [0, 100, 700])
def test_the_scores_of_all_accounts_are_those_of_plain_python_and_of_the_pure_function(world: World, back: int) -> None:
    day = UNTIL - timedelta(days=back)
    ranked = world.scores.ranked(day)
    assert len(ranked) == 40
    for one in ranked:
        account = world.accounts[one.account_id]
        assert (one.score, one.people, one.managers) == (
            pytest.approx(account.on(day)[0], abs=1e-5),
            *account.on(day)[1:],
        )
        assert one.before == pytest.approx(account.on(day - timedelta(days=28))[0], abs=1e-5)
        assert one.stage == account.stage(day)
    for one in ranked[::8]:
        rows, _ = world.scores.ledger(one.account_id, day)
        lately = engaged(world.scores.profile, rows, day)
        assert (one.score, one.people, one.managers) == (
            pytest.approx(score(world.scores.profile, rows, day)),
            lately.people,
            lately.managers,
        )
        assert sum(c.points for c in contributions(world.scores.profile, rows, day)) == pytest.approx(one.score)


def test_the_transitions_stored_are_those_of_the_definition(world: World) -> None:
    rows = stored(world.scores, world.clickhouse)
    found = steps(rows)
    # Told apart by their stories; the definition is slow.
    for account_id in ("mikazuki", "komorebi", "yukishiro", "kiritani", "natsume"):
        assert found[account_id] == world.accounts[account_id].transitions(date(2023, 1, 1), UNTIL), account_id
    for row in rows[::5]:
        told = world.accounts[row["account_id"]].on(row["day"])
        assert (row["score"], row["people"], row["managers"]) == (pytest.approx(told[0], abs=1e-5), *told[1:])
        assert row["qualified"] == (row["to_stage"] == "mqa")
    assert {row["to_stage"] for row in rows} == {"unaware", "aware", "engaged", "mqa"}


def test_updating_again_writes_nothing(world: World) -> None:
    before = stored(world.scores, world.clickhouse)
    assert update(world.scores, UNTIL) == (0, 0)
    assert update(world.scores, UNTIL, since=UNTIL - timedelta(days=LATE_DAYS)) == (0, 0)
    assert stored(world.scores, world.clickhouse) == before


def test_the_stories_of_the_demo_world_show_in_their_scores(world: World) -> None:
    found = {one.account_id: one for one in world.scores.ranked(UNTIL)}
    assert (found["mikazuki"].change or 0) > 0, "a surge"
    for quiet in ("komorebi", "ravenmoor", "yukishiro", "watahashi"):
        assert (found[quiet].change or 0) < 0, quiet
    assert (found["yukishiro"].score or 0) < (found["suzukake"].score or 0) / 2, "crawlers make no score"


def test_before_the_first_touch_of_the_store_scores_are_unknown_and_not_zero(world: World) -> None:
    [one, *_] = world.scores.ranked(date(2001, 1, 1), ["mikazuki"])
    assert (one.score, one.before, one.change, one.stage, one.people) == (None, None, None, None, None)


# --- the command --------------------------------------------------------------------------------------------------


def setten(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SETTEN_")} | {
        "SETTEN_CLICKHOUSE_URL": world.settings.clickhouse_url,
        "SETTEN_CLICKHOUSE_PASSWORD": PASSWORDS["setten"],
        "SETTEN_CLICKHOUSE_DATABASE": "scores",
    }
    command = [sys.executable, "-m", "jobs.cli", "score", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


AS_OF = ("--as-of", str(UNTIL))


def test_the_command_prints_a_table_json_and_csv_of_the_same_scores(world: World) -> None:
    table = setten(world, *AS_OF, "--lang", "ja")
    assert table.returncode == 0, table.stderr
    assert "エンゲージメントスコア" in table.stdout
    told = json.loads(setten(world, *AS_OF, "--json").stdout)
    lines = list(csv.DictReader(io.StringIO(setten(world, *AS_OF, "--csv").stdout)))
    assert [one["account_id"] for one in told["accounts"]] == [one["account_id"] for one in lines]
    assert [one["account_id"] for one in told["accounts"]] == [one.account_id for one in world.scores.ranked(UNTIL)]
    assert float(lines[0]["score"]) == told["accounts"][0]["score"]
    [one] = json.loads(setten(world, "mikazuki", *AS_OF, "--json").stdout)["accounts"]
    assert one["account_id"] == "mikazuki"


def test_why_tells_a_ledger_that_adds_up_to_the_score(world: World) -> None:
    told = json.loads(setten(world, "why", "mikazuki", *AS_OF, "--json").stdout)
    [listed] = world.scores.ranked(UNTIL, ["mikazuki"])
    assert sum(one["points"] for one in told["ledger"]) == pytest.approx(told["score"]) == pytest.approx(listed.score)
    shown = setten(world, "why", "mikazuki", *AS_OF, "--limit", "3").stdout
    assert f"{told['score']:,.1f}" in shown
    assert f"{len(told['ledger']) - 3} more" in shown
    assert "email.received" in shown or "meeting.held" in shown


def test_why_tells_no_score_before_the_first_touch_of_the_store(world: World) -> None:
    early = ("why", "mikazuki", "--as-of", "2001-01-01")
    told = json.loads(setten(world, *early, "--json").stdout)
    assert (told["score"], told["people"], told["managers"], told["ledger"]) == (None, None, None, [])
    shown = setten(world, *early).stdout
    assert ("0.0" in shown, "mikazuki has –" in shown) == (False, True)


def test_the_phases_of_an_account_have_their_days(world: World) -> None:
    [one] = json.loads(setten(world, "phases", "mikazuki", *AS_OF, "--json").stdout)
    rows = [row for row in stored(world.scores, world.clickhouse) if row["account_id"] == "mikazuki"]
    assert one["mql_on"] == str(min(row["day"] for row in rows if row["to_stage"] == "mqa"))
    assert (one["sql_on"], one["profit_on"]) == (None, None)
    assert one["live_on"] < one["mrr_on"]
    [early] = json.loads(setten(world, "phases", "mikazuki", "--as-of", "2023-05-01", "--json").stdout)
    assert (early["mql_on"], early["mrr_on"]) == (None, None)


def test_who_asks_for_no_account_is_told_how_to_ask(world: World) -> None:
    done = setten(world, "nobody")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'nobody' is no account: use an account_id" in done.stderr


# --- what changes afterwards --------------------------------------------------------------------------------------

LAST = date(2026, 5, 31)
PEOPLE = ("hana@aozora.example", "ken@aozora.example", "yui@aozora.example")


def meeting(day: date, who: str = PEOPLE[0]) -> dict[str, Any]:
    told = {"contacts": [{"email": who}], "subject": "review"}
    return {"id": f"{who}{day}", "type": "meeting.held", "time": f"{day}T03:00:00Z", "data": told}


def ingest(cycle: Cycle, *bodies: Any, topic: str = "signals.meeting") -> None:
    headers = tuple(Origin("crm", "canonical", datetime(2026, 6, 15, tzinfo=UTC)).to_headers())
    cycle.run([Record(topic, 0, 0, 0, headers, json.dumps(list(bodies)).encode())])


def told(kind: str, day: int = 1, **values: Any) -> dict[str, Any]:
    return {"type": kind, "recorded_at": f"2026-06-{day:02}T00:00:00Z", **values}


ACCOUNTS = (
    told("account_declared", account_id="aozora", name="Aozora", domains=["aozora.example"]),
    told("account_declared", account_id="kita", name="Kita", domains=["kita.example"]),
    told("contact_declared", contact_key=f"mail:{PEOPLE[1]}", account_id="aozora", seniority="management"),
)


class Small(NamedTuple):
    """A store with two accounts, and what works on it."""

    store: Store
    cycle: Cycle
    scores: Scores

    def right(self) -> dict[str, list[tuple[date, str, str]]]:
        found = {k: a.transitions(date(2025, 6, 1), LAST) for k, a in plain(self.store.clickhouse).items()}
        return {account: steps for account, steps in found.items() if steps}

    def found(self) -> dict[str, list[tuple[date, str, str]]]:
        return steps(stored(self.scores, self.store.clickhouse))


@pytest.fixture
def small(new_store: Callable[[], Store]) -> Small:
    store = new_store()
    cycle = Cycle(store, "facts", lambda touched: None)
    ingest(cycle, *ACCOUNTS, topic="facts")
    meetings = [meeting(LAST - timedelta(days=back), who) for back in range(40, 300, 12) for who in PEOPLE]
    ingest(cycle, *meetings)
    return Small(store, cycle, Scores(store.clickhouse, load_profile(Settings())))


def test_touches_told_later_change_the_stages_of_their_days_and_take_back_those_that_are_no_more(small: Small) -> None:
    update(small.scores, LAST)
    before = small.found()
    assert before == small.right()
    ingest(small.cycle, *(meeting(LAST - timedelta(days=265), who) for who in PEOPLE))
    written, removed = update(small.scores, LAST)
    assert (small.found(), written > 0, removed > 0) == (small.right(), True, True)
    assert small.found() != before


def test_the_last_days_alone_are_put_right_by_what_their_days_need(small: Small) -> None:
    """As the worker does, for an account that was touched."""
    since = LAST - timedelta(days=LATE_DAYS)
    update(small.scores, since)
    ingest(small.cycle, *(meeting(LAST - timedelta(days=back), who) for back in range(8, 14) for who in PEOPLE))
    update(small.scores, LAST, "kita", since=since)
    assert small.found() != small.right()
    update(small.scores, LAST, "aozora", since=since)
    assert small.found() == small.right()


def test_days_whose_touches_expired_lose_their_stages_and_get_them_back_with_the_touches(small: Small) -> None:
    meetings = [meeting(LAST - timedelta(days=back), who) for back in range(400, 500, 12) for who in PEOPLE]
    ingest(small.cycle, *meetings)
    update(small.scores, LAST)
    before, middle = small.found(), LAST - timedelta(days=350)
    first = LAST - timedelta(days=425)  # so that some of the first stages remain, on other days
    # As retention does: rows go, no epoch tells of it.
    statement = small.store.clickhouse.statement
    statement(f"CREATE TABLE kept ENGINE = Memory AS SELECT * FROM contact_day FINAL WHERE day < '{first}'")
    statement(f"DELETE FROM contact_day WHERE day < '{first}'")
    _, removed = update(small.scores, LAST)
    right = {k: a.transitions(date(2024, 6, 1), LAST) for k, a in plain(small.store.clickhouse).items()}
    assert (removed > 0, small.found()) == (True, {k: v for k, v in right.items() if v})
    assert small.found()["aozora"] != before["aozora"]
    assert any(day < middle for day, *_ in small.found()["aozora"])
    assert update(small.scores, LAST) == (0, 0)
    statement("INSERT INTO contact_day SELECT * FROM kept")
    assert update(small.scores, LAST)[0] > 0
    assert small.found() == before
    assert update(small.scores, LAST) == (0, 0)


def mql_of(small: Small, *quarters: str) -> list[Any]:
    rows = ask_kpi(
        small.store.clickhouse,
        ZoneInfo("Asia/Tokyo"),
        Question(KPIS["funnel"], latest("quarter", LAST, 5, 4), LAST, profile=small.scores.profile.version),
    )
    told = {row.period.label: row.values["mqls"] for row in rows}
    return [told[one] for one in quarters]


def test_mqls_are_unknown_before_the_days_whose_stages_the_worker_computed_until_all_are(small: Small) -> None:
    quarters = ("FY2025 Q1", "FY2025 Q2", "FY2025 Q3", "FY2026 Q1")
    assert mql_of(small, *quarters) == [None] * 4
    keeper = StageKeeper(lambda: small.scores)
    keeper.run(LAST - timedelta(days=1), [])
    keeper.run(LAST, [])
    assert small.found()
    assert mql_of(small, *quarters)[:3] == [None] * 3
    assert mql_of(small, *quarters)[3] is not None
    update(small.scores, LAST, "aozora")
    assert mql_of(small, *quarters)[2] is None, "one account is not all"
    update(small.scores, LAST)
    first = min(day for day, _, to in small.found()["aozora"] if to == "mqa")
    assert date(2025, 10, 1) <= first <= date(2025, 12, 31)
    assert mql_of(small, *quarters) == [None, 0, 1, 0]
    keeper.run(LAST + timedelta(days=1), [])
    assert mql_of(small, *quarters) == [None, 0, 1, 0]


def test_a_merger_moves_the_stages_to_the_account_that_goes_on(small: Small) -> None:
    update(small.scores, LAST)
    ingest(small.cycle, told("account_merged", 2, account_id="aozora", into="kita"), topic="facts")
    update(small.scores, LAST)
    assert small.found() == small.right()
    assert small.found().keys() == {"kita"}


def test_a_merger_with_a_date_leaves_stages_and_phases_of_the_days_before_with_the_account(small: Small) -> None:
    since = LAST - timedelta(days=100)
    merger = told("account_merged", 2, account_id="aozora", into="kita", since=str(since))
    ingest(small.cycle, merger, topic="facts")
    # Enough of them in the days that are left for the other account to get to the same stage.
    ingest(small.cycle, *(meeting(LAST - timedelta(days=back), who) for back in (46, 58) for who in PEOPLE))
    update(small.scores, LAST)
    right = small.right()
    assert small.found() == right
    assert right.keys() == {"aozora", "kita"}
    first_mqa = {account: min(day for day, _, to in steps if to == "mqa") for account, steps in right.items()}
    assert first_mqa["aozora"] < since <= first_mqa["kita"]
    met = [LAST - timedelta(days=back) for back in range(40, 300, 12)]
    for as_of, accounts in ((since - timedelta(days=1), {"aozora", "kita"}), (since, {"kita"}), (LAST, {"kita"})):
        found = {
            one.account_id: (one.prospect_on, one.mql_on)
            for one in phases(small.store.clickhouse, ZoneInfo("Asia/Tokyo"), as_of, small.scores.profile.version)
        }
        days = {
            "aozora": (min(met), first_mqa["aozora"]),
            "kita": (min(d for d in met if d >= since), first_mqa["kita"]),
        }
        seen = {account: tuple(day if day <= as_of else None for day in days[account]) for account in accounts}
        assert found == seen, as_of
        assert {one.account_id for one in small.scores.ranked(as_of)} == accounts


def test_a_seniority_corrected_later_corrects_the_stages(small: Small) -> None:
    update(small.scores, LAST)
    assert any(to == "mqa" for _, _, to in small.found()["aozora"])
    declared = {"contact_key": f"mail:{PEOPLE[1]}", "account_id": "aozora", "seniority": "staff"}
    ingest(small.cycle, told("contact_declared", 2, **declared), topic="facts")
    update(small.scores, LAST)
    assert small.found() == small.right()
    assert not any(to == "mqa" for _, _, to in small.found()["aozora"])


def test_the_worker_looks_at_all_accounts_once_a_day_and_at_others_when_they_were_touched(small: Small) -> None:
    keeper = StageKeeper(lambda: small.scores)
    assert keeper.run(LAST, []) > 0
    assert (keeper.run(LAST, []), keeper.run(LAST, ["aozora", "kita"])) == (0, 0)
    ingest(small.cycle, meeting(LAST, "taro@kita.example"))
    assert (keeper.run(LAST, []), keeper.run(LAST, ["aozora"]), keeper.run(LAST, ["kita"])) == (0, 0, 1)
    ingest(small.cycle, meeting(LAST - timedelta(days=1), "jiro@kita.example"))
    assert keeper.run(LAST + timedelta(days=1), []) > 0
    since = LAST - timedelta(days=LATE_DAYS - 1)
    right = {k: [one for one in of_account if one[0] >= since] for k, of_account in small.right().items()}
    assert {k: [s for s in v if since <= s[0] <= LAST] for k, v in small.found().items()} == right


class Sleeper(Scores):
    """Falls asleep between reading and writing, and lets something happen meanwhile."""

    meanwhile: Callable[[], Any]

    def _changes(self, *arguments: Any) -> Any:
        read = super()._changes(*arguments)
        self.meanwhile()
        return read


def test_a_writer_that_slept_overwrites_nothing_newer_and_what_it_adds_goes_with_the_next_update(small: Small) -> None:
    first, *_ = small.right()["aozora"]

    def meanwhile() -> None:
        # On a day of a transition: it stays one, with another score.
        ingest(small.cycle, meeting(first[0], "new@aozora.example"), meeting(LAST - timedelta(days=265)))
        update(small.scores, LAST)

    sleeper = Sleeper(small.store.clickhouse, small.scores.profile)
    sleeper.meanwhile = meanwhile
    update(sleeper, LAST)
    accounts = plain(small.store.clickhouse)
    newer = {(row["account_id"], row["day"]): row for row in stored(small.scores, small.store.clickhouse)}
    for account_id, of_account in small.right().items():
        for day, *_ in of_account:
            assert newer[account_id, day]["score"] == pytest.approx(accounts[account_id].on(day)[0], abs=1e-5)
    update(small.scores, LAST)
    assert small.found() == small.right()


def test_another_profile_has_stages_of_its_own(small: Small, tmp_path: Any) -> None:
    update(small.scores, LAST)
    before = small.found()
    own = tmp_path / "own.toml"
    own.write_text(default_text().replace("half_life_days = 30", "half_life_days = 10"), "utf-8")
    other = Scores(small.store.clickhouse, load_profile(Settings(score_profile=own)))
    update(other, LAST)
    assert small.found() == before
    assert steps(stored(other, small.store.clickhouse)) != before

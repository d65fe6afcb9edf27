"""The views for BI tools over plans, targets, stages and recorded rankings, against plain Python."""

import json
import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from infra.bi import databases
from infra.clickhouse import ClickHouse
from infra.kpis import Question, ask_kpi
from infra.rollups import Rollups
from infra.score_profile import load_profile
from infra.scores import Scores
from infra.settings import Settings
from jobs.migrate import migrate_tables
from models.kpis import KPIS
from models.periods import periods
from tests.contract.embedded_clickhouse import PASSWORDS, Server

START = 8  # first month of the fiscal year
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
RECORDED = "2026-02-01 00:00:00.000000"
NAMES = {
    "kaze": "風電機",
    "mori": "'; DROP TABLE facts; --",
    "umi": "海",
    "gone": "Merged away",
    "left": "Merged",
    "sora": "",
}
Row = dict[str, Any]


@dataclass
class World:
    clickhouse: ClickHouse
    settings: Settings
    today: date
    left_on: date  # when `left` became part of `umi`; `gone` was part of `kaze` all the time
    facts: list[tuple[datetime, Row]] = field(default_factory=list)
    revenue: dict[tuple[str, date, str], float] = field(default_factory=dict)

    def ask(self, view: str) -> list[list[Any]]:
        folder, _, name = view.partition(".")
        database = databases(self.settings)[folder]  # type: ignore[index]
        told = self.clickhouse.statement(
            f"SELECT * FROM {database}.{name} FORMAT JSONCompactEachRow"
            " SETTINGS output_format_json_quote_64bit_integers = 0"
        )
        return [json.loads(line) for line in str(told).splitlines()]

    def state(self, kind: str, at: datetime = LATE, **told: Any) -> None:
        self.facts.append((at, {"type": kind, **told}))

    def held(self, kind: str) -> list[Row]:
        return [told for at, told in self.facts if told["type"] == kind and at == LATE]

    def items(self, part: str) -> list[Row]:
        """The items of a part that stand, with account and key: those stated late and not dropped."""
        gone = {(f["account_id"], f["key"]) for _, f in self.facts if f["type"] == "plan_item_dropped"}
        return [
            {"account_id": f["account_id"], "key": f["key"], **f["item"]}
            for f in self.held("plan_item_stated")
            if f["item"]["part"] == part and (f["account_id"], f["key"]) not in gone
        ]


def year_of(day: date) -> int:
    return day.year if day.month >= START else day.year - 1


@pytest.fixture(scope="module")
def world(clickhouse_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("bi_plans"),
        clickhouse_url=f"http://127.0.0.1:{clickhouse_server.port}",
        clickhouse_password=PASSWORDS["setten"],
        clickhouse_database="bi_plans",
        fiscal_year_start_month=START,
    )
    migrate_tables(settings)
    clickhouse = ClickHouse(settings)
    today = date.fromisoformat(str(clickhouse.statement("SELECT toDate(now(), 'Asia/Tokyo')")).strip())
    made = World(clickhouse, settings, today, today - timedelta(days=60))
    merged = {
        "gone": ("kaze", None, [(date(1970, 1, 1), "kaze")]),
        "left": ("umi", made.left_on, [(made.left_on, "umi")]),
    }
    clickhouse.insert_rows(
        "accounts",
        ("account_id", "name", "tier", "kind", "merged_into", "merged_since", "merges", "epoch"),
        [(key, name, "strategic", "customer", *merged.get(key, ("", None, [])), 1) for key, name in NAMES.items()],
    )
    fill_plans(made)
    fill_sales(made)
    fill_prospects(made)
    rows = [
        (UUID(int=number + 1), told["type"], at, json.dumps({"recorded_at": at.isoformat(), **told}))
        for number, (at, told) in enumerate(made.facts)
    ]
    clickhouse.insert_rows("facts", ("fact_id", "type", "recorded_at", "body"), rows)
    fill_stages(made)
    fill_priorities(made)
    list(Rollups(clickhouse, settings, load_profile(settings)).refresh(datetime.now(UTC)))
    yield made
    for database in (*databases(settings).values(), settings.clickhouse_database):
        clickhouse.statement(f"DROP DATABASE {database}")
    clickhouse.close()


def fill_plans(world: World) -> None:
    rng = random.Random(1)
    year = year_of(world.today)

    def item(account: str, key: str, part: str, **told: Any) -> None:
        world.state("plan_item_stated", EARLY, account_id=account, key=key, item={"part": part, **told, "name": "old"})
        world.state("plan_item_stated", account_id=account, key=key, item={"part": part, **told})

    for account in NAMES:
        for product in ("Alpha", "ｂｅｔａ", "Gamma"):
            targets = [{"fiscal_year": year + n, "amount": float(rng.choice([0, 50, 200]))} for n in (-1, 0, 1)]
            told = {"product": product, "currency": rng.choice(["JPY", "JPY", "USD"]), "targets": targets}
            item(account, product.casefold(), "product", **told, current_amount=rng.choice([None, 30.0]))
        item(account, "it.management", "target", function="it", seniority="management", wanted=3)
        item(account, "sato", "team", person="Sato", role="sales")
        for number in range(6):
            due = rng.choice([None, world.today + timedelta(days=rng.randrange(-3, 3))])
            told = {"what": f"Do '{number}'", "due": due and due.isoformat(), "status": rng.choice(["open", "done"])}
            item(account, f"a{number}", "action", **told, owner=rng.choice(["Sato", "Suzuki", ""]), stakeholder="cio")
    yesterday = (world.today - timedelta(days=1)).isoformat()
    item("kaze", "r1", "request", what="A demo", to="Sato", due=yesterday, status="open")
    item("kaze", "p1", "partner_action", what="Deals", ours="Sato", rhythm="weekly", status="doing", due=yesterday)
    item("kaze", "today", "action", what="Today", owner="Sato", due=world.today.isoformat(), status="open")
    item("kaze", "second", "team", person="Sato", role="owner")
    item("mori", "gone-item", "target", function="hr", seniority="staff", wanted=9)
    world.state("plan_item_dropped", LATE + timedelta(1), account_id="mori", part="target", key="gone-item")
    item("umi", "price", "priority", name="Price", importance=9, ours=None)
    item("umi", "rival", "competitor", name="Rival Ltd", products="R1", positions=[{"priority": "price", "theirs": 7}])
    item("umi", "other", "competitor", name="Other", products="", positions=[])
    for told in ({}, {"channel": "web"}, {"account": "kaze", "product": "Alpha"}, {"group": "kaze"}):
        days = {"first": "2026-04-01", "last": "2026-06-30", "currency": ""}
        world.state("kpi_target_set", EARLY, kpi="engagement_rate", of=told, value=0.1, **days)
        world.state("kpi_target_set", kpi="engagement_rate", of=told, value=0.4, **days)
    world.state("kpi_target_set", kpi="meetings", of={}, first="2026-04-01", last="2026-04-30", value=None, currency="")


def fill_sales(world: World) -> None:
    rng = random.Random(2)
    for number in range(150):
        outcome = rng.choice(["open", "won", "won", "lost"])
        amount = rng.choice([None, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0])
        day = world.today - timedelta(days=rng.randrange(900))
        told = {
            "opportunity_id": f"o{number}",
            "account_id": rng.choice(["kaze", "kaze", "mori", "gone", "sora", None]),
            "name": f"Deal {number}",
            "product": rng.choice(["alpha", "Beta", "BETA", "", "Delta"]),
            "stage": "Talk",
            "outcome": outcome,
            "amount": amount,
            "currency": rng.choice(["JPY", "JPY", "USD"]) if amount else None,
            "opened_on": (day - timedelta(days=30)).isoformat(),
            "closed_on": None if outcome == "open" else day.isoformat(),
        }
        world.state("opportunity_recorded", EARLY, **{**told, "amount": 7777.0, "currency": "JPY"})
        world.state("opportunity_recorded", **told)
    for number, days in enumerate((-20, 20)):  # won before and after the merger: of the one account and of the other
        day = world.left_on + timedelta(days=days)
        told = {"opportunity_id": f"left{number}", "account_id": "left", "product": "Alpha", "outcome": "won"}
        told |= {"opened_on": day.isoformat(), "closed_on": day.isoformat(), "amount": 5.0, "currency": "JPY"}
        world.state("opportunity_recorded", **told)
    first = (year_of(world.today) - 1) * 12 + START - 1
    for account, missing in (("kaze", None), ("mori", 5)):
        for month in range(15):
            if month != missing:
                day = date((first + month) // 12, (first + month) % 12 + 1, 1)
                world.revenue[account, day, "JPY"] = float(rng.randrange(1, 50))
    for (account, month, currency), amount in world.revenue.items():
        told = {"month": month.isoformat(), "currency": currency, "amount": amount}
        world.state("revenue_recorded", account_id=account, **told)
    rows = [(*key, amount, key[0], 1) for key, amount in world.revenue.items()]
    columns = ("account_id", "month", "currency", "amount", "counts_for", "epoch")
    world.clickhouse.insert_rows("revenue", columns, rows)


def fill_prospects(world: World) -> None:
    """Declared and touched before, declared and touched after, declared under a name that was merged, touched only."""
    for account, at in (("mori", LATE), ("umi", EARLY), ("gone", LATE + timedelta(hours=20))):
        world.state("account_declared", at, account_id=account, name=NAMES[account])
    columns = ("account_id", "day", "contact_key", "kind", "action", "direction", "bound_by", "touches", "version")
    days = [("mori", date(2025, 3, 1), "inbound", 1), ("umi", date(2026, 5, 1), "inbound", 1)]
    days += [("sora", date(2026, 4, 1), "outbound", 2), ("sora", date(2026, 3, 1), "internal", 2)]
    days += [("sora", date(2026, 2, 1), "inbound", 0)]
    rows = [(a, day, "mail:p@x.example", "email", "sent", way, "domain", touches, 1) for a, day, way, touches in days]
    world.clickhouse.insert_rows("contact_day", columns, rows)


# In Tokyo it was the second of February already when the merged account was declared.
PROSPECTS = {"mori": "2025-03-01", "umi": "2026-01-01", "kaze": "2026-02-02", "sora": "2026-04-01"}
TRANSITION = ("unaware", "aware", 0, 20.5, 2, 1, "20.5 points", "20.5 点")


def fill_stages(world: World) -> None:
    """Of the profile that the worker used, and of one that was used before it and reached further."""
    columns = ("profile", "account_id", "day", "from_stage", "to_stage", "qualified", "score", "people", "managers")
    columns += ("why_en", "why_ja", "version", "is_deleted")
    settings = world.settings
    before, now = "before-1", load_profile(settings).version
    world.clickhouse.insert_rows("store_facts", ("name", "value"), [("score_profile", before)])
    long_ago = date(2020, 1, 1)  # it finds nothing there, and says which profile it went by
    list(Scores(world.clickhouse, load_profile(settings)).update(long_ago, long_ago))
    day = world.today - timedelta(days=40)
    rows = [
        (before, "kaze", day, "unaware", "mqa", 1, 99.0, 9, 9, "x", "x", 9 << 40, 0),
        (now, "kaze", day, *TRANSITION, 1, 0),
        (now, "mori", day, "aware", "mqa", 1, 70.0, 5, 2, "70 points", "70 点", 1, 0),
        (now, "umi", day, *TRANSITION, 1, 0),
        (now, "umi", day, *TRANSITION, 2, 1),
    ]
    world.clickhouse.insert_rows("stage_transitions", columns, rows)


def fill_priorities(world: World) -> None:
    """The ranking that knew most of the last day, by the model used last; of the others no row must show."""
    at = datetime(2026, 6, 1, tzinfo=UTC)
    columns = ("model", "as_of", "account_id", "rank", "total", "known", "icp_fit", "icp_fit_contribution")
    columns += ("version", "computed_at")
    yesterday = world.today - timedelta(days=1)
    rows = [
        ("new-1", yesterday, "kaze", 9, 1.0, 1.0, 1.0, 1.0, 99, at + timedelta(9)),
        ("old-1", world.today, "kaze", 8, 1.0, 1.0, 1.0, 1.0, 99, at),
        ("new-1", world.today, "kaze", 1, 8.25, 0.75, 8.0, 4.25, 7, at + timedelta(1)),
        ("new-1", world.today, "mori", None, None, 0.0, None, None, 7, at + timedelta(1)),
    ]
    world.clickhouse.insert_rows("priorities", columns, rows)
    # A writer that slept knew less: what it ranked otherwise and whom it ranked besides are not part of what stands.
    slept = [("new-1", world.today, key, 1, 9.0, 1.0, 9.0, 9.0, 6, at + timedelta(8)) for key in ("kaze", "umi")]
    world.clickhouse.insert_rows("priorities", columns, slept)


# --- plain Python ----------------------------------------------------------------------------------------------------


def plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).lower()


def counts_for(world: World, deal: Row) -> str | None:
    match deal["account_id"]:
        case "gone":
            return "kaze"
        case "left":
            return "left" if deal["closed_on"] and deal["closed_on"] < world.left_on.isoformat() else "umi"
    return deal["account_id"]  # type: ignore[no-any-return]


def total(deals: list[Row], currency: str) -> tuple[float | None, int]:
    """The sum of what is known in a currency, and how many have no amount; no sum where nothing is known of some."""
    priced = [deal["amount"] for deal in deals if deal["amount"] is not None and deal["currency"] == currency]
    without = sum(deal["amount"] is None for deal in deals)
    return (None if without and not priced else sum(priced)), without


def plan_vs_actual(world: World) -> list[list[Any]]:
    found = []
    for item in world.items("product"):
        account, currency = item["account_id"], item["currency"]
        if account in ("gone", "left"):
            continue
        own = [deal for deal in world.held("opportunity_recorded") if counts_for(world, deal) == account]
        of_product = [deal for deal in own if plain(deal["product"]) == plain(item["product"])]
        for target in item["targets"]:
            year = target["fiscal_year"]
            closed = [deal for deal in of_product if deal["outcome"] == "won"]
            closed = [deal for deal in closed if year_of(date.fromisoformat(deal["closed_on"])) == year]
            won, won_without = total(closed, currency)
            pipeline, open_without = total([deal for deal in of_product if deal["outcome"] == "open"], currency)
            if not own:
                won = pipeline = None
            if date(year, START, 1) > world.today:
                won = None
            attained = None if won is None or won_without or not target["amount"] else won / target["amount"]
            months = [
                amount
                for (key, month, paid_in), amount in world.revenue.items()
                if key == account and paid_in == currency and year_of(month) == year
            ]
            revenue = sum(months) if len(months) == 12 else None
            told = [account, NAMES[account], item["product"], year, currency, target["amount"], item["current_amount"]]
            told += [won, won_without, attained, pipeline, open_without, revenue, len(months), RECORDED]
            found.append(told)
    return found


def actions(world: World) -> Iterator[tuple[Row, str, int]]:
    """Each action with who does it, and whether it is overdue."""
    for part, owner in (("action", "owner"), ("request", "to"), ("partner_action", "ours")):
        for item in world.items(part):
            late = item["due"] is not None and item["due"] < world.today.isoformat()
            yield item, item[owner], int(late and item["status"] in ("open", "doing"))


def plan_actions(world: World) -> list[list[Any]]:
    found = []
    for item, owner, overdue in actions(world):
        account = item["account_id"]
        roles = ("owner, sales" if account == "kaze" else "sales") if owner == "Sato" else ""
        told = [account, NAMES[account], item["part"], item["key"], item["what"], roles, item["due"], item["status"]]
        found.append([*told, None, overdue, item.get("rhythm", ""), None, None, RECORDED])
    return found


def plan_actions_of_persons(world: World) -> list[list[Any]]:
    found = []
    for item, owner, overdue in actions(world):
        told = [item["account_id"], NAMES[item["account_id"]], item["part"], item["key"], item["what"], owner]
        found.append([*told, item["due"], item["status"], overdue, item.get("stakeholder"), RECORDED])
    return found


def plan_targets(world: World) -> list[list[Any]]:
    return [[t["account_id"], NAMES[t["account_id"]], "it", "management", 3, RECORDED] for t in world.items("target")]


def plan_competitors(world: World) -> list[list[Any]]:
    umi = ["umi", NAMES["umi"]]
    return [
        [*umi, "Rival Ltd", "R1", "Price", 9, 7, None, RECORDED],
        [*umi, "Other", "", None, None, None, None, RECORDED],
    ]


def kpi_targets(world: World) -> list[list[Any]]:
    days = ["engagement_rate", "2026-04-01", "2026-06-30", 0.4, ""]
    groups = [{}, {"channel": "web"}, {"account": "kaze", "product": "Alpha"}, {"group": "kaze"}]
    dimensions = ("account", "channel", "segment", "campaign", "product", "seniority", "group")
    return [[*days, *(group.get(one, "") for one in dimensions), RECORDED] for group in groups]


def stage_transitions(world: World) -> list[list[Any]]:
    day, profile = (world.today - timedelta(days=40)).isoformat(), load_profile(world.settings).version
    mori = ["mori", NAMES["mori"], day, "aware", "mqa", 1, 70.0, 5, 2, "70 points", "70 点", profile]
    return [["kaze", NAMES["kaze"], day, *TRANSITION, profile], mori]


def funnel(world: World) -> list[list[Any]]:
    found = []
    for account in sorted(NAMES.keys() - {"gone", "left"}):
        own = [deal for deal in world.held("opportunity_recorded") if counts_for(world, deal) == account]
        opened = min((deal["opened_on"] for deal in own), default=None)
        won = min((deal["closed_on"] for deal in own if deal["outcome"] == "won"), default=None)
        mql = (world.today - timedelta(days=40)).isoformat() if account == "mori" else None
        paid = sorted(month for key, month, _ in world.revenue if key == account)
        days = [paid[0] if paid else None, paid[2] if paid else None]
        live = [day.isoformat() if day and day <= world.today else None for day in days]
        told = [account, NAMES[account], world.today.isoformat(), "strategic customer", account]
        found.append([*told, PROSPECTS[account], mql, opened, won, *live])
    return found


def priority(world: World) -> list[list[Any]]:
    day, last = world.today.isoformat(), ["new-1", "2026-06-02 00:00:00.000"]
    nothing: list[Any] = [None, None, None]
    kaze = ["kaze", NAMES["kaze"], "strategic customer", day, 1, 8.25, 0.75, 8.0, *nothing, 4.25, *nothing, *last]
    return [kaze, ["mori", NAMES["mori"], "strategic customer", day, None, None, 0.0, *[None] * 8, *last]]


TOLD_HERE: dict[str, Callable[[World], list[list[Any]]]] = {
    "bi.plan_vs_actual": plan_vs_actual,
    "bi.plan_actions": plan_actions,
    "bi_personal.plan_actions": plan_actions_of_persons,
    "bi.plan_targets": plan_targets,
    "bi.plan_competitors": plan_competitors,
    "bi.kpi_targets": kpi_targets,
    "bi.stage_transitions": stage_transitions,
    "bi.funnel": funnel,
    "bi.priority": priority,
}


@pytest.mark.parametrize("view", TOLD_HERE)
def test_every_view_says_what_plain_python_counts(world: World, view: str) -> None:
    expected = TOLD_HERE[view](world)
    assert len(expected) > 0
    assert sorted(world.ask(view), key=repr) == sorted(expected, key=repr)


def test_the_world_has_plans_that_are_attained_in_part_unknown_and_not_begun(world: World) -> None:
    rows = plan_vs_actual(world)
    won, without, attained, pipeline, revenue = ([row[place] for row in rows] for place in (7, 8, 9, 10, 12))
    for values in (won, attained, pipeline, revenue):
        assert None in values
        assert {value for value in values if value is not None}
    assert {0.0} < {value for value in won if value is not None}
    assert any(value is not None and count for value, count in zip(won, without, strict=True))


def test_the_owner_of_an_action_is_in_the_view_with_persons_only(world: World) -> None:
    assert "Suzuki" in str(world.ask("bi_personal.plan_actions"))
    assert "Suzuki" not in str(world.ask("bi.plan_actions"))


def test_the_funnel_has_the_months_in_which_its_kpi_counts_an_account(world: World) -> None:
    """But those of accounts that have become part of others, which the view leaves out."""
    months = periods("month", world.today - timedelta(days=1000), world.today, world.today, START)
    profile = load_profile(world.settings).version
    asked = Question(KPIS["funnel"], months, world.today, ("account",), profile=profile)
    phases = ("prospects", "mqls", "sqls", "wins", "live", "mrr")
    counted = {
        (row.group[0], phase, row.period.first.isoformat()[:7])
        for row in ask_kpi(world.clickhouse, world.settings.zone, asked)
        for phase in phases
        if row.group and row.values[phase]
    }
    told = {
        (row[0], phase, day[:7])
        for row in world.ask("bi.funnel")
        for phase, day in zip(phases, row[5:], strict=True)
        if day
    }
    assert told == {one for one in counted if one[0] != "left"}
    assert {phase for _, phase, _ in told} == set(phases)
    assert ("left", "wins", (world.left_on - timedelta(days=20)).isoformat()[:7]) in counted

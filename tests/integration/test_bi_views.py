"""The views for BI tools against plain Python over a made-up store, and who may read them."""

import json
import random
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.bi import View, views
from infra.clickhouse import ClickHouse
from infra.rollups import ROLLUPS, Rollups
from infra.score_profile import load_profile
from infra.settings import Settings
from jobs.migrate import migrate_tables
from tests.contract.embedded_clickhouse import PASSWORDS, Server
from tests.integration.test_bi_plan_views import TOLD_HERE
from tests.plain_scores import Account

LAST = date(2026, 6, 14)
NOW = datetime(2026, 6, 14, 5, tzinfo=UTC)
START = 2  # first month of the fiscal year: its quarters are none of the calendar's
NAMES = {
    "kaze": "風電機",
    "mori": "'; DROP TABLE contact_day; --",
    "umi": 'tab\there, "quotes", back\\slash, {month:Date} and\na new line',
    "gone": "Merged away",
    "going": "Merged away some day",
    "left": "Merged away some time ago",
    "sora": "",
}
SEGMENTS = {
    "kaze": "strategic",
    "mori": "target",
    "umi": "strategic",
    "gone": "target",
    "sora": "other",
    "going": "target",
}
SEGMENTS["left"] = "target"
# What became of accounts: into which one, and since when.
MERGED = {"gone": ("kaze", None), "going": ("kaze", date(2149, 1, 1)), "left": ("kaze", date(2026, 1, 1))}
PEOPLE = [f"mail:p{n}@kaze.example" for n in range(9)] + [
    "id:crm-7",
    "anon:cookie",
    "host:proxy.example",
    "ip:10.0.0.1",
]
LEVELS = ("executive", "management", "staff", "unknown")
KINDS = ("web", "email", "event", "meeting")
LOST = ("bounced", "deferred", "dropped")
Row = dict[str, Any]


@dataclass
class World:
    """A store on a server of its own, where the databases have the names that they have in production."""

    server: Server
    settings: Settings
    days: list[Row] = field(default_factory=list)
    level: dict[str, str] = field(default_factory=dict)
    revenue: dict[tuple[str, date, str], float] = field(default_factory=dict)
    opportunities: list[Row] = field(default_factory=list)
    alerts: list[Row] = field(default_factory=list)
    refused: list[tuple[datetime, str, str, bool]] = field(default_factory=list)

    def ask(self, sql: str, user: str = "setten") -> list[list[Any]]:
        reply = self.server.http(
            f"{sql} FORMAT JSONCompactEachRow", user=user, output_format_json_quote_64bit_integers="0"
        )
        assert reply.status == 200, reply.body
        return [json.loads(line) for line in reply.body.splitlines()]


def settings_of(server: Server, folder: Path, **more: Any) -> Settings:
    return Settings(
        data_dir=folder,
        clickhouse_url=f"http://127.0.0.1:{server.port}",
        clickhouse_password=PASSWORDS["setten"],
        fiscal_year_start_month=START,
        **more,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("bi")
    server = Server(folder, bi_reads=("bi",)).start()
    made = World(server, settings_of(server, folder))
    migrate_tables(made.settings)
    clickhouse = ClickHouse(made.settings)
    fill_directory(made, clickhouse)
    fill_days(made, clickhouse)
    fill_facts(made, clickhouse)
    fill_alerts(made, clickhouse)
    fill_dead_letters(made, clickhouse)
    list(Rollups(clickhouse, made.settings, load_profile(made.settings)).refresh(NOW))
    clickhouse.close()
    yield made
    server.stop()


def fill_directory(world: World, clickhouse: ClickHouse) -> None:
    """Every row twice, first as it was: only the later one stands."""

    def told(account: str, epoch: int) -> tuple[Any, ...]:
        domains = [f"{account}.example", f"{account}.test"]
        return NAMES[account] if epoch == 2 else "old", domains, SEGMENTS[account], "customer"

    rng = random.Random(1)
    world.level = {key: rng.choice(LEVELS) for key in PEOPLE[:8]}
    for epoch in (1, 2):
        clickhouse.insert_rows(
            "accounts",
            (
                "account_id",
                "name",
                "domains",
                "tier",
                "kind",
                "parent_account_id",
                "merged_into",
                "merged_since",
                "epoch",
            ),
            [
                (
                    *(a, *told(a, epoch), "kaze" if a == "umi" else ""),
                    *(MERGED.get(a, ("", None)) if epoch == 2 else ("", None)),
                    epoch,
                )
                for a in NAMES
            ],
        )
        clickhouse.insert_rows(
            "contacts",
            ("contact_key", "account_id", "name", "title", "department", "seniority", "epoch"),
            [
                (key, "kaze", f"Name {key}", "部長", "営業部", level if epoch == 2 else "executive", epoch)
                for key, level in world.level.items()
            ],
        )
    for account in ("kaze", "mori"):
        for currency, months in (("JPY", range(22)), ("USD", range(20, 24))):
            for n in months:
                if (account, n) != ("mori", 7):
                    month = date(2024 + (n + 6) // 12, (n + 6) % 12 + 1, 1)
                    world.revenue[account, month, currency] = float(rng.randrange(1, 9) * 1000)
    rows = [(a, m, c, amount, a) for (a, m, c), amount in world.revenue.items()]
    month = date(2025, 2, 1)  # what the merged account paid counts for the one it is part of
    rows.append(("gone", month, "JPY", 500.0, "kaze"))
    world.revenue["kaze", month, "JPY"] += 500.0
    columns = ("account_id", "month", "currency", "amount", "counts_for", "epoch")
    clickhouse.insert_rows("revenue", columns, [(*row[:3], 1.0, row[4], 1) for row in rows])
    clickhouse.insert_rows("revenue", columns, [(*row, 2) for row in rows])


def fill_days(world: World, clickhouse: ClickHouse) -> None:
    """Two years of contact-days, each third computed anew later on, each tenth gone then."""
    rng = random.Random(2)
    standing: dict[tuple[Any, ...], Row] = {}
    columns = ("account_id", "day", "contact_key", "kind", "action", "direction", "bound_by", "touches")
    columns += ("machine_touches", "first_at", "last_at", "version", "is_deleted")
    inserts: dict[int, list[tuple[Any, ...]]] = {1: [], 2: []}
    for _ in range(6000):
        day = LAST - timedelta(days=rng.randrange(740))
        account = rng.choice(["kaze", "kaze", "mori", "umi", "sora", ""])
        direction = rng.choice(["inbound", "mutual", "outbound", "outbound", "internal"])
        action = rng.choice(["sent", *LOST]) if direction == "outbound" else rng.choice(["received", "held"])
        key = (account, day, rng.choice(PEOPLE), rng.choice(KINDS), action, direction)
        why = "domain" if account else rng.choice(["unbound", "free_mail", "own"])
        if key in standing:
            continue
        touches = [rng.choice([0, 1, 2, 5]), rng.choice([0, 1, 3])]
        standing[key] = {"key": key, "why": why, "touches": touches[0]}
        at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
        inserts[1].append((*key, why, touches[0], 1, at, at, 1, 0))
        again = rng.random()
        if again < 0.33:
            inserts[2].append((*key, why, touches[1], 0, at, at, 2, int(again < 0.1)))
            standing[key]["touches"] = touches[1]
        if again < 0.1:
            del standing[key]
    for rows in inserts.values():
        clickhouse.insert_rows("contact_day", columns, rows)
    for one in standing.values():
        names = ("account", "day", "contact", "kind", "action", "direction")
        world.days.append(dict(zip(names, one["key"], strict=True)) | {"why": one["why"], "touches": one["touches"]})


def fill_facts(world: World, clickhouse: ClickHouse) -> None:
    rows = []

    def state(recorded: datetime, body: Row) -> None:
        rows.append((UUID(int=len(rows) + 1), body["type"], recorded, json.dumps(body)))

    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    for number in range(30):
        opened = LAST - timedelta(days=10 * number)
        outcome = ("open", "won", "lost")[number % 3]
        told = {
            "type": "opportunity_recorded",
            "opportunity_id": f"o{number}",
            "account_id": ("kaze", "gone", None)[number % 3],
            "name": f"Deal '{number}'",
            "product": "Alpha",
            "stage": "Proposal",
            "outcome": outcome,
            "amount": None if number % 7 == 0 else float(number),
            "currency": "JPY",
            "opened_on": None if number % 5 == 0 else opened.isoformat(),
            "closed_on": None if outcome == "open" else (opened + timedelta(days=number)).isoformat(),
            "owner": "Sato" if number % 2 else "",
        }
        state(early, told | {"stage": "First"})
        state(late, told)
        world.opportunities.append(told)
    state(
        early,
        {"type": "account_profiled", "account_id": "kaze", "industry": "電機", "country": "JP", "labels": ["a", "b"]},
    )
    item = {"part": "stakeholder", "contact_key": PEOPLE[0], "name": "Tanaka", "title": "本部長"}
    item |= {"relationship": "needs_work", "decision_role": "decides", "approval_step": 2, "owner": "Sato"}
    state(early, {"type": "plan_item_stated", "account_id": "kaze", "key": "s1", "item": item | {"name": "Old"}})
    state(late, {"type": "plan_item_stated", "account_id": "kaze", "key": "s1", "item": item})
    state(late, {"type": "plan_item_stated", "account_id": "mori", "key": "s2", "item": item})
    state(late + timedelta(1), {"type": "plan_item_dropped", "account_id": "mori", "part": "stakeholder", "key": "s2"})
    clickhouse.insert_rows("facts", ("fact_id", "type", "recorded_at", "body"), rows)


def fill_alerts(world: World, clickhouse: ClickHouse) -> None:
    columns = ("alert_id", "account_id", "rule", "state", "severity", "opened_on", "seen_on", "resolved_on")
    columns += ("sentence_en", "sentence_ja", "updated_at", "is_deleted")
    for number in range(9):
        opened, key = LAST - timedelta(days=30 * number), UUID(int=number + 1)
        resolved = opened + timedelta(days=12) if number % 2 else None
        state = "resolved" if resolved else "open"
        row = (key, "mori", "gone_quiet", state, "critical", opened, opened, resolved, "It's", "沈黙")
        early, late = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)
        clickhouse.insert_rows("alerts", columns, [(*row[:3], "open", *row[4:7], None, *row[8:], early, 0)])
        clickhouse.insert_rows("alerts", columns, [(*row, late, int(number == 8))])
        if number != 8:
            world.alerts.append({"id": str(key), "state": state, "opened": opened, "resolved": resolved})


def fill_dead_letters(world: World, clickhouse: ClickHouse) -> None:
    """Some at 16:00 UTC, which is the next day in Tokyo; two contents were sent again and are stored."""
    rows = []
    for number in range(40):
        received = datetime(2026, 5, 1 + number % 3, 16 if number % 2 else 3, tzinfo=UTC)
        source, reason = ("web", "crm")[number % 2], ("not_json", "contact_missing")[number % 4 // 2]
        rows.append((UUID(int=number), number, reason, source, received, 1))
        world.refused.append((received, source, reason, number >= 2))
    columns = ("record_id", "position", "reason", "source", "received_at", "rank")
    clickhouse.insert_rows("dead_letters", columns, rows)
    for number in range(2):
        mended = (UUID(int=number), number, UUID(int=900 + number), UUID(int=800 + number))
        successor = ("record_id", "position", "event_id", "content")
        clickhouse.insert_rows("dead_letter_successors", successor, [mended])
        clickhouse.insert_rows("events", ("event_id", "content"), [mended[2:]])


def engaged(row: Row) -> bool:
    return row["direction"] in ("inbound", "mutual")


def reached(row: Row) -> bool:
    return engaged(row) or (row["direction"] == "outbound" and row["action"] not in LOST)


def person(row: Row) -> bool:
    return row["contact"].startswith(("mail:", "id:"))


def month_of(day: date) -> str:
    return f"{day:%Y-%m}-01"


def quarter_of(day: date) -> tuple[str, str]:
    """First day of the fiscal quarter and its name, counted in months from the year's first."""
    since = day.year * 12 + day.month - START
    first = since // 3 * 3 + START - 1
    return f"{first // 12}-{first % 12 + 1:02}-01", f"FY{since // 12} Q{since % 12 // 3 + 1}"


def week_of(day: date) -> str:
    return (day - timedelta(days=day.weekday())).isoformat()


def bound(world: World) -> list[Row]:
    return [row for row in world.days if row["account"] and row["touches"]]


def rates(world: World, period: Callable[[date], tuple[str, ...]]) -> list[list[Any]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in bound(world):
        if person(row) and reached(row):
            for channel in (row["kind"], "all"):
                groups[row["account"], *period(row["day"]), channel].append(row)
    found = []
    for (account, *key), rows in groups.items():
        everybody, came = {r["contact"] for r in rows}, {r["contact"] for r in rows if engaged(r)}
        found.append([account, NAMES[account], *key, len(everybody), len(came), len(came) / len(everybody)])
    return found


def account_week(world: World) -> list[list[Any]]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in bound(world):
        if row["direction"] != "internal":
            groups[row["account"], week_of(row["day"])].append(row)
    found = []
    for (account, week), rows in groups.items():
        came = [r for r in rows if engaged(r)]
        people = {r["contact"] for r in came if person(r)}
        managers = {p for p in people if world.level.get(p) in ("executive", "management")}
        by_kind = [sum(r["touches"] for r in came if r["kind"] == kind) for kind in KINDS]
        sent = sum(r["touches"] for r in rows if r["direction"] == "outbound")
        days = len({r["day"] for r in came})
        found.append([account, NAMES[account], week, days, len(people), len(managers), *by_kind, sent])
    return found


def management_contacts(world: World) -> list[list[Any]]:
    groups: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    paid: dict[tuple[str, str, str], dict[date, float]] = defaultdict(dict)
    for row in bound(world):
        if engaged(row) and person(row):
            groups[row["account"], *quarter_of(row["day"])].add(row["contact"])
    for (account, month, currency), amount in world.revenue.items():
        if currency == "JPY":  # 22 months, and of dollars 4
            paid[account, *quarter_of(month)][month] = amount
    found = []
    for key in {*groups, *paid}:
        levels = [world.level.get(contact, "unknown") for contact in groups.get(key, ())]
        months = paid.get(key, {})
        amount = sum(months.values()) if len(months) == 3 else None
        people = [levels.count(level) for level in LEVELS]
        found.append([key[0], NAMES[key[0]], *key[1:], *people, amount, "JPY" if months else ""])
    return found


def revenue_month(world: World) -> list[list[Any]]:
    return [[a, NAMES[a], m.isoformat(), c, amount] for (a, m, c), amount in world.revenue.items()]


def today(world: World) -> date:
    return date.fromisoformat(world.ask("SELECT toDate(now(), 'Asia/Tokyo')")[0][0])


def pipeline(world: World) -> list[list[Any]]:
    found = []
    for o in world.opportunities:
        account = "kaze" if o["account_id"] else None
        opened, closed = (o[k] and date.fromisoformat(o[k]) for k in ("opened_on", "closed_on"))
        days = ((closed or today(world)) - opened).days if opened else None
        told = [o[k] for k in ("name", "product", "stage", "outcome", "amount", "currency", "opened_on")]
        recorded = "2026-02-01 00:00:00.000000"
        found.append(
            [o["opportunity_id"], account, account and NAMES[account], *told, None, o["closed_on"], days, recorded]
        )
    return found


def alerts(world: World) -> list[list[Any]]:
    found = []
    for one in world.alerts:
        days = ((one["resolved"] or today(world)) - one["opened"]).days
        dates = [one["opened"].isoformat(), one["opened"].isoformat(), one["resolved"] and one["resolved"].isoformat()]
        told = [one["id"], "mori", NAMES["mori"], "gone_quiet", "critical", one["state"]]
        found.append([*told, *dates, days, "It's", "沈黙", "2026-06-02 00:00:00.000000"])
    return found


def accounts(world: World) -> list[list[Any]]:
    found = []
    for account in set(NAMES) - {"gone", "left"}:
        tier, parent = SEGMENTS[account], "kaze" if account == "umi" else ""
        known = ["電機", "JP"] if account == "kaze" else ["", ""]
        told = [account, NAMES[account], tier, "customer", f"{tier} customer", parent, NAMES.get(parent, "")]
        labels = "a, b" if account == "kaze" else ""
        found.append([*told, f"{account}.example, {account}.test", "", *known, "", None, None, None, labels])
    return found


def data_quality(world: World) -> list[list[Any]]:
    groups: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    for received, source, reason, is_open in world.refused:
        day = (received + timedelta(hours=9)).date().isoformat()
        groups[day, source, reason].append(is_open)
    return [[*key, len(found), sum(found)] for key, found in groups.items()]


def unbound_touches(world: World) -> list[list[Any]]:
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in world.days:
        if not row["account"] and row["touches"]:
            groups[row["day"].isoformat(), row["kind"], row["why"]].append(row)
    return [[*key, len({r["contact"] for r in rows}), sum(r["touches"] for r in rows)] for key, rows in groups.items()]


def contact_activity(world: World) -> list[list[Any]]:
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in bound(world):
        if row["direction"] != "internal":
            groups[row["account"], row["contact"], month_of(row["day"])].append(row)
    found = []
    for (account, contact, month), rows in groups.items():
        came = [r for r in rows if engaged(r)]
        who = [f"Name {contact}", "部長", world.level[contact]] if contact in world.level else ["", "", "unknown"]
        last = max((r["day"] for r in came), default=None)
        sums = [sum(r["touches"] for r in came), sum(r["touches"] for r in rows if r not in came)]
        days = len({r["day"] for r in came})
        found.append([account, NAMES[account], contact, *who, month, days, *sums, last and last.isoformat()])
    return found


def contacts(world: World) -> list[list[Any]]:
    told = ["部長", "営業部"]
    return [
        [key, "kaze", NAMES["kaze"], f"Name {key}", *told, level, "unknown", None] for key, level in world.level.items()
    ]


def stakeholders(world: World) -> list[list[Any]]:
    who = ["s1", PEOPLE[0], "Tanaka", "本部長", "", "needs_work", "decides", 2, "Sato"]
    return [["kaze", NAMES["kaze"], *who, "2026-02-01 00:00:00.000000"]]


def coverage(world: World) -> list[list[Any]]:
    """Who is there by membership (all at kaze) or by a touch of the last 365 days; no plan has targets."""
    found = []
    for account in set(NAMES) - {"gone", "left"}:
        rows = [r for r in bound(world) if r["account"] == account and person(r) and reached(r)]
        there = {r["contact"] for r in rows if 0 <= (LAST - r["day"]).days < 365}
        there |= world.level.keys() if account == "kaze" else set()

        def days(contact: str, within: int, rows: list[Row] = rows) -> int:
            came = {r["day"] for r in rows if r["contact"] == contact and engaged(r)}
            return sum((LAST - day).days < within for day in came)

        lately = {contact for contact in there if days(contact, 90)}
        managers = {contact for contact in lately if world.level.get(contact) in ("executive", "management")}
        half_year = [days(contact, 180) for contact in there]
        share = max(half_year) / sum(half_year) if any(half_year) else None
        counted = [len(there), len(lately), len(managers), None, None, share]
        found.append([account, NAMES[account], LAST.isoformat(), *counted])
    return found


def engagement_score(world: World) -> list[list[Any]]:
    file = resources.files("infra") / "score_profiles" / "default.toml"
    profile = tomllib.loads(file.read_text("utf-8"))
    version = load_profile(world.settings).version
    found = []
    for account in set(NAMES) - {"gone", "left"}:
        rows = [r | {"contact_key": r["contact"]} for r in bound(world) if r["account"] == account]
        of_account = Account(profile, [r | {"seniority": world.level.get(r["contact"], "")} for r in rows])
        score, people, managers = of_account.on(LAST)
        change = score - of_account.on(LAST - timedelta(days=28))[0]
        told = [score, change, of_account.stage(LAST), people, managers]
        found.append([account, NAMES[account], LAST.isoformat(), *told, version])
    return found


def freshness(world: World) -> list[list[Any]]:
    now = world.ask("SELECT now()")[0][0]
    minutes = (datetime.fromisoformat(now).replace(tzinfo=UTC) - NOW) // timedelta(minutes=1)
    at = NOW.strftime("%Y-%m-%d %H:%M:%S.000000")
    return [[one.name, at, at, minutes] for one in ROLLUPS]


def opportunity_owners(world: World) -> list[list[Any]]:
    return [[o["opportunity_id"], "Sato"] for o in world.opportunities if o["owner"]]


EXPECTED: dict[str, Callable[[World], list[list[Any]]]] = {
    "engagement_rate": lambda world: rates(world, lambda day: (month_of(day),)),
    "engagement_rate_quarter": lambda world: rates(world, quarter_of),
    "account_week": account_week,
    "management_contacts": management_contacts,
    "revenue_month": revenue_month,
    "pipeline": pipeline,
    "alerts": alerts,
    "accounts": accounts,
    "data_quality": data_quality,
    "unbound_touches": unbound_touches,
    "contact_activity": contact_activity,
    "contacts": contacts,
    "stakeholders": stakeholders,
    "opportunity_owners": opportunity_owners,
    "coverage": coverage,
    "engagement_score": engagement_score,
    "freshness": freshness,
}


def rounded(row: list[Any]) -> list[Any]:
    """Sums of the same numbers in another order differ in their last digits."""
    return [round(value, 5) if isinstance(value, float) else value for value in row]


HERE = [view for view in views() if f"{view.folder}.{view.name}" not in TOLD_HERE]


@pytest.mark.parametrize("view", HERE, ids=lambda view: f"{view.folder}.{view.name}")
def test_every_view_says_what_plain_python_counts(world: World, view: View) -> None:
    reader = "bi" if view.folder == "bi" else "setten"
    told = world.ask(f"SELECT * FROM {view.folder}.{view.name}", reader)
    expected = EXPECTED[view.name](world)
    assert len(expected) > 0
    assert sorted(map(rounded, told), key=repr) == sorted(map(rounded, expected), key=repr)

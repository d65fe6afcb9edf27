"""Every KPI's SQL against plain Python over a generated world: what the demo world did, and a CRM beside it."""

import csv
import io
import json
import os
import random
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from infra.clickhouse import ClickHouse
from infra.kpis import Question, ask_kpi
from infra.score_profile import load_profile
from infra.scores import FIRST_DAY, Scores
from infra.settings import Settings
from infra.store import Store
from jobs.demo.world import build
from jobs.migrate import migrate_tables
from models.kpis import KPIS, KpiRow
from models.periods import Period, latest, periods, stretch
from models.records import Origin
from streams.ingest.batch import Record
from streams.ingest.cycle import Cycle
from tests.contract.embedded_clickhouse import PASSWORDS, Server
from tests.stack import ROOT

UNTIL = date(2026, 6, 14)
# An account of its own until a day, and part of another from it on.
MERGED, INTO, SINCE = "asagiri", "brightwater", date(2025, 11, 20)
PHASES = ("prospects", "mqls", "sqls", "wins", "live", "mrr")
Key = tuple[tuple[str, ...] | None, str, tuple[date, date]]


class Told(NamedTuple):
    """A statement of the CRM in the test's own words: an opportunity, or an answer where score is not None."""

    key: str
    recorded: datetime
    account: str | None
    product: str
    outcome: str
    amount: float | None
    currency: str | None
    opened: date | None
    closed: date | None
    score: int | None = None

    def fact(self) -> dict[str, Any]:
        when = {"recorded_at": self.recorded.isoformat(), "account_id": self.account}
        if self.score is not None:
            assert self.closed
            answer = {"answer_id": self.key, "score": self.score, "answered_on": self.closed.isoformat()}
            return {"type": "nps_answered", **when, **answer}
        return {
            "type": "opportunity_recorded",
            **when,
            "opportunity_id": self.key,
            "product": self.product,
            "stage": self.outcome,
            "outcome": self.outcome,
            "amount": self.amount,
            "currency": self.currency,
            "opened_on": self.opened and self.opened.isoformat(),
            "closed_on": self.closed and self.closed.isoformat(),
        }


class World(NamedTuple):
    """A loaded world. rows: its contact-days; touches: those that have a campaign, are meetings or are mails.

    phases: by account the days of Prospect and MQL; those of opportunities and revenue depend on what is known.
    revenue: the statements of it.
    """

    settings: Settings
    clickhouse: ClickHouse
    told: list[Told]
    days: list[dict[str, Any]]
    touches: list[dict[str, Any]]
    accounts: dict[str, str]
    seniority: dict[str, str]
    known_as: dict[str, str]
    phases: dict[str, list[date | None]]
    revenue: list[dict[str, Any]]
    profile: str
    parents: dict[str, str]

    def group(self, account: str) -> str:
        """The account at the top, in the end; no parents of the demo world form a circle."""
        while account in self.parents:
            account = self.parents[account]
        return account


def crm(accounts: list[str]) -> list[Told]:
    """Two years of opportunities and answers: gaps, two currencies, no account, corrections stated later."""
    rng = random.Random(7)
    made = []
    for number in range(600):
        opened = UNTIL - timedelta(days=rng.randrange(800))
        closed = opened + timedelta(days=rng.randrange(120))
        outcome = rng.choice(["won", "won", "lost", "open"])
        told = Told(
            f"o{number}",
            datetime(closed.year, closed.month, closed.day, 6, tzinfo=UTC),
            rng.choice([*accounts[:12], None]) if rng.random() < 0.95 else None,
            rng.choice(["Alpha", "Beta", "Gamma", ""]),
            outcome,
            None if rng.random() < 0.1 else float(rng.randrange(1, 90) * 1000),
            rng.choice(["JPY", "JPY", "JPY", "USD"]),
            None if rng.random() < 0.1 else opened,
            None if outcome == "open" else closed,
        )
        made.append(told)
        if rng.random() < 0.3:  # stated again: another end
            later = told.recorded + timedelta(days=rng.randrange(1, 200))
            made.append(told._replace(recorded=later, outcome="lost", closed=closed, amount=5000.0))
    for number in range(200):
        day = UNTIL - timedelta(days=rng.randrange(700))
        when = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
        account = rng.choice([*accounts[:8], None])
        made.append(Told(f"n{number}", when, account, "", "", None, None, None, day, rng.randrange(11)))
    return [one for one in made if one.recorded < datetime(2026, 6, 15, tzinfo=UTC)]


def replies() -> list[dict[str, Any]]:
    """Mails of a customer that we answer after a while, some by two, some never."""
    rng = random.Random(3)
    made = []
    for number in range(150):
        asked = datetime(2025, 7, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(24 * 340))
        who = {"email": f"m{rng.randrange(9)}@{rng.choice(['shirasuna', 'hoshikawa'])}.example"}
        made.append((f"q{number}", "email.received", asked, {"contacts": [who]}))
        for answer in range(rng.choice([0, 1, 1, 2])):
            replied = asked + timedelta(minutes=rng.randrange(-60, 60 * 24 * 9))
            data = {"contacts": [who], "in_reply_to": f"q{number}"}
            made.append((f"a{number}-{answer}", "email.sent", replied, data))
    return [{"id": key, "type": kind, "time": when.isoformat(), "data": data} for key, kind, when, data in made]


def target(kpi: str, value: float | None, days: str, recorded: str, currency: str = "", **of: str) -> dict[str, Any]:
    first, last = days.split("/")
    told = {"kpi": kpi, "of": of, "first": first, "last": last, "value": value, "currency": currency}
    return {"type": "kpi_target_set", "recorded_at": f"{recorded}T09:00:00+09:00", **told}


Q4, Q1 = "2026-01-01/2026-03-31", "2026-04-01/2026-06-30"
TARGETS = [
    target("win_rate", 0.5, Q4, "2025-12-01"),
    target("win_rate", 0.6, Q4, "2026-02-01"),  # raised half way
    target("win_rate", 0.7, Q4, "2026-02-01", account="hoshikawa"),
    target("win_rate", 0.8, Q4, "2026-02-01", product="Omega"),  # which nobody has bought
    target("win_rate", 0.9, Q1, "2026-02-01"),
    target("win_rate", None, Q1, "2026-05-01"),  # dropped
    target("revenue_won", 900_000.0, Q1, "2026-02-01", "JPY"),
]


def paid_late(accounts: list[str]) -> list[dict[str, Any]]:
    """Revenue of two accounts that was stated long after its months, of the second one first as nil."""
    first, second, *_ = accounts

    def fact(account: str, month: str, amount: float, recorded: str) -> dict[str, Any]:
        told = {"account_id": account, "month": f"{month}-01", "amount": amount, "currency": "JPY"}
        return {"type": "revenue_recorded", "recorded_at": f"{recorded}T09:00:00+09:00", **told}

    late = [fact(first, month, 100.0, "2026-02-10") for month in ("2025-03", "2025-04", "2025-05")]
    return [*late, fact(second, "2025-04", 0.0, "2025-05-02"), fact(second, "2025-04", 500.0, "2026-03-01")]


def within_groups() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Facts and signals: people who move from one company of a group to another, and meetings with several at once."""
    rng = random.Random(5)
    facts, signals = [], []
    for number in range(12):
        who = f"roaming{number}@gmail.com"
        first, second = rng.sample(["aozora-heavy", "aozora-precision", "aozora-leasing", "kazamachi"], 2)
        for account, since in ((first, None), (second, f"2025-{rng.randrange(6, 13):02}-01")):
            told = {"contact_key": f"mail:{who}", "account_id": account, "recorded_at": "2026-01-01T00:00:00Z"}
            facts.append({"type": "contact_declared", **told, **({"since": since} if since else {})})
        for _ in range(8):
            when = datetime(2024, 6, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(24 * 700))
            contacts = [{"email": who}, {"email": f"roaming{rng.randrange(12)}@gmail.com"}]
            for kind, data in (
                ("web.page", {"contacts": contacts[:1], "campaign": "group"}),
                ("meeting.held", {"contacts": contacts, "subject": "group review"}),
            ):
                signals.append({"id": f"g{len(signals)}", "type": kind, "time": when.isoformat(), "data": data})
    return facts, signals


@pytest.fixture(scope="module")
def world(clickhouse_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("kpis"),
        clickhouse_url=f"http://127.0.0.1:{clickhouse_server.port}",
        clickhouse_password=PASSWORDS["setten"],
        clickhouse_database="kpis",
    )
    migrate_tables(settings)
    clickhouse = ClickHouse(settings)
    cycle = Cycle(Store(clickhouse, settings.business_timezone), "facts", lambda touched: None)
    demo = build(1, UNTIL)
    accounts = sorted({fact.account_id for fact in demo.facts if fact.type == "account_declared"})
    told = crm(accounts)
    headers = tuple(Origin("crm", "canonical", datetime(2026, 6, 15, tzinfo=UTC)).to_headers())
    moves, meetings = within_groups()
    facts = [json.loads(fact.model_dump_json()) for fact in demo.facts] + [one.fact() for one in told]
    merger = {"type": "account_merged", "account_id": MERGED, "into": INTO, "since": SINCE.isoformat()}
    facts.append({**merger, "recorded_at": "2026-01-01T00:00:00Z"})
    payers = {fact.account_id for fact in demo.facts if fact.type == "revenue_recorded"}
    facts += [*TARGETS, *moves, *paid_late([one for one in accounts if one not in payers])]
    mails = tuple(Origin("mail", "canonical", datetime(2026, 6, 15, tzinfo=UTC)).to_headers())
    batch = [
        Record("facts", 0, 0, 0, headers, json.dumps(facts[n : n + 500]).encode()) for n in range(0, len(facts), 500)
    ]
    batch.append(Record("signals.email", 0, 0, 0, mails, json.dumps(replies() + meetings).encode()))
    cycle.run(batch)
    records = [Record(r.topic, 0, n, 0, tuple(r.origin.to_headers()), r.body) for n, r in enumerate(demo.records())]
    for start in range(0, len(records), 2000):
        cycle.run(records[start : start + 2000])

    def rows(sql: str) -> list[dict[str, Any]]:
        return clickhouse.query_text(sql).to_pylist()

    kept = (
        "campaign != '' OR kind = 'meeting' OR action = 'received'"
        " OR t.answers != toUUID('00000000-0000-0000-0000-000000000000')"
    )
    scores = Scores(clickhouse, load_profile(settings))
    assert sum(done.written for done in scores.update(UNTIL, FIRST_DAY)) > 100
    days = rows(
        "SELECT account_id, toDate32(day) AS day, contact_key, kind, action, direction, touches FROM contact_day FINAL"
    )
    stages = rows("SELECT account_id, toDate32(day) AS day, toString(to_stage) AS stage FROM stage_transitions FINAL")
    yield World(
        settings,
        clickhouse,
        told,
        days,
        rows(
            "SELECT contact_key, toDate32(day) AS day, toString(event_id) AS event_id, toString(answers) AS answers,"
            f" kind, action, direction, campaign, subject, machine, occurred_at FROM touches AS t FINAL WHERE {kept}"
        ),
        {r["account_id"]: r["s"] for r in rows("SELECT account_id, concat(tier, ' ', kind) AS s FROM accounts FINAL")},
        {r["contact_key"]: r["seniority"] for r in rows("SELECT contact_key, seniority FROM contacts FINAL")},
        {
            r["contact_key"]: r["identified_as"]
            for r in rows("SELECT contact_key, identified_as FROM contacts FINAL WHERE identified_as != ''")
        },
        funnel_days(demo.facts, days, stages),
        [fact for fact in facts if fact["type"] == "revenue_recorded"],
        scores.profile.version,
        {f["account_id"]: f["parent_account_id"] for f in facts if f.get("parent_account_id")} | {MERGED: INTO},
    )
    clickhouse.statement("DROP DATABASE kpis")
    clickhouse.close()


def part_of(account: str | None, day: date | None) -> str | None:
    """The account that one counts for on a day; None: in the end."""
    return INTO if account == MERGED and (day is None or day >= SINCE) else account


def funnel_days(facts: Any, days: list[dict[str, Any]], stages: list[dict[str, Any]]) -> dict[str, list[date | None]]:
    """Of each account, when it was Prospect and MQL, by facts, contact-days and stages."""
    found = {}
    for account in {fact.account_id for fact in facts if fact.type == "account_declared"}:
        declared = [f.recorded_at for f in facts if f.type == "account_declared" and f.account_id == account]
        touched = [
            r["day"] for r in days if r["account_id"] == account and r["touches"] and r["direction"] != "internal"
        ]
        qualified = [
            r["day"]
            for r in stages
            if r["account_id"] == account and r["stage"] == "mqa" and (account != MERGED or r["day"] < SINCE)
        ]
        first = min([one.astimezone(ZoneInfo("Asia/Tokyo")).date() for one in declared] + touched)
        found[account] = [first, min(qualified, default=None)]
    return found


def paying_days(world: World, account: str, as_of: date) -> list[date | None]:
    """When the account was Live and MRR, by the revenue stated by the end of a day in Tokyo."""
    end = datetime(as_of.year, as_of.month, as_of.day, 15, tzinfo=UTC)
    last: dict[tuple[str, str, str], float] = {}
    for one in sorted(world.revenue, key=lambda one: datetime.fromisoformat(one["recorded_at"])):
        whose = part_of(one["account_id"], date.fromisoformat(one["month"]))
        if whose == account and datetime.fromisoformat(one["recorded_at"]) < end:
            last[one["account_id"], one["month"], one["currency"]] = one["amount"]
    paid = {date.fromisoformat(month) for (_, month, _), amount in last.items() if amount > 0}
    third = [m for m in paid if {months_before(m, 1), months_before(m, 2)} <= paid]
    return [min(paid, default=None), min(third, default=None)]


def months_before(month: date, count: int) -> date:
    place = month.year * 12 + month.month - 1 - count
    return date(place // 12, place % 12 + 1, 1)


def known(world: World, as_of: date) -> tuple[list[Told], list[Told]]:
    """Opportunities and answers as told by the end of a day in Tokyo, one each."""
    end = datetime(as_of.year, as_of.month, as_of.day, 15, tzinfo=UTC)
    last: dict[str, Told] = {}
    for one in sorted(world.told, key=lambda one: one.recorded):
        if one.recorded < end:
            last[one.key] = one._replace(account=part_of(one.account, one.closed))
    return [o for o in last.values() if o.score is None], [o for o in last.values() if o.score is not None]


def person(row: dict[str, Any]) -> bool:
    return bool(row["account_id"]) and row["touches"] > 0 and row["contact_key"].startswith(("mail:", "id:"))


def engaged(row: dict[str, Any]) -> bool:
    return row["direction"] in ("inbound", "mutual")


def reached(row: dict[str, Any]) -> bool:
    lost = ("bounced", "deferred", "dropped")
    return engaged(row) or (row["direction"] == "outbound" and row["action"] not in lost)


# An item of a KPI: its day, the groups it can be split by, its currency, and what is counted of it.
Item = tuple[date, dict[str, str], str, Any]


def of_touches(world: World, name: str, *, unit: Callable[[str], str] = str) -> list[Item]:
    """unit: what is new to whom, and what one meeting is held with: an account as such, or its group."""

    def item(row: dict[str, Any], what: Any, **more: str) -> Item:
        account = row["account_id"]
        groups = {"account": account, "channel": row["kind"], "segment": world.accounts[account]}
        return row["day"], {**groups, "group": world.group(account), **more}, "", what

    people = [row for row in world.days if person(row)]
    match name:
        case "engagement_rate":
            return [item(r, (r["contact_key"], engaged(r))) for r in people if reached(r)]
        case "engaged_accounts":
            return [item(r, (r["account_id"], r["contact_key"])) for r in people if engaged(r)]
        case "new_contacts":
            first: dict[tuple[str, str], dict[str, Any]] = {}
            for r in filter(engaged, people):
                key = unit(r["account_id"]), r["contact_key"]
                if key not in first or r["day"] < first[key]["day"]:
                    first[key] = r
            told = {"executive", "management", "staff"}
            found = {k: s if (s := world.seniority.get(k[1], "")) in told else "unknown" for k in first}
            return [item(r, k[1], seniority=found[k]) for k, r in first.items()]
    bound = defaultdict(set)
    for r in world.days:
        if r["account_id"] and (r["touches"] or name == "response_time"):
            bound[r["contact_key"], r["day"], r["kind"], r["action"], r["direction"]].add(r["account_id"])
    items = []
    mails = {
        (t["contact_key"], t["event_id"]): t for t in world.touches if t["direction"] == "inbound" and not t["machine"]
    }
    answers: dict[tuple[str, str], dict[str, Any]] = {}
    for t in world.touches:
        if t["machine"]:
            continue
        contact = world.known_as.get(t["contact_key"], t["contact_key"])
        owners = bound[contact, t["day"], t["kind"], t["action"], t["direction"]]
        for owner in owners:
            row = {"account_id": owner, "day": t["day"], "kind": t["kind"]}
            if name == "meetings" and t["kind"] == "meeting" and t["action"] in ("held", "attended"):
                items.append(item(row, (unit(owner), t["day"], t["subject"])))
            if name == "campaign" and t["campaign"] and contact.startswith(("mail:", "id:")) and reached(t):
                items.append(item(row, (contact, engaged(t)), campaign=t["campaign"]))
        if name == "response_time" and t["kind"] == "email" and t["direction"] == "outbound":
            key = t["contact_key"], t["answers"]
            if key in mails and (key not in answers or t["occurred_at"] < answers[key]["occurred_at"]):
                answers[key] = t
    for key, t in answers.items():
        hours = (t["occurred_at"] - mails[key]["occurred_at"]).total_seconds() / 3600
        owners = bound[key[0], t["day"], "email", t["action"], "outbound"] if hours >= 0 else set()
        items += [item({"account_id": owner, "day": t["day"], "kind": "email"}, hours) for owner in owners]
    return items


def of_funnel(world: World, as_of: date) -> list[Item]:
    """An account that enters a phase; what is counted of it: which one, and the days of all six."""
    opportunities, _ = known(world, as_of)
    items: list[Item] = []
    for account, (prospect, mql) in world.phases.items():
        live, mrr = paying_days(world, account, as_of)
        own = [o for o in opportunities if o.account == account]
        opened = min((o.opened for o in own if o.opened), default=None)
        won = min((o.closed for o in own if o.outcome == "won" and o.closed), default=None)
        days = (prospect, mql, opened, won, live, mrr)
        groups = {"account": account, "segment": world.accounts[account], "group": world.group(account)}
        items += [(day, groups, "", (at, days)) for at, day in enumerate(days) if day]
    return items


def of_crm(world: World, name: str, as_of: date) -> list[Item]:
    opportunities, answered = known(world, as_of)

    def item(day: date, o: Told, what: Any, currency: str = "") -> Item:
        account = o.account or ""
        groups = {"account": account, "segment": world.accounts.get(account, ""), "group": world.group(account)}
        return day, {**groups, "product": o.product}, currency, what

    won = [o for o in opportunities if o.outcome == "won" and o.closed]
    if name == "nps":
        return [item(o.closed, o, o.score) for o in answered if o.closed]
    if name == "opportunities_opened":
        return [item(o.opened, o, o.key) for o in opportunities if o.opened]
    if name == "win_rate":
        return [item(o.closed, o, o.outcome) for o in opportunities if o.closed and o.outcome != "open"]
    if name == "sales_cycle":
        return [item(o.closed, o, (o.closed - o.opened).days if o.opened else None) for o in won if o.closed]
    if name == "revenue_won":
        return [item(o.closed, o, o.amount, o.currency or "") for o in won if o.closed]
    if name in ("new_contracts", "new_products"):
        first: dict[tuple[str, ...], Told] = {}
        for o in sorted(won, key=lambda o: o.closed or date.max):
            if o.account and (o.product or name == "new_contracts"):
                first.setdefault((o.account, o.product) if name == "new_products" else (o.account,), o)
        return [item(o.closed, o, key) for key, o in first.items() if o.closed]
    sold = [o for o in won if o.account]
    items = []
    for day, account, product, currency in {(o.closed, o.account, o.product, o.currency) for o in sold if o.product}:
        same = [o for o in sold if (o.account, o.product) == (account, product)]
        today = [o for o in same if (o.closed, o.currency) == (day, currency)]
        before = [o for o in same if o.closed < day]
        amounts = [o.amount for o in today if o.amount is not None]
        by_day: dict[date, float] = defaultdict(float)
        for o in before:
            if o.currency == currency and o.amount is not None:
                by_day[o.closed] += o.amount
        customer = any(o.account == account and o.closed < day for o in sold)
        cross = sum(amounts) if customer and not before else 0.0
        up = max(0.0, sum(amounts) - max(by_day.values())) if by_day and amounts else 0.0
        without, with_one = (len(today) - len(amounts), len(amounts)) if customer else (0, 0)
        items.append(item(day, today[0], (cross, up, without, with_one), currency or ""))
    return items


def numbers(name: str, what: list[Any], last: date) -> dict[str, Any]:
    """What a KPI comes to, of the things counted in one group and window; they are at least one.

    last: the last day of the window.
    """
    match name:
        case "funnel":
            entered = [[days for at, days in what if at == phase] for phase in range(6)]
            counts = dict(zip(PHASES, map(len, entered), strict=True))
            for phase, name_of_rate in enumerate(("to_mql", "to_sql", "to_win", "to_live", "to_mrr")):
                went_on = [days for days in entered[phase] if days[phase + 1] and days[phase + 1] <= last]
                counts[name_of_rate] = len(went_on) / len(entered[phase]) if entered[phase] else None
            if last < date(2024, 4, 1):  # the CRM begins then
                counts |= dict.fromkeys(("sqls", "wins", "to_sql", "to_win"))
            return {**counts, "profit": None}
        case "engagement_rate" | "campaign":
            people, came = {who for who, _ in what}, {who for who, did in what if did}
            return {"rate": len(came) / len(people), "engaged": len(came), "reached": len(people)}
        case "engaged_accounts":
            return {"accounts": len({a for a, _ in what}), "contacts": len({c for _, c in what})}
        case "new_contacts":
            return {"contacts": len(set(what))}
        case "meetings":
            return {"meetings": len(set(what))}
        case "response_time":
            within = sum(hours <= 24 for hours in what) / len(what)
            return {"median_hours": statistics.median(what), "within_sla": within, "replies": len(what)}
        case "opportunities_opened":
            return {"opportunities": len(what)}
        case "win_rate":
            won = what.count("won")
            return {"rate": won / len(what), "won": won, "lost": len(what) - won}
        case "sales_cycle":
            days = [one for one in what if one is not None]
            told = {"won": len(days), "without_days": len(what) - len(days)}
            middle = (statistics.median(days), statistics.mean(days)) if days else (None, None)
            return {"median_days": middle[0], "mean_days": middle[1], **told}
        case "revenue_won":
            amounts = [one for one in what if one is not None]
            told = {"won": len(what), "without_amount": len(what) - len(amounts)}
            return {"amount": sum(amounts) if amounts else None, **told}
        case "new_contracts":
            return {"contracts": len(what)}
        case "new_products":
            return {"products": len(what)}
        case "cross_up_sell":
            cross, up, unknown, known = (sum(part) for part in zip(*what, strict=True))
            if unknown and not known:
                return {"amount": None, "cross_sell": None, "up_sell": None, "without_amount": unknown}
            return {"amount": cross + up, "cross_sell": cross, "up_sell": up, "without_amount": unknown}
        case "nps":
            promoters, detractors = sum(s >= 9 for s in what), sum(s <= 6 for s in what)
            told = {"promoters": promoters, "detractors": detractors, "answers": len(what)}
            return {"nps": 100 * promoters / len(what) - 100 * detractors / len(what), **told}
    raise AssertionError(name)


def expected(name: str, items: Iterable[Item], by: tuple[str, ...], asked: list[Period]) -> dict[Key, dict[str, Any]]:
    """By group (None: all), currency and window: a running period is compared with a part of the one before."""
    counted: dict[Key, list[Any]] = defaultdict(list)
    for day, groups, currency, what in items:
        for first, last in {window for period in asked for window in (period.window, period.previous)}:
            if first <= day <= last:
                counted[None, currency, (first, last)].append(what)
                if by:
                    counted[tuple(groups[one] for one in by), currency, (first, last)].append(what)
    return {key: numbers(name, what, key[2][1]) for key, what in counted.items()}


def ask(
    world: World, name: str, asked: list[Period], as_of: date, *by: str, accounts: tuple[str, ...] = ()
) -> list[KpiRow]:
    asked_for = Question(KPIS[name], asked, as_of, by, accounts, profile=world.profile)
    return ask_kpi(world.clickhouse, world.settings.zone, asked_for)


def hold(rows: list[KpiRow], right: dict[Key, dict[str, Any]]) -> int:
    """Every row is right, and nothing that is right is missing; answers how many windows had something in them."""
    seen = set()
    for row in rows:
        for values, window in ((row.values, row.period.window), (row.previous, row.period.previous)):
            wanted = right.get((row.group, row.currency, window))
            if wanted is None:
                assert not any(values.values()), (row, "should be empty")
            else:
                assert dict(values) == pytest.approx(wanted), (row.group, row.currency, row.period.label)
                seen.add((row.group, row.currency, window))
    assert seen == set(right)
    return len(seen)


CASES = [
    *((name, split) for name, kpi in KPIS.items() for split in ((), *((one,) for one in kpi.by))),
    ("revenue_won", ("account", "product")),
    ("engagement_rate", ("segment", "channel")),
    ("new_contacts", ("group", "account")),
    ("meetings", ("group", "segment")),
]


@pytest.mark.parametrize(("name", "by"), CASES, ids=[f"{name}-{'-'.join(by) or 'total'}" for name, by in CASES])
def test_the_sql_of_a_kpi_agrees_with_plain_python(world: World, name: str, by: tuple[str, ...]) -> None:
    asked = latest("quarter", UNTIL, 9, 4)
    of = "campaign" if "campaign" in by else name
    ground = KPIS[name].ground
    if name == "funnel":
        items = of_funnel(world, UNTIL)
    else:
        items = of_touches(world, of) if ground == "touches" else of_crm(world, name, UNTIL)
    right = expected(of, items, by, asked)
    if ground == "touches" and name != "funnel" and "group" in by and "account" not in by:
        of_groups = expected(of, of_touches(world, of, unit=world.group), by, asked)
        right = {key: told for key, told in of_groups.items() if key[0] is not None} | expected(of, items, (), asked)
    assert hold(ask(world, name, asked, UNTIL, *by), right) >= 3


@pytest.mark.parametrize(("name", "counted"), [("engagement_rate", "engaged"), ("new_contacts", "contacts")])
def test_a_person_of_two_companies_of_a_group_counts_once_in_the_group(world: World, name: str, counted: str) -> None:
    asked = [stretch(date(2024, 4, 1), UNTIL, UNTIL)]
    by_account, by_group = (ask(world, name, asked, UNTIL, by) for by in ("account", "group"))
    for top in ("aozora-heavy", "kazamachi"):
        members = [r for r in by_account if r.group and world.group(r.group[0]) == top]
        [group] = [r for r in by_group if r.group == (top,)]
        assert len(members) >= 2
        assert 0 < (group.values[counted] or 0) <= sum(r.values[counted] or 0 for r in members)
    assert sum(r.values[counted] or 0 for r in by_account) > sum(r.values[counted] or 0 for r in by_group)


@pytest.mark.parametrize("kind", ["month", "year"])
@pytest.mark.parametrize("name", [name for name, kpi in KPIS.items() if kpi.ground != "touches"])
def test_as_of_an_earlier_day_only_what_was_recorded_by_then_counts(world: World, name: str, kind: Any) -> None:
    as_of = date(2025, 11, 20)
    asked = periods(kind, date(2025, 1, 1), as_of, as_of, 4)
    right = expected(name, of_crm(world, name, as_of), (), asked)
    assert hold(ask(world, name, asked, as_of), right)
    if name in ("win_rate", "revenue_won"):
        assert right != expected(name, of_crm(world, name, UNTIL), (), asked), "later statements tell otherwise"


def test_as_of_an_earlier_day_the_funnel_is_of_revenue_recorded_by_then(world: World) -> None:
    as_of = date(2025, 11, 20)
    asked = periods("quarter", date(2025, 1, 1), as_of, as_of, 4)
    right, today = (expected("funnel", of_funnel(world, day), (), asked) for day in (as_of, UNTIL))
    assert hold(ask(world, "funnel", asked, as_of), right)
    assert [right[key]["live"] for key in right] != [today[key]["live"] for key in right], "later statements tell more"


def test_since_when_revenue_is_known_is_asked_of_what_was_recorded_by_then(world: World) -> None:
    first = min(date.fromisoformat(one["month"]) for one in world.revenue)
    asked = [stretch(first, first + timedelta(days=14), UNTIL)]  # the month was not closed, so nobody had said anything
    [then] = ask(world, "funnel", asked, first + timedelta(days=14))
    [today] = ask(world, "funnel", asked, UNTIL)
    assert then.values["live"] is None
    assert then.values["prospects"] == today.values["prospects"]
    assert (today.values["live"] or 0) > 0


def test_only_the_accounts_asked_for_count(world: World) -> None:
    asked = latest("year", UNTIL, 2, 4)
    account = sorted(world.accounts)[0]
    items = [one for one in of_crm(world, "win_rate", UNTIL) if one[1]["account"] == account]
    assert hold(ask(world, "win_rate", asked, UNTIL, accounts=(account,)), expected("win_rate", items, (), asked))


def test_what_nobody_recorded_is_unknown_and_not_zero(world: World) -> None:
    asked = periods("year", date(1995, 4, 1), date(1996, 3, 31), UNTIL, 4)
    for name in KPIS:
        for row in ask(world, name, asked, UNTIL):
            assert {*row.values.values(), *row.previous.values()} == {None}, name


def aims(world: World, name: str, as_of: date, *by: str, accounts: tuple[str, ...] = ()) -> dict[Any, float]:
    """Targets by group, currency and label, of the two last quarters."""
    asked = periods("quarter", date(2026, 1, 1), UNTIL, UNTIL, 4)
    rows = ask(world, name, asked, as_of, *by, accounts=accounts)
    return {(r.group, r.currency, r.period.label): r.target for r in rows if r.target is not None}


def test_a_target_stands_beside_the_group_and_the_period_that_it_was_set_for(world: World) -> None:
    assert aims(world, "win_rate", UNTIL) == {(None, "", "FY2025 Q4"): 0.6}
    total = {(None, "", "FY2025 Q4"): 0.6}
    assert aims(world, "win_rate", UNTIL, "account") == {(("hoshikawa",), "", "FY2025 Q4"): 0.7, **total}
    assert aims(world, "win_rate", UNTIL, accounts=("hoshikawa",)) == {(None, "", "FY2025 Q4"): 0.7}
    assert aims(world, "win_rate", UNTIL, accounts=("hoshikawa", "suiran")) == {}
    assert aims(world, "win_rate", UNTIL, "product") == {
        (("Omega",), "", "FY2025 Q4"): 0.8,  # though nothing was sold
        **total,
    }
    assert aims(world, "revenue_won", UNTIL) == {(None, "JPY", "FY2026 Q1"): 900_000.0}, "of the period that still runs"
    assert aims(world, "nps", UNTIL) == {}


def test_as_of_an_earlier_day_the_target_is_the_one_of_that_day(world: World) -> None:
    assert aims(world, "win_rate", date(2025, 12, 31)) == {(None, "", "FY2025 Q4"): 0.5}
    assert aims(world, "win_rate", date(2026, 4, 30)) == {(None, "", "FY2025 Q4"): 0.6, (None, "", "FY2026 Q1"): 0.9}


@pytest.mark.parametrize("view", ["opportunities", "nps_answers"])
def test_what_is_known_at_the_end_of_time_is_what_the_view_without_a_parameter_shows(world: World, view: str) -> None:
    def shown(source: str) -> list[dict[str, Any]]:
        left_out = "" if view == "opportunities" or source == view else "EXCEPT (counts_for)"
        return world.clickhouse.query_text(f"SELECT * {left_out} FROM {source} ORDER BY 1").to_pylist()

    assert shown(f"{view}_known(known_before = '2299-01-01 00:00:00')") == shown(view)
    assert len(shown(view)) >= 100


def setten(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SETTEN_")} | {
        "SETTEN_CLICKHOUSE_URL": world.settings.clickhouse_url,
        "SETTEN_CLICKHOUSE_PASSWORD": PASSWORDS["setten"],
        "SETTEN_CLICKHOUSE_DATABASE": "kpis",
    }
    command = [sys.executable, "-m", "jobs.cli", "kpi", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_prints_a_table_json_and_csv_of_the_same_numbers(world: World) -> None:
    options = ("win_rate", "--by", "product", "--period", "year", "--as-of", "2026-06-14")
    table = setten(world, *options, "--lang", "ja")
    assert table.returncode == 0, table.stderr
    assert "受注率" in table.stdout
    assert "FY2025" in table.stdout
    assert "達成率" not in table.stdout, "no year has a target"
    rows = json.loads(setten(world, *options, "--json").stdout)
    lines = list(csv.DictReader(io.StringIO(setten(world, *options, "--csv").stdout)))
    assert len(rows) == len(lines) > 4
    for row, line in zip(rows, lines, strict=True):
        assert line["product"] == ("" if row["total"] else row["group"]["product"])
        assert line["target"] == ("" if row["target"] is None else str(row["target"]))
        assert line["won"] == ("" if row["values"]["won"] is None else str(row["values"]["won"]))


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("winrate",), "setten kpi list"),
        (("nps", "--by", "product"), "can be split by account, group, segment"),
        (("nps", "--period", "week"), "use month, quarter, year"),
        (("nps", "--period", "FY2026 Q1", "--from", "2026-01-01", "--as-of", "2026-06-14"), "leave out --from"),
        (("nps", "--period", "2026-07", "--as-of", "2026-06-14"), "begins after 2026-06-14"),
        (("nps", "--to", "2026-01-01"), "--to needs --from"),
        (("nps", "--from", "2027-01-01", "--as-of", "2026-01-01"), "give an earlier one"),
        (("nps", "--account", "nobody"), "no account"),
        (("nps", "--json", "--csv"), "use one of them"),
    ],
)
def test_who_asks_wrongly_is_told_how_to_ask(world: World, arguments: tuple[str, ...], remedy: str) -> None:
    done = setten(world, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert remedy in done.stderr

"""The ranked list out of ClickHouse against plain Python over a generated world, as of two days, and the command."""

import csv
import io
import json
import math
import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from infra.clickhouse import ClickHouse
from infra.priority import rank_accounts
from infra.settings import Settings
from infra.store import Store
from jobs.cli import app
from jobs.migrate import migrate_tables
from models.priority.ranking import Priority
from models.records import Origin
from streams.ingest.batch import Record
from streams.ingest.cycle import Cycle
from tests.contract.embedded_clickhouse import PASSWORDS, Server
from tests.priority import MODEL, MODEL_TEXT, model

NOW, BEFORE = date(2026, 6, 14), date(2025, 12, 10)
Fact = dict[str, Any]


def at(day: date, hour: int = 3) -> str:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC).isoformat()


def some_day(rng: random.Random, back: int = 700) -> date:
    return NOW - timedelta(days=rng.randrange(back))


ACCOUNTS = [f"a{n:02}" for n in range(30)]
# Into which one, since when. One after the first day of a month, between the two days asked as of.
MERGED = {"a28": ("a02", date.min), "a29": ("a03", date.min), "a12": ("a04", date(2026, 1, 5))}


def stated(rng: random.Random) -> list[Fact]:
    """Two years of statements: gaps, later corrections, two currencies, merged accounts, dropped stakeholders."""
    start, plans = at(NOW - timedelta(days=900)), random.Random(12)
    facts: list[Fact] = [
        {
            "type": "account_declared", "recorded_at": start, "account_id": key, "name": f"={key}",
            "domains": [f"{key}.example"], "kind": "partner" if key == "a05" else "customer",
            "tier": "strategic" if key < "a10" else "target",
        }
        for key in ACCOUNTS
    ]  # fmt: skip
    facts += [
        {"type": "account_merged", "recorded_at": start, "account_id": key, "into": into}
        | ({} if since == date.min else {"since": since.isoformat()})
        for key, (into, since) in MERGED.items()
    ]
    for key in ACCOUNTS:
        for person in range(5):
            rank = rng.choice(["executive", "management", "staff", "unknown"])
            told = {"contact_key": f"mail:p{person}@{key}.example", "account_id": key, "seniority": rank}
            facts.append({"type": "contact_declared", "recorded_at": start, "title_tells": False, **told})
        for _ in range(rng.randrange(3)):
            revenue = rng.choice([None, 10.0, 5000.0])
            told = {
                "industry": rng.choice(["", "steel", "製造", "food"]),
                "employees": rng.choice([None, 50, 500, 5000]),
                "annual_revenue": revenue,
                "currency": revenue and rng.choice(["JPY", "USD"]),
                "labels": rng.choice([[], ["listed"], ["x"]]),
            }
            facts.append({"type": "account_profiled", "recorded_at": at(some_day(rng)), "account_id": key, **told})
        for month in range(26) if rng.random() < 0.6 else ():
            first = date((2024 * 12 + 4 + month) // 12, (2024 * 12 + 4 + month) % 12 + 1, 1)
            if rng.random() < 0.8 and first <= NOW:
                told = {"month": first.isoformat(), "currency": "JPY", "amount": float(rng.choice([0, 5, 20, 40]))}
                said = min(first + timedelta(days=33), NOW)
                facts.append({"type": "revenue_recorded", "recorded_at": at(said), "account_id": key, **told})
                if rng.random() < 0.2:  # corrected later
                    told["amount"] = 70.0
                    facts.append({"type": "revenue_recorded", "recorded_at": at(NOW, 4), "account_id": key, **told})
        for person in range(rng.choice([0, 0, 3])):
            item = {
                "part": "stakeholder",
                "name": f"P{person}",
                "contact_key": rng.choice([None, f"mail:P{person}@{key}.example"]),
                "relationship": rng.choice(["sponsor", "supporter", "neutral", "needs_work", "opponent", "unknown"]),
                "decision_role": rng.choice(["decides", "approves", "uses"]),
            }
            when = some_day(rng)
            about = {"account_id": key, "key": f"p{person}"}
            facts.append({"type": "plan_item_stated", "recorded_at": at(when), **about, "item": item})
            if rng.random() < 0.3:
                dropped = at(when + (NOW - when) / 2, 4)
                facts.append({"type": "plan_item_dropped", "recorded_at": dropped, **about, "part": "stakeholder"})
        for product in plans.sample(["alpha", "beta"], plans.choice([0, 1, 2]) if key < "a15" else 0):
            for when in (some_day(plans), some_day(plans)):  # the later one holds
                wanted = [{"fiscal_year": year, "amount": float(plans.choice([0, 100, 900]))} for year in (2025, 2026)]
                item = {"part": "product", "product": product, "targets": wanted}
                item["currency"] = plans.choice(["JPY", "JPY", "USD"])
                about = {"account_id": key, "key": product}
                facts.append({"type": "plan_item_stated", "recorded_at": at(when), **about, "item": item})
        facts.append(
            {"type": "plan_item_stated", "recorded_at": start, "account_id": key, "key": "it.staff",
             "item": {"part": "target", "function": "it", "seniority": "staff", "wanted": 3}}
        )  # fmt: skip
    for number in range(300):
        opened = some_day(rng)
        closed = min(opened + timedelta(days=rng.randrange(120)), NOW)
        outcome = rng.choice(["won", "lost", "open", "open"])
        told = {
            "type": "opportunity_recorded", "recorded_at": at(opened, 1), "opportunity_id": f"o{number}",
            "account_id": rng.choice([*ACCOUNTS[:20], *MERGED, None]),
            "product": rng.choice(["Alpha", "ALPHA", "Beta", ""]),
            "stage": rng.choice(["提案", "Talk"]), "outcome": "open", "currency": rng.choice(["JPY", "JPY", "USD"]),
            "amount": rng.choice([None, 20.0, 90.0, 400.0]), "opened_on": opened.isoformat(),
            "expected_on": rng.choice([None, (opened + timedelta(days=rng.randrange(600))).isoformat()]),
        }  # fmt: skip
        facts.append(told)
        if outcome != "open":
            ended = {"outcome": outcome, "closed_on": closed.isoformat(), "expected_on": None}
            said = max(opened, min(closed + timedelta(days=rng.choice([0, 0, 40, -60])), NOW))  # some ahead of the day
            facts.append({**told, **ended, "recorded_at": at(said, 2)})
    # Of the partner, who is not ranked: stated in the evening of the 13th west of UTC.
    facts.append(
        {"type": "opportunity_recorded", "recorded_at": "2026-06-14T02:00:00+00:00", "opportunity_id": "undated",
         "account_id": "a05", "stage": "Talk", "outcome": "open", "amount": 90.0, "currency": "JPY",
         "opened_on": None, "expected_on": None}
    )  # fmt: skip
    told = {"industry": "steel", "employees": 500, "annual_revenue": None, "currency": None, "labels": ["listed"]}
    facts.append({"type": "account_profiled", "recorded_at": "2026-06-13T20:00:00+00:00", "account_id": "a05", **told})
    return facts


def touched(rng: random.Random) -> list[Fact]:
    """Mails of people, ours to them, and views by machines."""
    made = []
    for number in range(900):
        who = {"email": f"p{rng.randrange(5)}@{rng.choice(ACCOUNTS[:25])}.example"}
        day = some_day(rng, 400)
        kind = rng.choice(["email.received", "email.received", "email.sent"])
        made.append({"id": f"m{number}", "type": kind, "time": at(day, 5), "data": {"contacts": [who]}})
    return made


class World(NamedTuple):
    settings: Settings
    clickhouse: ClickHouse
    facts: list[Fact]
    mails: list[Fact]
    model: Path


@pytest.fixture(scope="module")
def world(clickhouse_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("priority")
    settings = Settings(
        data_dir=folder,
        clickhouse_url=f"http://127.0.0.1:{clickhouse_server.port}",
        clickhouse_password=PASSWORDS["setten"],
        clickhouse_database="priority",
    )
    migrate_tables(settings)
    clickhouse = ClickHouse(settings)
    cycle = Cycle(Store(clickhouse, settings.business_timezone), "facts", lambda told: None)
    rng = random.Random(11)
    facts, mails = stated(rng), touched(rng)
    shuffled = [*facts]
    rng.shuffle(shuffled)  # whatever order they arrive in
    received = datetime(2026, 6, 14, 14, tzinfo=UTC)
    headers = tuple(Origin("crm", "canonical", received).to_headers())
    batch = [
        Record("facts", 0, n, 0, headers, json.dumps(shuffled[n : n + 500]).encode())
        for n in range(0, len(shuffled), 500)
    ]
    batch.append(Record("signals.email", 0, 0, 0, headers, json.dumps(mails).encode()))
    cycle.run(batch)
    (folder / "model.toml").write_text(MODEL_TEXT, "utf-8")
    yield World(settings, clickhouse, facts, mails, folder / "model.toml")
    clickhouse.statement("DROP DATABASE priority")
    clickhouse.close()


# --- plain Python: the formulas of docs/priority.md, from the statements themselves -----------------------------------


def held(world: World, as_of: date, kind: str, *about: str) -> list[Fact]:
    """The last statement of each thing by the end of a day in Tokyo."""
    end = datetime(as_of.year, as_of.month, as_of.day, 15, tzinfo=UTC).isoformat()
    last: dict[tuple[Any, ...], Fact] = {}
    for one in sorted(world.facts, key=lambda one: one["recorded_at"]):
        if one["type"].startswith(kind) and one["recorded_at"] < end:
            last[tuple(one[name] for name in about)] = one
    return list(last.values())


def owner(account_id: str | None, day: date = date.max) -> str | None:
    """The account that one counts for on a day, by default in the end."""
    into, since = MERGED.get(account_id or "", (account_id, date.min))
    return into if since <= day else account_id


def logarithmic(amount: float, low: float, high: float) -> float:
    return 0.0 if amount <= low else min(10.0, 10 * math.log(amount / low) / math.log(high / low))


def plain_fit(told: Fact | None) -> float | None:
    if told is None:
        return None
    answers: list[tuple[int, bool | None]] = [
        (3, told["industry"] in ("steel", "製造") if told["industry"] else None),
        (2, None if told["employees"] is None else 100 <= told["employees"] <= 1000),
        (1, told["annual_revenue"] >= 1000 if told["annual_revenue"] and told["currency"] == "JPY" else None),
        (2, "listed" in told["labels"] if told["labels"] else None),
    ]
    known = sum(weight for weight, answer in answers if answer is not None)
    if known < 4:
        return None
    return 10 * sum(weight for weight, answer in answers if answer) / known


def day_of(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def plain_scores(world: World, as_of: date) -> dict[str, list[float | None]]:
    profiles = {one["account_id"]: one for one in held(world, as_of, "account_profiled", "account_id")}
    told = held(world, as_of, "opportunity_recorded", "opportunity_id")
    deals = [
        {**one, "opened": day_of(one["opened_on"]), "closed": (ended_on := day_of(one.get("closed_on"))),
         "expected": day_of(one["expected_on"]), "owner": owner(one["account_id"], min(ended_on or as_of, as_of))}
        for one in told
        if (one["opened_on"] or "") <= as_of.isoformat()
    ]  # fmt: skip
    for d in deals:
        if d["closed"] and d["closed"] > as_of:
            d |= {"outcome": "open", "closed": None, "expected": d["closed"]}
    closed = [d["outcome"] for d in deals if d["closed"] and as_of - timedelta(365) < d["closed"] <= as_of]
    ended = closed.count("won") + closed.count("lost")
    rate = closed.count("won") / ended if ended >= 4 else 0.25
    revenue: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for one in held(world, as_of, "revenue_recorded", "account_id", "month"):
        year, month, _ = map(int, one["month"].split("-"))
        if one["month"] <= as_of.isoformat():
            revenue[owner(one["account_id"], date(year, month, 1)) or ""][year * 12 + month - 1] += one["amount"]
    touches: dict[str, list[date]] = defaultdict(list)
    for mail in world.mails:
        day = date.fromisoformat(mail["time"][:10])
        if mail["type"] == "email.received" and day <= as_of:
            touches["mail:" + mail["data"]["contacts"][0]["email"]].append(day)
    ranks = {one["contact_key"]: one["seniority"] for one in world.facts if one["type"] == "contact_declared"}
    plans = [one for one in held(world, as_of, "plan_item", "account_id", "key") if one["type"] == "plan_item_stated"]

    found: dict[str, list[float | None]] = {}
    for key in ACCOUNTS:
        if owner(key, as_of) != key or key == "a05":
            continue
        own = [d for d in deals if d["owner"] == key]
        found[key] = [
            plain_fit(profiles.get(key)),
            plain_expected(own, revenue.get(key, {}), [p for p in plans if owner(p["account_id"]) == key], rate, as_of),
            plain_purchases(own, revenue.get(key, {}), as_of),
            plain_relations(key, plans, touches, ranks, as_of),
        ]
    return found


def plain_expected(
    deals: list[Fact], revenue: dict[int, float], plans: list[Fact], rate: float, as_of: date
) -> float | None:
    amounts: dict[str, float] = defaultdict(float)
    unknown = False
    for d in deals:
        told = d["expected"] or d["opened"]
        late = d["expected"] and d["expected"] > as_of + timedelta(365)
        if d["outcome"] != "open" or late or told < as_of - timedelta(100):
            continue
        if d["amount"] is None:
            unknown = True
        else:
            amounts[d["currency"]] += d["amount"] * (0.5 if d["stage"] == "提案" else rate)
    running = as_of.year * 12 + as_of.month - 1
    weighted = [(2 if running - n <= 6 else 1, amount) for n, amount in revenue.items() if 1 <= running - n <= 12]
    if len(weighted) >= 6:
        amounts["JPY"] += 12 * sum(w * a for w, a in weighted) / sum(w for w, _ in weighted)
    wanted: dict[str, float] = defaultdict(float)
    for item in (plan["item"] for plan in plans if plan["item"]["part"] == "product"):
        year = as_of.year if as_of.month > 3 else as_of.year - 1
        [amount] = [one["amount"] for one in item["targets"] if one["fiscal_year"] == year]
        wanted[item["currency"]] += 0.4 * amount
    amounts = {currency: max(amounts.get(currency, 0), wanted.get(currency, 0)) for currency in {*amounts, *wanted}}
    scales = {"JPY": (10, 1000), "USD": (1, 100)}
    if amounts:
        return max(logarithmic(amount, *scales[currency]) for currency, amount in amounts.items())
    return 0.0 if deals and not unknown and not revenue else None


def plain_purchases(deals: list[Fact], revenue: dict[int, float], as_of: date) -> float | None:
    won = [d for d in deals if d["outcome"] == "won"]
    days = [d["closed"] for d in won]
    for n, amount in revenue.items():
        if amount > 0:
            ends = date((n + 1) // 12, (n + 1) % 12 + 1, 1) - timedelta(days=1)
            days.append(min(ends, as_of))
    if not days:
        return 0.0 if deals or revenue else None
    first = as_of.year * 12 + as_of.month - 1 - 10
    recency = 10 * 0.5 ** ((as_of - max(days)).days / 30)
    months = {day.year * 12 + day.month - 1 for day in days if day.year * 12 + day.month - 1 >= first}
    sold = [d["amount"] for d in won if d["closed"].year * 12 + d["closed"].month - 1 >= first
            and d["amount"] is not None and d["currency"] == "JPY"]  # fmt: skip
    paid = [amount for n, amount in revenue.items() if n >= first]
    monetary: float | None = None if months else 0.0
    if sold or paid:
        monetary = logarithmic(max(sum(sold), sum(paid)), 10, 1000)
    products = {d["product"].casefold() for d in won if d["product"]}
    parts = [recency, min(10, len(months)), monetary, min(10.0, 10 * max(1, len(products)) / 4)]
    known = [part for part in parts if part is not None]
    return sum(known) / len(known)


def plain_relations(
    key: str, plans: list[Fact], touches: dict[str, list[date]], ranks: dict[str, str], as_of: date
) -> float | None:
    points = {"sponsor": 10, "supporter": 8, "neutral": 5, "needs_work": 3, "opponent": 0}
    scored = []
    for one in plans:
        item = one["item"]
        if owner(one["account_id"], as_of) != key or item.get("relationship") not in points:
            continue
        if item["decision_role"] in ("decides", "approves"):
            engaged = any((as_of - day).days < 90 for day in touches.get((item["contact_key"] or "").lower(), ()))
            weight = 2 if item["decision_role"] == "decides" else 1
            scored.append((weight, points[item["relationship"]] * (1 if engaged else 0.5)))
    if scored:
        return sum(w * s for w, s in scored) / sum(w for w, _ in scored)
    near = [
        ranks[contact]
        for contact, days in touches.items()
        if any(
            owner(contact.partition("@")[2].removesuffix(".example"), day) == key and 0 <= (as_of - day).days < 180
            for day in days
        )
    ]
    if not set(near) - {"unknown"}:
        return None
    return min(10.0, 10 * (2 * near.count("executive") + near.count("management")) / 4)


# --- the tests --------------------------------------------------------------------------------------------------------


def everyone(world: World, as_of: date) -> dict[str, Priority]:
    found = rank_accounts(world.clickhouse, world.settings, MODEL, as_of)
    return {one.account.account_id: one for one in (*found.ranked, *found.unranked)}


@pytest.mark.parametrize("as_of", [NOW, BEFORE])
@pytest.mark.parametrize("place", range(4), ids=["icp_fit", "expected_revenue", "purchase_history", "decision_makers"])
def test_each_factor_is_what_plain_python_makes_of_the_statements(world: World, as_of: date, place: int) -> None:
    keys = ("icp_fit", "expected_revenue", "purchase_history", "decision_makers")
    right = {key: scores[place] for key, scores in plain_scores(world, as_of).items()}
    found = {key: one.score(keys[place]) for key, one in everyone(world, as_of).items()}  # type: ignore[arg-type]
    assert found == {key: None if score is None else pytest.approx(score) for key, score in right.items()}
    assert len({score for score in right.values() if score is not None}) >= 4, "the world has all kinds"
    assert None in right.values()


@pytest.mark.parametrize("as_of", [NOW, BEFORE])
def test_the_list_is_in_the_order_of_the_weighted_mean_of_what_is_known(world: World, as_of: date) -> None:
    found = rank_accounts(world.clickhouse, world.settings, MODEL, as_of)
    totals, known = {}, {}
    for key, scores in plain_scores(world, as_of).items():
        told = [(w, s) for w, s in zip((4, 3, 2, 1), scores, strict=True) if s is not None]
        known[key] = sum(w for w, _ in told) / 10
        if known[key] >= 0.5:
            totals[key] = sum(w * s for w, s in told) / sum(w for w, _ in told)
    assert {one.account.account_id for one in found.ranked} == set(totals)
    assert len(totals) >= 10
    assert len(found.unranked) >= 2
    for one in (*found.ranked, *found.unranked):
        assert one.known == pytest.approx(known[one.account.account_id])
    assert [one.total for one in found.ranked] == pytest.approx(sorted(totals.values(), reverse=True), abs=0.021)
    assert [one.rank for one in found.ranked] == [*range(1, len(totals) + 1)]


def test_an_account_is_ranked_until_it_is_part_of_another_and_what_it_had_stays_with_its_days(world: World) -> None:
    into, since = MERGED["a12"]
    before, after = (everyone(world, day) for day in (since - timedelta(days=1), since))
    assert ("a12" in before, "a12" in after) == (True, False)
    told = {
        date.fromisoformat(one["month"]): one["amount"]
        for one in held(world, NOW, "revenue_recorded", "account_id", "month")
        if one["account_id"] == "a12"
    }
    assert {month > since for month in told} == {True, False}, "the world has revenue of both"
    now = world.clickhouse.query(
        "priority_revenue", {"last": NOW.replace(day=1), "known_before": "2030-01-01 00:00:00"}
    )
    own = {row["month"]: row["amount"] for row in now.to_pylist() if row["account_id"] == "a12"}
    assert own == {month: amount for month, amount in told.items() if month < since}
    assert everyone(world, NOW).keys() >= {into}


def test_what_was_recorded_later_was_not_known(world: World) -> None:
    assert plain_scores(world, BEFORE) != plain_scores(world, NOW)
    long_ago = everyone(world, date(2015, 1, 1)).values()
    assert {one.total for one in long_ago} == {None}


PARTNERS = model(MODEL_TEXT.replace('kinds = ["customer"]', 'kinds = ["partner"]'))


def partner(world: World, zone: str, as_of: date) -> Priority:
    settings = world.settings.model_copy(update={"business_timezone": zone})
    found = rank_accounts(world.clickhouse, settings, PARTNERS, as_of)
    [one] = (*found.ranked, *found.unranked)
    return one


def test_what_has_no_day_is_there_from_the_business_day_of_its_statement_on(world: World) -> None:
    def is_there(zone: str, as_of: date) -> bool:
        found = partner(world, zone, as_of).expected_revenue.opportunities
        return "undated" in {one.opportunity.opportunity_id for one in found}

    assert not is_there("America/Los_Angeles", date(2026, 6, 12))
    assert is_there("America/Los_Angeles", date(2026, 6, 13))
    assert not is_there("Asia/Tokyo", date(2026, 6, 13))
    assert is_there("Asia/Tokyo", date(2026, 6, 14))


def test_the_day_of_a_profile_is_a_business_day(world: World) -> None:
    assert partner(world, "Asia/Tokyo", NOW).icp_fit.stated_on == date(2026, 6, 14)
    assert partner(world, "America/Los_Angeles", NOW).icp_fit.stated_on == date(2026, 6, 13)


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Done]


@pytest.fixture
def setten(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `setten prioritise` on the world, within this process."""
    for name in [name for name in os.environ if name.startswith("SETTEN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(world.settings.data_dir)  # no setten.toml there
    monkeypatch.setenv("SETTEN_CLICKHOUSE_URL", world.settings.clickhouse_url)
    monkeypatch.setenv("SETTEN_CLICKHOUSE_PASSWORD", PASSWORDS["setten"])
    monkeypatch.setenv("SETTEN_CLICKHOUSE_DATABASE", "priority")

    def run(*arguments: str, model: Path = world.model) -> Done:
        monkeypatch.setenv("SETTEN_PRIORITY_MODEL", str(model))
        with pytest.raises(SystemExit) as ended:
            app(["prioritise", *arguments], prog_name="setten")
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return run


def test_the_command_prints_a_table_json_and_csv_of_the_same_list(setten: Command) -> None:
    options = ("--as-of", NOW.isoformat(), "--tier", "strategic")
    table = setten(*options, "--lang", "ja")
    assert table.returncode == 0, table.stderr
    assert "期待売上" in table.stdout
    told = json.loads(setten(*options, "--json").stdout)
    lines = list(csv.DictReader(io.StringIO(setten(*options, "--csv").stdout)))
    rows = [*told["ranked"], *told["unranked"]]
    assert [line["account_id"] for line in lines] == [row["account_id"] for row in rows]
    assert {row["tier"] for row in rows} == {"strategic"}
    assert len(told["ranked"]) > 2
    for row, line in zip(rows, lines, strict=True):
        assert line["name"] == f"'={row['account_id']}", "no cell is a formula"
        for key, factor in row["factors"].items():
            assert line[key] == ("" if factor["score"] is None else str(factor["score"]))
        added = [one["contribution"] for one in row["factors"].values() if one["contribution"] is not None]
        assert row["total"] is None or row["total"] == pytest.approx(sum(added))
    limited = json.loads(setten(*options, "--limit", "2", "--json").stdout)
    assert limited["ranked"] == told["ranked"][:2]


def test_record_stores_all_accounts_whatever_is_shown_and_prints_the_list_all_the_same(
    world: World, setten: Command
) -> None:
    shown = setten("--as-of", NOW.isoformat(), "--limit", "1", "--json", "--record")
    assert shown.stdout == setten("--as-of", NOW.isoformat(), "--limit", "1", "--json").stdout
    assert f"the ranking as of {NOW} by {MODEL.version} is recorded" in shown.stderr
    stored = world.clickhouse.statement("SELECT (count(), countIf(rank = 1)) FROM priorities FINAL FORMAT TSV")
    assert str(stored) == f"({len(everyone(world, NOW))},1)"
    assert "was recorded already" in setten("--as-of", NOW.isoformat(), "--record").stderr


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_why_names_the_criteria_opportunities_and_people_behind_each_factor(
    world: World, setten: Command, lang: str
) -> None:
    best = max(
        everyone(world, NOW).values(),
        key=lambda one: (len(one.decision_makers.deciders) > 0, len(one.expected_revenue.opportunities)),
    )
    account_id = best.account.account_id
    done = setten("--why", account_id, "--as-of", NOW.isoformat(), "--lang", lang)
    assert done.returncode == 0, done.stderr
    for said in [
        MODEL.version,
        *(one.opportunity.opportunity_id for one in best.expected_revenue.opportunities),
        *(one.stakeholder.name for one in best.decision_makers.deciders),
        *(one.stakeholder.stated_on.isoformat() for one in best.decision_makers.deciders),
    ]:
        assert said in done.stdout
    told = json.loads(setten("--why", account_id, "--as-of", NOW.isoformat(), "--json").stdout)
    assert told["total"] == best.total
    shown = told["inputs"]["expected_revenue"]["opportunities"]
    assert [one["opportunity"]["opportunity_id"] for one in shown] == [
        one.opportunity.opportunity_id for one in best.expected_revenue.opportunities
    ]


@pytest.mark.parametrize(("lang", "said"), [("en", "plan: FY2026"), ("ja", "プラン: 2026 年度")])
def test_why_names_what_the_plan_wants_by_product_and_says_where_that_decides(
    world: World, setten: Command, lang: str, said: str
) -> None:
    wanted = [one for one in everyone(world, NOW).values() for told in one.expected_revenue.amounts if told.planned]
    decided = {
        one.account.account_id: any(t.planned and t.planned.weighted == t.amount for t in one.expected_revenue.amounts)
        for one in wanted
    }
    assert set(decided.values()) == {True, False}
    for account_id, by_plan in decided.items():
        told = setten("--why", account_id, "--as-of", NOW.isoformat(), "--lang", lang).stdout
        assert said in told
        assert "40%" in told
        assert (("as that is more" in told) or ("上回るため" in told)) == by_plan


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("--why", "nobody"), "use an account_id"),
        (("--why", "a05"), "is no account of kind customer"),
        (("--tier", "gold"), "there are strategic, target"),
        (("--json", "--csv"), "use one of them"),
        (("--why", "a01", "--limit", "3"), "leave --tier, --limit, --record and --csv out"),
        (("--as-of", "1800-01-01"), "give a year"),
        (("--limit", "0"), "--limit"),
        (("--record", "--as-of", "2099-01-01"), "nobody knows that day yet"),
        (("--record", "--why", "a01"), "leave --tier, --limit, --record and --csv out"),
    ],
)
def test_who_asks_wrongly_is_told_how_to_ask(setten: Command, arguments: tuple[str, ...], remedy: str) -> None:
    done = setten(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert remedy in done.stderr


def test_a_model_that_is_wrong_is_told_line_by_line_and_ranks_nothing(setten: Command, tmp_path: Path) -> None:
    wrong = tmp_path / "mine.toml"
    wrong.write_text(MODEL_TEXT.replace("icp_fit = 4", "icp_fit = -1").replace("otherwise = 0.25", ""), "utf-8")
    done = setten(model=wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{wrong}:7: weights.icp_fit: -1" in done.stderr
    assert "expected_revenue.otherwise: missing" in done.stderr
    assert "2 errors" in done.stderr


def test_a_kind_that_no_account_has_is_an_error_that_names_those_there_are(
    world: World, setten: Command, tmp_path: Path
) -> None:
    wrong = tmp_path / "mine.toml"
    wrong.write_text(MODEL_TEXT.replace('kinds = ["customer"]', 'kinds = ["customer", "custmer"]'), "utf-8")
    done = setten("--record", "--as-of", BEFORE.isoformat(), model=wrong)
    assert (done.returncode, done.stdout) == (1, "")
    assert "kinds: 'custmer': no account is of this kind; there are customer, partner" in done.stderr
    stored = world.clickhouse.statement(f"SELECT count() FROM priorities WHERE as_of = '{BEFORE}' FORMAT TSV")
    assert str(stored).strip() == "0"
    wrong.write_text(MODEL_TEXT.replace('kinds = ["customer"]', 'kinds = ["customer", "prospect"]'), "utf-8")
    assert setten(model=wrong).returncode == 0, "a store may have no prospects yet"

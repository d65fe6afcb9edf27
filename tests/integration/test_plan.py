"""Account plans through the whole chain: files, the topic, the worker, ClickHouse; and back, as of any day."""

import json
import os
import pty
import random
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result
from typer.testing import CliRunner

from infra.kafka import FACTS, ingest_lag, producer
from infra.plans import Plans
from jobs.cli import app
from jobs.demo.world import build
from jobs.plan import compare, read_files, send
from models.facts import AnyFact
from models.plan.facts import PlanFact, PlanItemDropped, PlanItemStated
from models.plan.fold import fold_plan
from models.records import Origin
from tests.plans import CUSTOMER, PARTNER
from tests.stack import Stack, wait_for

SATO = "sato@kita.example"
TODAY = datetime.now(UTC).date()
DECLARED = [
    {"type": "account_declared", "account_id": account, "name": account.title(), "kind": kind}
    for account, kind in (
        *(("kita", "customer"), ("futaba", "partner"), ("minami", "customer"), ("nishi", "customer")),
        *(("merged", "customer"), ("merging", "customer")),
        *((account, "customer") for account in ("higashi", "nanboku", "nishiki", "naka")),
    )
]
CONTACT = {"type": "contact_declared", "contact_key": f"mail:{SATO}", "account_id": "minami", "name": "Sato"}


class Loaded(NamedTuple):
    """A stack with the demo world's facts in it."""

    stack: Stack
    facts: list[AnyFact]
    until: date

    def plan(self, *arguments: str | Path) -> Result:
        """Run `setten plan` in this process: a new one each time would take most of the time of these tests."""
        told = ["plan", *map(str, arguments), "--data-dir", str(self.stack.folder)]
        done: Result = CliRunner().invoke(app, told)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    def json(self, *arguments: str | Path) -> Any:
        """As plan, with --json; answers what it printed."""
        done = self.plan(*arguments, "--json")
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def loaded(stack: Stack) -> Loaded:
    until = datetime.now(stack.settings.zone).date() - timedelta(days=1)
    facts = build(1, until).facts
    told = [json.loads(fact.model_dump_json()) for fact in facts]
    more = [
        *DECLARED,
        {**CONTACT, "seniority": "management", "title": "部長"},
        {"type": "account_merged", "account_id": "nishi", "into": "kita"},
        {"type": "account_merged", "account_id": "merged", "into": "kita", "since": str(TODAY - timedelta(days=2))},
        {"type": "account_merged", "account_id": "merging", "into": "kita", "since": str(TODAY + timedelta(days=9))},
    ]
    done = stack.run("import", "facts", "-", given=json.dumps([*told, *more]))
    assert done.returncode == 0, done.stderr
    return Loaded(stack, facts, until)


def said(item: dict[str, Any]) -> dict[str, Any]:
    """An item without what says nothing, by a rule of the test's own."""
    empty = (None, "", [], "unknown", "open")
    return {name: value for name, value in item.items() if name != "part" and value not in empty}


def expected(facts: list[AnyFact], account: str, moment: datetime) -> dict[tuple[str, str], dict[str, Any]]:
    """The plan at a moment, by plain looking for the last statement of each item."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for fact in sorted(facts, key=lambda one: (one.recorded_at, one.fact_id.int)):
        told = json.loads(fact.model_dump_json())
        if not told["type"].startswith("plan_item") or told["account_id"] != account or fact.recorded_at >= moment:
            continue
        if told["type"] == "plan_item_stated":
            last[told["item"]["part"], told["key"]] = told["item"]
        else:
            last.pop((told["part"], told["key"]), None)
    return last


def in_document(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """All items of a plan as a file has them, in no order."""
    named = ("strategies", "stakeholders", "priorities", "competitors", "products", "team", "actions", "requests")
    inside = plan.get("partner", {})
    found = [plan[one] for one in ("profile", "selection", "vision") if one in plan]
    found += [inside[one] for one in ("joint_goal", "review") if one in inside]
    found += [item for one in ("targets", "terms", "cadence") for item in plan.get(one, [])]
    for section, names in ((plan, named), (inside, ("activity_goals", "number_goals", "actions"))):
        found += [item for one in names for item in section.get(one, {}).values()]
    return found


def sorted_texts(items: list[dict[str, Any]]) -> list[str]:
    whole = [json.loads(json.dumps(item), parse_int=float) for item in items]
    return sorted(json.dumps(item, sort_keys=True) for item in whole)


@pytest.mark.parametrize("account", ["hoshikawa", "watahashi"])
def test_a_plan_of_the_demo_world_reads_back_as_of_three_dates(loaded: Loaded, account: str) -> None:
    plans = Plans(loaded.stack.clickhouse)
    counts = []
    for days in (201, 61, 0):
        day = loaded.until - timedelta(days=days)
        end = datetime.combine(day + timedelta(days=1), time(), loaded.stack.settings.zone)
        wanted = expected(loaded.facts, account, end)
        shown = loaded.json("show", account, "--as-of", str(day))["plan"]
        assert sorted_texts(in_document(shown or {})) == sorted_texts([said(item) for item in wanted.values()])
        by_fold = fold_plan(plans.statements(account, end))
        assert {key: json.loads(item.model_dump_json()) for key, item in by_fold.items()} == wanted
        assert in_view(loaded.stack, account, end) == wanted
        counts.append(len(wanted))
    assert counts[0] == 0
    assert counts[1] > 5
    now = datetime.now(UTC)
    assert in_view(loaded.stack, account, now) != in_view(loaded.stack, account, now - timedelta(days=62))


def in_view(stack: Stack, account: str, before: datetime | None) -> dict[tuple[str, str], Any]:
    view = "plan_items"
    if before is not None:
        moment = f"toDateTime64('{before.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')"
        view = f"plan_items_known(known_before = {moment})"
    sql = f"SELECT part, item_key, item FROM {view} WHERE account_id = '{account}'"
    rows = stack.clickhouse.query_text(sql).to_pylist()
    return {(row["part"], row["item_key"]): json.loads(row["item"]) for row in rows}


def test_a_plan_of_the_demo_world_validates_imports_and_changes(loaded: Loaded, tmp_path: Path) -> None:
    stack, path = loaded.stack, tmp_path / "hoshikawa.yaml"
    path.write_text(loaded.plan("show", "hoshikawa", "--yaml").stdout, "utf-8")
    checked = loaded.plan("validate", path)
    assert (checked.exit_code, checked.stdout) == (0, "")
    [again] = loaded.json("import", path)
    assert again["changes"] == []

    text = path.read_text("utf-8")
    assert text.count("relationship: supporter") == 1
    text = text.replace("relationship: supporter", "relationship: sponsor")
    start = text.index("requests:")
    text = text[:start] + text[text.index("cadence:") :] + "\n"
    text = text.replace("actions:\n", "actions:\n  board: {what: 取締役会で説明, due: 2027-01-15}\n", 1)
    path.write_text(text, "utf-8")
    wanted = [("changed", "stakeholder", "manager"), ("stated", "action", "board"), ("dropped", "request", "poc")]
    history = "SELECT count() FROM facts FINAL WHERE type LIKE 'plan_item%'"
    before = stack.ask(history)
    [dry] = loaded.json("import", path, "--dry-run")
    assert [(one["change"], one["part"], one["key"]) for one in dry["changes"]] == wanted
    assert stack.ask(history) == before, "a dry run states nothing"
    done = loaded.plan("import", path, "--lang", "ja")
    assert done.exit_code == 0, done.stderr
    assert "支持者 → スポンサー" in done.stdout
    assert "ファイルにない項目はすべて削除されます: 社内への要望" in done.stdout
    assert int(stack.ask(history)) == int(before) + 3

    told = loaded.json("history", "hoshikawa")[-3:]
    assert sorted((one["change"], one["part"], one["key"]) for one in told) == sorted(wanted)
    assert len({one["recorded_at"] for one in told}) == 1
    now = loaded.json("show", "hoshikawa")["plan"]
    then = loaded.json("show", "hoshikawa", "--as-of", str(loaded.until))["plan"]
    assert (then["stakeholders"]["manager"]["relationship"], now["stakeholders"]["manager"]["relationship"]) == (
        "supporter",
        "sponsor",
    )
    assert ("requests" in then, "requests" in now) == (True, False)
    assert ("board" in then["actions"], "board" in now["actions"]) == (False, True)


def test_a_wrong_plan_gets_errors_with_line_field_and_remedy_and_states_nothing(loaded: Loaded, tmp_path: Path) -> None:
    path = tmp_path / "kita.yaml"
    text = CUSTOMER.replace("needs_work", "needswork").replace("currency: JPY", "currency: yen", 1)
    path.write_text(text, "utf-8")
    place = {word: f"{path}:{text[: text.index(word)].count(chr(10)) + 1}:" for word in ("needswork", "yen")}
    before = loaded.stack.ask("SELECT count() FROM facts")
    for command in ("validate", "import"):
        done = loaded.plan(command, path)
        told = done.stdout + done.stderr
        assert done.exit_code == 1
        [line] = [one for one in told.splitlines() if "needswork" in one]
        assert line.startswith(place["needswork"])
        assert "stakeholders.cio.relationship" in line
        assert "did you mean 'needs_work'?" in line
        [line] = [one for one in told.splitlines() if "yen" in one]
        assert line.startswith(place["yen"])
        assert "products.flow.currency" in line
        assert "ISO 4217" in line
    assert loaded.stack.ask("SELECT count() FROM facts") == before


def test_the_views_say_what_the_files_say(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / "kita.yaml").write_text(CUSTOMER, "utf-8")
    (tmp_path / "futaba.yaml").write_text(PARTNER, "utf-8")
    done = loaded.plan("import", tmp_path / "kita.yaml", tmp_path / "futaba.yaml")
    assert done.exit_code == 0, done.stderr

    def rows(view: str, columns: str, order: str = "ALL") -> list[tuple[Any, ...]]:
        sql = f"SELECT {columns} FROM {view} WHERE account_id IN ('kita', 'futaba') ORDER BY {order}"
        return [tuple(row.values()) for row in loaded.stack.clickhouse.query_text(sql).to_pylist()]

    assert rows("plan_products", "account_id, product, currency, fiscal_year, current_amount, target_amount") == [
        ("kita", "Flow", "JPY", 2027, 120e6, 180e6),
        ("kita", "Flow", "JPY", 2028, 120e6, 0.5),
    ]
    term = "fiscal_year, half, product_key, product, currency, recurring, open_opportunities, needed, to_be_created"
    bare = CUSTOMER.replace("terms:", "  bare: {product: Bare}\nterms:")
    (tmp_path / "kita.yaml").write_text(bare, "utf-8")
    assert loaded.plan("import", tmp_path / "kita.yaml").exit_code == 0
    assert rows("plan_products", "product, currency, fiscal_year, current_amount, target_amount")[0] == (
        ("Bare", None, None, None, None)
    )
    assert rows("plan_term", term) == [
        (2026, "", "", "", None, None, None, None, None),
        (2026, "h2", "flow", "Flow", "JPY", 50, None, 80, None),
    ]
    assert rows("plan_competitors", "competitor, products, priority_key, priority, importance, theirs, ours") == [
        ("Kogane", "Plant", "price", "price", None, 0, None),
        ("Kogane", "Plant", "uptime", "never stand still", 9, 7, 6),
        ("Other", "", None, None, None, None, None),
    ]
    assert rows("plan_team", "member, person, role, backs_up") == [
        ("shun", "Shun", "backup", "yui"),
        ("yui", "Yui", "owner", None),
    ]
    days = "toString(due), status, toString(done_on)"
    assert rows("plan_actions", f"account_id, kind, action, owner, {days}, rhythm, stakeholder, product, target") == [
        ("futaba", "partner_action", "deals", "Shun", None, "open", None, "weekly", None, None, None),
        ("kita", "action", "call", "Yui", "2026-10-31", "open", None, "", "cio", "flow", "it.management"),
        ("kita", "action", "sent", "", None, "done", "2026-09-01", "", None, None, None),
        ("kita", "request", "poc", "Product team", "2026-10-15", "doing", None, "", None, None, None),
    ]
    assert rows("plan_cadence", "account_id, kind, toString(next_on), participants, toString(held)") == [
        ("futaba", "partner_review", "2026-10-20", ["Shun", "Ben"], "['2026-09-22']"),
        ("kita", "quarterly", "2026-10-05", ["Yui", "Shun"], "['2026-04-06','2026-07-06']"),
    ]
    assert rows("plan_stakeholders", "stakeholder, contact_key, relationship", "stakeholder") == [
        ("cio", "mail:cio@kita.example", "needs_work"),
        ("head", None, "opponent"),
    ]


def test_most_of_a_plan_is_dropped_only_when_somebody_says_so(loaded: Loaded, tmp_path: Path) -> None:
    stack, path = loaded.stack, tmp_path / "futaba.yaml"
    path.write_text(PARTNER[: PARTNER.index("  activity_goals")], "utf-8")
    unasked = loaded.plan("import", path)
    assert unasked.exit_code == 2
    assert f"{path} drops 4 of the 5 items of futaba. Import it? Add --yes" in unasked.stderr
    assert len(in_view(stack, "futaba", None)) == 5
    assert loaded.plan("import", path, "--yes").exit_code == 0
    assert set(in_view(stack, "futaba", None)) == {("joint_goal", "joint_goal")}
    (tmp_path / "again.yaml").write_text(PARTNER, "utf-8")
    assert loaded.plan("import", tmp_path / "again.yaml").exit_code == 0
    assert len(in_view(stack, "futaba", None)) == 5, "what was dropped can be stated again"


def vision(path: Path, statement: str, *more: str, account: str = "higashi") -> Path:
    path.write_text(
        f"version: 1\naccount: {account}\n" + "\n".join([f"vision: {{statement: {statement}}}", *more]), "utf-8"
    )
    return path


def test_what_changed_while_somebody_was_asked_is_not_overwritten(loaded: Loaded, tmp_path: Path) -> None:
    first = vision(tmp_path / "first.yaml", "first", "strategies: {a: {statement: a}, b: {statement: b}}")
    assert loaded.plan("import", first).exit_code == 0
    master, terminal = pty.openpty()
    asked = loaded.stack.start("plan", "import", vision(tmp_path / "less.yaml", "first"), stdin=terminal)
    assert asked.stderr is not None
    told = b""
    while b"Import it?" not in told:
        told += os.read(asked.stderr.fileno(), 1000)
    assert (
        loaded.plan("import", vision(tmp_path / "other.yaml", "other", "strategies: {a: {statement: a}}")).exit_code
        == 0
    )
    before = in_view(loaded.stack, "higashi", None)
    os.write(master, b"y\n")
    told += asked.communicate(timeout=60)[1]
    os.close(master)
    os.close(terminal)
    assert (asked.returncode, b"the plan changed meanwhile: look at the dry run again" in told) == (1, True), told
    assert in_view(loaded.stack, "higashi", None) == before
    assert before["vision", "vision"]["statement"] == "other"


def test_of_two_imports_at_the_same_time_one_tells_that_the_plan_is_neither_file(
    loaded: Loaded, tmp_path: Path
) -> None:
    settings, now = loaded.stack.settings, datetime.now(UTC)
    texts = [f"strategies: {{{key}: {{statement: {key}}}}}" for key in "cd"]
    paths = [vision(tmp_path / f"{at}.yaml", "same", text, account="nanboku") for at, text in enumerate(texts)]
    read = [read_files([path], 8, now.date()) for path in paths]
    both = [compare(loaded.stack.clickhouse, files, now, settings.zone) for files in read]
    sent = [send(settings, files, imports) for files, imports in zip(read, both, strict=True)]
    assert [(one.missing, one.otherwise) for one in sent] == [(0, []), (0, ["nanboku"])]
    assert len(in_view(loaded.stack, "nanboku", None)) == 3, "it is neither file"


def test_a_statement_of_the_far_future_is_refused_and_one_that_is_there_blocks_its_own_item_only(
    loaded: Loaded, tmp_path: Path
) -> None:
    item = {"part": "strategy", "statement": "then"}
    told = {"type": "plan_item_stated", "account_id": "nishiki", "key": "late", "item": item}
    far = json.dumps({**told, "recorded_at": "2099-01-01T00:00:00Z"})
    done = loaded.stack.run("import", "facts", "-", given=far)
    assert done.returncode == 1
    assert "fact 1: recorded_at 2099-01-01 00:00 UTC is more than 26 hours ahead of this clock" in done.stderr
    # An earlier version took it, with its own time as that of its receipt.
    kafka = producer(loaded.stack.settings)
    headers = Origin("setten-import", "facts", datetime(2099, 1, 1, tzinfo=UTC)).to_headers()
    kafka.send(FACTS, far.encode(), headers=headers)
    kafka.flush()
    kafka.close()
    wait_for(lambda: ingest_lag(loaded.stack.settings).records == 0, "ingest")
    assert ("strategy", "late") in in_view(loaded.stack, "nishiki", None)
    path = vision(tmp_path / "plan.yaml", "now", account="nishiki")
    done = loaded.plan("import", path)
    assert done.exit_code == 0, done.stderr
    done = loaded.plan("import", vision(path, "now", "strategies: {late: {statement: now}}", account="nishiki"))
    assert done.exit_code == 1
    assert "strategy late of the plan of nishiki was stated at 2099-01-01 00:00:00 UTC" in done.stderr


def test_what_others_wrote_commands_no_terminal(loaded: Loaded, tmp_path: Path) -> None:
    name = "Mi\x1b[31mdori"
    account = {"type": "account_declared", "account_id": "midori", "name": name}
    assert loaded.stack.run("import", "facts", "-", given=json.dumps(account)).returncode == 0
    path = vision(tmp_path / "midori.yaml", "more", account="midori")
    told = [loaded.plan("import", path), loaded.plan("show", "midori"), loaded.plan("init", "midori", "--to", "-")]
    path.write_text(path.read_text("utf-8") + '\n"\\e[31mX": 1\n', "utf-8")
    told += [loaded.plan(command, path) for command in ("validate", "import")]
    assert [one.exit_code for one in told] == [0, 0, 1, 1, 1]
    assert "\x1b" not in "".join(one.stdout + one.stderr for one in told)
    assert "Mi\\x1b[31mdori" in told[1].stdout
    assert r"'\x1b[31mX': there is no such field" in told[3].stdout


def test_an_account_that_became_part_of_another_counts_for_no_owner(loaded: Loaded, tmp_path: Path) -> None:
    path = tmp_path / "naka.yaml"
    path.write_text(
        "version: 1\naccount: naka\nselection: {owner: Yui, rationale: [{kind: fit, why: it fits}]}\n", "utf-8"
    )
    assert loaded.plan("import", path).exit_code == 0
    plans = Plans(loaded.stack.clickhouse)
    assert "naka" in plans.selections()
    merged = {"type": "account_merged", "account_id": "naka", "into": "higashi"}
    assert loaded.stack.run("import", "facts", "-", given=json.dumps(merged)).returncode == 0
    assert "naka" not in plans.selections()


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ("kitta", "account 'kitta' is not known"),
        ("nishi", "has become part of 'kita'"),
        ("merged", "has become part of 'kita'"),
    ],
)
def test_a_plan_of_no_account_is_refused(loaded: Loaded, tmp_path: Path, account: str, told: str) -> None:
    (tmp_path / "plan.yaml").write_text(CUSTOMER.replace("account: kita", f"account: {account}"), "utf-8")
    done = loaded.plan("import", tmp_path / "plan.yaml")
    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr


def test_an_account_that_becomes_part_of_another_later_has_a_plan_until_then(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(CUSTOMER.replace("account: kita", "account: merging"), "utf-8")
    [done] = loaded.json("import", tmp_path / "plan.yaml", "--dry-run")
    assert (done["account"], len(done["changes"]) > 5) == ("merging", True)


def test_facts_in_any_order_and_repeated_are_the_same_plan_in_the_views(loaded: Loaded) -> None:
    stack, rng = loaded.stack, random.Random(5)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made: list[PlanFact] = []
    for _ in range(300):
        told = {
            "account_id": "shuffled",
            "key": rng.choice("abcdef"),
            "recorded_at": start + timedelta(hours=rng.randrange(40), microseconds=rng.randrange(3)),
        }
        part = rng.choice(["strategy", "vision"])
        told["key"] = part if part == "vision" else told["key"]
        if rng.random() < 0.3:
            made.append(PlanItemDropped.model_validate({**told, "part": part}))
        else:
            item = {"part": part, "statement": rng.choice(["x", "y", "z"])}
            made.append(PlanItemStated.model_validate({**told, "item": item}))
    sent = made + made[::3]
    rng.shuffle(sent)
    kafka = producer(stack.settings)
    for fact in sent:
        headers = Origin("test", "facts", fact.recorded_at).to_headers()
        kafka.send(FACTS, fact.model_dump_json().encode(), headers=headers)
    kafka.flush()
    kafka.close()
    wait_for(lambda: ingest_lag(stack.settings).records == 0, "ingest")

    def folded(before: datetime) -> dict[tuple[str, str], Any]:
        items = fold_plan(fact for fact in made if fact.recorded_at < before)
        return {about: json.loads(item.model_dump_json()) for about, item in items.items()}

    moments = [start + timedelta(hours=hours) for hours in (0, 7, 20, 33)]
    moments.append(sorted(fact.recorded_at for fact in made)[150])
    for moment in moments:
        assert in_view(stack, "shuffled", moment) == folded(moment)
    assert in_view(stack, "shuffled", None) == folded(start + timedelta(days=9)) != {}


def test_init_starts_a_plan_with_the_contacts_that_are_known(loaded: Loaded, tmp_path: Path) -> None:
    path = tmp_path / "minami.yaml"
    done = loaded.plan("init", "minami", "--lang", "ja", "--to", path)
    assert done.exit_code == 0, done.stderr
    text = path.read_text("utf-8")
    assert "Minami のアカウントプラン" in text
    assert f"contact_key: mail:{SATO}" in text
    assert loaded.plan("validate", path).exit_code == 0
    again = loaded.plan("init", "minami", "--to", path)
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)


def test_forget_takes_a_stakeholder_out_of_the_plan_and_keeps_her_out(loaded: Loaded, tmp_path: Path) -> None:
    stack, path = loaded.stack, tmp_path / "minami.yaml"
    plan = "version: 1\naccount: minami\nstakeholders:\n"
    plan += "  sato: {contact_key: 'mail:ＳＡＴＯ＠kita.example', name: Taro Sato}\n"
    path.write_text(
        plan + "  abe: {name: Abe}\nvision: {statement: more}\nactions:\n  call: {what: Call, stakeholder: sato}\n",
        "utf-8",
    )
    assert loaded.plan("import", path).exit_code == 0
    done = stack.run("forget", SATO, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "facts " in done.stdout
    assert "The proof: found nowhere." in done.stdout
    left = {("stakeholder", "abe"), ("vision", "vision"), ("action", "call")}
    assert set(in_view(stack, "minami", None)) == left
    assert stack.ask("SELECT count() FROM facts WHERE position(body, 'Taro Sato') > 0") == "0"
    shown = loaded.plan("show", "minami", "--yaml")
    assert "references to what does not stand" in shown.stderr
    (tmp_path / "shown.yaml").write_text(shown.stdout, "utf-8")
    assert loaded.plan("validate", tmp_path / "shown.yaml").exit_code == 0
    # The file still names her: she is left out, and it says so.
    [again] = loaded.json("import", path)
    assert (again["forgotten"], again["changes"]) == (1, [])
    # Somebody else's producer does not know that she is forgotten.
    item = {"part": "stakeholder", "contact_key": f"mail:{SATO}", "name": "Taro Sato"}
    fact = PlanItemStated.model_validate(
        {"recorded_at": datetime.now(UTC), "account_id": "minami", "key": "sato", "item": item}
    )
    kafka = producer(stack.settings)
    kafka.send(FACTS, fact.model_dump_json().encode(), headers=Origin("x", "facts", fact.recorded_at).to_headers())
    kafka.flush()
    kafka.close()
    wait_for(lambda: ingest_lag(stack.settings).records == 0, "ingest")
    assert set(in_view(stack, "minami", None)) == left
    assert stack.ask("SELECT count() FROM dead_letters FINAL WHERE position(raw, 'Taro Sato') > 0") == "0"

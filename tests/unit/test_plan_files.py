"""Plan files: what they say, what is wrong with them and where, the schema and the templates that come with Setten."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from infra.plans import Candidate, PlannedAccount
from jobs.plan import read_files
from jobs.plan_template import template
from models.plan.document import PLACES, items_of
from models.plan.problems import field
from models.plan.reading import PlanText, read_plan
from models.plan.schema import plan_schema
from models.plan.words import Language
from tests.plans import CUSTOMER, PARTNER
from tests.stack import ROOT

TODAY = date(2026, 11, 30)
SCHEMA = ROOT / "docs" / "plan.schema.json"


def read(text: str) -> PlanText:
    return read_plan(text.encode())


def lines(text: str) -> list[str]:
    return [one.line("plan.yaml") for one in read(text).problems]


def changed(old: str, new: str, text: str = CUSTOMER) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def test_every_part_can_be_written_in_a_file() -> None:
    parts: set[str] = set()
    for text in (CUSTOMER, PARTNER):
        plan = read(text).plan
        assert plan is not None, lines(text)
        parts |= {part for part, _ in items_of(plan)}
    assert parts == set(PLACES)


WRONG = [
    (
        "relationship: needs_work",
        "relationship: ^sponser",
        "stakeholders.cio.relationship: 'sponser': use one of sponsor, supporter, neutral, needs_work, opponent,"
        " unknown; did you mean 'sponsor'?",
    ),
    ("title:", "^titel:", "stakeholders.cio.titel: there is no such field: did you mean 'title'?"),
    (
        "wanted: 3",
        "wanted: ^some",
        "targets[0].wanted: 'some': it must be a whole number, without quotes, signs or units",
    ),
    ("due: 2026-10-31", "due: ^soon", "actions.call.due: 'soon': it is no day: write it like 2026-10-01"),
    ("due: 2026-10-31", "due: ^20261031", "actions.call.due: 20261031: it is no day: write it like 2026-10-01"),
    (
        "  head: {",
        "  ^Head: {",
        "stakeholders.Head: 'Head': use lower-case letters, digits, . _ and -, at most 64, beginning with a letter or"
        " digit",
    ),
    (
        "theirs: 7",
        "theirs: ^11",
        "competitors.kogane.positions[0].theirs: 11: input should be less than or equal to 10 (Theirs: how well they"
        " do, 0 to 10)",
    ),
    (
        "stakeholder: cio",
        "stakeholder: ^coi",
        "actions.call.stakeholder: 'coi': it is no stakeholder of this plan: use one of cio, head",
    ),
    (
        "backs_up: yui",
        "backs_up: ^shun",
        "team.shun.backs_up: 'shun': it is no other member of the team: use one of yui",
    ),
    (
        "  flow:\n    product: Flow\n    currency: JPY",
        "  ^flow:\n    product: Flow",
        "products.flow: an amount has no currency: give one as ISO 4217 has it, like JPY",
    ),
    (
        "{what: Send it, status: done,",
        "^{what: Send it, status: doing,",
        "actions.sent: done_on 2026-09-01 of what is doing: set status to done, or leave done_on out",
    ),
    (
        "  other: {name: Other}",
        "  ^other:",
        "competitors.other: nothing is said of it: write its fields below it, or take the key out",
    ),
    (
        "selection:\n  owner: Yui",
        "^selection:",
        "selection.owner: it is missing: add it (Owner: who answers for the account)",
    ),
    (
        "account: kita",
        "account: kita\nkind: ^partner",
        "kind: 'partner': a partner's plan needs partner.joint_goal: say what you reach together",
    ),
    (
        "  - {fiscal_year: 2026}",
        "  - ^{fiscal_year: 2026, half: h2, product: flow}",
        "terms[1]: it says of '2026h2.flow' what another entry says: keep one",
    ),
    ("version: 1", 'version: ^"1"', "version: '1': it must be a whole number, without quotes, signs or units"),
    ("version: 1", "version: ^true", "version: True: it must be a whole number, without quotes, signs or units"),
    (
        "mail:CIO@kita.example",
        "^mail:cio",
        "stakeholders.cio.contact_key: 'mail:cio': it is no mail address: write one like mail:sato@example.co.jp",
    ),
    (
        "mail:CIO@kita.example",
        r'^"id:\u009b31m"',
        r"stakeholders.cio.contact_key: 'id:\x9b31m': it holds a control character: remove it",
    ),
    (
        "name: price",
        r'name: ^"\u202eprice"',
        r"priorities.price.name: '\u202eprice': it holds a control character: remove it",
    ),
    (
        "title:",
        r'^"\e[31mtitel":',
        r"stakeholders.cio.'\x1b[31mtitel': there is no such field: use one of contact_key, name,"
        " title, department, relationship, decision_role, approval_step, owner",
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), WRONG)
def test_what_is_wrong_is_told_with_line_column_field_value_and_remedy(old: str, new: str, told: str) -> None:
    """^ marks where the error is."""
    before, after = changed(old, new).split("^")
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    assert lines(before + after) == [f"plan.yaml:{line}:{column}: {told}"]


NUMBERS = [
    ("wanted: 3", "wanted: {}"),
    ("importance: 9", "importance: {}"),
    ("approval_step: 2", "approval_step: {}"),
    ("by_year: 2029", "by_year: {}"),
    ("recurring: 50", "recurring: {}"),
    ("amount: 0.5", "amount: {}"),
    ("wanted: 12", "wanted: {}"),
    ("reached: 3", "reached: {}"),
    ("amount: 30000000", "amount: {}"),
    ("version: 1", "version: {}"),
]


@pytest.mark.parametrize(("old", "new"), NUMBERS)
def test_schema_and_command_agree_on_what_a_number_is(old: str, new: str, tmp_path: Path) -> None:
    text = CUSTOMER if old in CUSTOMER else PARTNER
    number = old.partition(": ")[2]
    path, taken = tmp_path / "plan.yaml", []
    for value in (number, "true", f'"{number}"', "-1", "2.5", f"{number}.0"):
        path.write_text(changed(old, new.format(value), text), "utf-8")
        taken.append(read_plan(path.read_bytes()).plan is not None)
        assert checked(path) == (0 if taken[-1] else 1), path.read_text("utf-8")
    assert taken[:3] == [True, False, False]


def test_a_no_break_space_is_a_blank_and_joiners_are_letters() -> None:
    plan = read(changed("name: price", "name: 価格\u00a0と\u200d質")).plan
    assert plan is not None
    assert plan.priorities["price"].name == "価格 と\u200d質"


def test_an_address_in_full_width_is_the_address() -> None:
    plan = read(changed("mail:CIO@kita.example", "mail:ｃio＠kita.example")).plan
    assert plan is not None
    assert plan.stakeholders["cio"].contact_key == "mail:cio@kita.example"


def test_all_errors_are_told_at_once_in_the_order_of_their_lines() -> None:
    told = read(
        changed("wanted: 3", "wanted: x").replace("kind: growth", "kind: big").replace("statement:", "stating:")
    )
    assert [field(one.path) for one in told.problems if one.severity == "error"] == [
        "selection.rationale[0].kind",
        "vision.statement",
        "vision.stating",
        "strategies.plants.statement",
        "strategies.plants.stating",
        "targets[0].wanted",
    ]
    assert told.plan is None


@pytest.mark.parametrize(
    "text", ["Call hana@aozora.example", "Call hana＠aozora．example", "who: <a.b+c@sub.kita.example>"]
)
@pytest.mark.parametrize("place", ["owner: Yui\n  selected_on", "what: Test system", "summary: Maker of pumps"])
def test_no_text_holds_a_mail_address(text: str, place: str) -> None:
    name, _, value = place.partition(": ")
    written = changed(place, f"{name}: '{text}'" + value[value.find("\n") :] if "\n" in value else f"{name}: '{text}'")
    [line] = lines(written)
    assert "it holds a mail address: declare the person as a stakeholder with contact_key" in line


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"a: &x [1]\nb: [*x, *x]\n", "1:4: anchors and aliases"),
        (b"a: *x\n", "1:4: anchors and aliases"),
        (b"version: 1\nversion: 1\n", "2:1: version: 'version' is there twice, first on line 1"),
        (b"version: 1\n---\nversion: 1\n", "2:1: a second document"),
        (b"x: " + b"[" * 5000, "nested deeper than 20 levels"),
        (b"#" * 300_000, "it is too large: a plan has at most 262,144 bytes"),
        (b"a: !!python/object/apply:os.system [ls]\n", "1:4: the tag tag:yaml.org,2002:python/object/apply:os.system"),
        ("概要: あ".encode("cp932"), "1:1: it is not in UTF-8: save it in UTF-8"),
        (b"a: 1\n\tb: 1\n", "2:1: it is no YAML"),
        (b"a: \x01\n", "1:4: a character that YAML does not allow"),
        (b"a: [1\n", "it is no YAML"),
        (b'"\\ud800": 1\n', "1:1: it holds half of a character"),
        (b'a: "\\udfff"\n', "1:4: a: it holds half of a character"),
        (b"a: !<%1b[31m> 1\n", r"1:4: the tag '\x1b[31m' is not read"),
        (b"? [a]\n: 1\n", "1:3: a key is a list or a mapping"),
        (b"", "the file is empty: `setten plan init ACCOUNT` writes one"),
        (b"- a\n", "it must be a mapping"),
        (b"just text\n", "it must be a mapping"),
    ],
)
def test_yaml_that_is_dangerous_or_unclear_is_refused(body: bytes, told: str) -> None:
    found = read_plan(body)
    assert found.plan is None
    assert any(told in one.line("plan.yaml") for one in found.problems), [one.line("f") for one in found.problems]


def test_plain_words_are_texts_as_yaml_1_2_has_it() -> None:
    plan = read(changed("name: price", "name: no").replace("what: first plant", "what: 12:30")).plan
    assert plan is not None
    assert plan.priorities["price"].name == "no"
    assert plan.products["flow"].adoption[0].what == "12:30"


def warnings(tmp_path: Path, *texts: str, limit: int = 8) -> list[str]:
    paths = []
    for number, text in enumerate(texts):
        paths.append(tmp_path / f"{number}.yaml")
        paths[-1].write_text(text, "utf-8")
    found = read_files(paths, limit, TODAY)
    assert found.errors == 0
    return [one.problem.line(one.file.name) for one in found.found]


def test_a_good_plan_gets_no_warning(tmp_path: Path) -> None:
    assert warnings(tmp_path, CUSTOMER, PARTNER) == []


@pytest.mark.parametrize("kind", ["today_revenue", "size", "tenure"])
def test_it_is_warned_where_only_what_the_account_is_today_speaks_for_it(tmp_path: Path, kind: str) -> None:
    [line] = warnings(tmp_path, changed("kind: growth", f"kind: {kind}"))
    assert line.startswith("0.yaml:7:3: warning: selection.rationale: only today's revenue, size or tenure speak for")


def test_it_is_warned_where_no_reason_is_recorded_or_sums_differ(tmp_path: Path) -> None:
    [line] = warnings(tmp_path, changed("  rationale:\n    - {kind: growth, why: three more plants}\n", ""))
    assert line.startswith("0.yaml:4:1: warning: selection: no reason is recorded: say in `rationale` why")
    [line] = warnings(tmp_path, changed("needed: 80", "needed: 80, open_opportunities: 10, to_be_created: 10"))
    assert "terms[0].needed: 80: recurring, open and to be created are 70 together" in line


def test_it_is_warned_where_an_owner_has_too_many_chosen_accounts(tmp_path: Path) -> None:
    texts = [changed("account: kita", f"account: kita-{number}") for number in range(3)]
    assert warnings(tmp_path, *texts, limit=3) == []
    told = warnings(tmp_path, *texts, limit=2)
    assert len(told) == 3
    assert told[0].startswith("0.yaml:5:10: warning: selection.owner: 'Yui': has 3 strategic accounts, more than 2")


def test_it_is_warned_where_products_differ_in_case_alone_or_what_is_done_lies_ahead(tmp_path: Path) -> None:
    [line] = warnings(tmp_path, changed("terms:", "  upper: {product: ＦＬＯＷ}\nterms:"))
    assert "products.upper.product: 'ＦＬＯＷ': 'Flow' differs in case or width only" in line
    assert warnings(tmp_path, changed("done_on: 2026-09-01", f"done_on: {TODAY}")) == []
    [line] = warnings(tmp_path, changed("done_on: 2026-09-01", "done_on: 2026-12-01"))
    assert "actions.sent.done_on: 2026-12-01: it is after today, 2026-11-30" in line
    [line] = warnings(tmp_path, changed("theirs: Ben", "status: done, done_on: 2026-12-01", PARTNER))
    assert "warning: partner.actions.deals.done_on: 2026-12-01" in line


def test_two_files_of_one_account_are_an_error(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(CUSTOMER, "utf-8")
    [one] = read_files([tmp_path / "a.yaml", tmp_path / "b.yaml"], 8, TODAY).found
    assert (one.file.name, one.problem.severity, one.problem.at.line) == ("b.yaml", "error", 2)


def test_the_published_schema_is_that_of_the_models() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == plan_schema(), "run: setten plan schema > docs/plan.schema.json"


def test_every_field_of_the_schema_is_described_in_both_languages() -> None:
    schema = plan_schema()
    for where, told in [("", schema), *schema["$defs"].items()]:
        for name, one in told["properties"].items():
            english, _, japanese = one["description"].partition(" / ")
            assert re.search(r"[a-z]", english), f"{where}.{name}"
            assert re.search(r"[぀-ヿ一-鿿]", japanese), f"{where}.{name}"


def checked(path: Path) -> int:
    return CliRunner().invoke(check_jsonschema, ["--schemafile", str(SCHEMA), str(path)]).exit_code


def test_the_schema_takes_a_good_plan_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    for text, code in (
        (CUSTOMER, 0),
        (PARTNER, 0),
        (changed("wanted: 3", "wanted: x"), 1),
        (changed("title:", "titel:"), 1),
        (changed("  head:", "  Head:"), 1),
    ):
        path.write_text(text, "utf-8")
        assert checked(path) == code, text


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("kind", ["customer", "partner"])
def test_the_template_is_a_plan_as_it_is_and_with_all_its_examples(kind: str, lang: Language, tmp_path: Path) -> None:
    known = PlannedAccount("北\n製作所 #1", kind, "")
    hana = Candidate("mail:hana@kita.example", "Hana: 佐伯", "CTO #1", "")
    filled = read(template("kita", known, [hana], lang))
    assert filled.plan is not None, filled.problems
    assert filled.plan.stakeholders["p1"].name == "Hana: 佐伯"
    assert filled.plan.stakeholders["p1"].title == "CTO #1"
    text = template("kita", known, [], lang)
    whole = "\n".join(re.sub(r"^#(?!#)", "", line) for line in text.splitlines())
    plan = read(whole)
    assert plan.plan is not None, plan.problems
    parts = {part for part, _ in items_of(plan.plan)}
    own = {part for part, place in PLACES.items() if place.path[0] == "partner"}
    assert parts >= (own if kind == "partner" else set(PLACES) - own)
    path = tmp_path / "plan.yaml"
    path.write_text(whole, "utf-8")
    assert checked(path) == 0
    assert warnings(tmp_path, whole) == []


@pytest.mark.parametrize("account", ["123", "true", "null", "1.5", "0x1F", "no", "2026-10-01"])
def test_an_id_that_reads_as_something_else_is_quoted_in_the_template(account: str) -> None:
    plan = read(template(account, PlannedAccount("Kita", "customer", ""), [], "en")).plan
    assert plan is not None
    assert plan.account == account


def test_contacts_come_into_the_template_without_what_a_plan_may_not_say() -> None:
    known = PlannedAccount("Ki\x1b[31mta", "customer", "")
    candidates = [
        Candidate("mail:hana@kita.example", "Hana\u00a0佐伯", "CTO hana@kita.example", "\x1bIT"),
        Candidate("mail:hana", "Hana", "", ""),
    ]
    text = template("kita", known, candidates, "en")
    assert "\x1b" not in text
    plan = read(text).plan
    assert plan is not None
    [only] = plan.stakeholders.values()
    assert (only.name, only.title, only.department) == ("Hana 佐伯", "", "IT")


@pytest.mark.parametrize(
    "example", re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "plan.md").read_text("utf-8"), re.S)
)
def test_the_examples_of_the_document_are_good_plans(example: str, tmp_path: Path) -> None:
    assert warnings(tmp_path, example) == []

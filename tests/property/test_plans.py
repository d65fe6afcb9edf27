"""Laws of plans: any order and repetition of their facts is one plan, files lose nothing, history adds up."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.facts import FACT
from models.novelty import what_holds
from models.plan.changes import changes, facts_of
from models.plan.document import as_document, items_of
from models.plan.facts import ITEM, PlanFact, PlanItemDropped, PlanItemStated
from models.plan.fold import fold_plan, history
from models.plan.reading import read_plan
from models.plan.references import without_dangling
from models.plan.yaml_text import read_yaml, write_yaml
from models.side_facts import subject
from tests.plans import CUSTOMER, PARTNER

START = datetime(2026, 1, 1, tzinfo=UTC)
PARTS = {
    "strategy": {"statement": "s"},
    "stakeholder": {"name": "n"},
    "action": {"what": "w"},
    "team": {"role": "sales", "person": "p"},
}


@st.composite
def facts(draw: st.DrawFn) -> PlanFact:
    part = draw(st.sampled_from(sorted(PARTS)))
    at = START + timedelta(hours=draw(st.integers(0, 4)))
    told = {"recorded_at": at, "account_id": "kita", "key": draw(st.sampled_from("abc"))}
    if draw(st.booleans()):
        return PlanItemDropped.model_validate({**told, "part": part})
    first, *_ = PARTS[part]
    item = {"part": part, **PARTS[part]}
    if part != "team":
        item[first] = draw(st.sampled_from("xyz"))
    return PlanItemStated.model_validate({**told, "item": item})


@given(st.lists(facts(), max_size=25), st.randoms())
def test_facts_in_any_order_and_repeated_are_the_same_plan(told: list[PlanFact], rng: object) -> None:
    again = [*told, *told[::2]]
    rng.shuffle(again)  # type: ignore[attr-defined]
    assert fold_plan(again) == fold_plan(told)
    assert history(again) == history(told)


@given(st.lists(facts(), max_size=25))
def test_the_plan_is_what_holds_of_its_facts(told: list[PlanFact]) -> None:
    """The fold of plans and that of imports, which knows nothing of plans, agree."""
    held = what_holds(told)
    items = fold_plan(told)
    for fact in told:
        said = held[subject(fact)].content
        part = fact.item.part if isinstance(fact, PlanItemStated) else fact.part
        latest = max(
            (one for one in told if subject(one) == subject(fact)), key=lambda one: (one.recorded_at, one.fact_id.int)
        )
        assert ((part, fact.key) in items) == isinstance(latest, PlanItemStated)
        assert said == what_holds([latest])[subject(fact)].content


@given(st.lists(facts(), max_size=15), st.lists(facts(), max_size=15))
def test_stating_what_changes_makes_the_plan_that_is_wanted(old: list[PlanFact], new: list[PlanFact]) -> None:
    standing, wanted = fold_plan(old), fold_plan(new)
    later = START + timedelta(days=1)
    stated = facts_of("kita", changes(standing, wanted, later))
    assert fold_plan([*old, *stated]) == wanted
    assert changes(wanted, wanted, later) == []
    assert [FACT.validate_json(one.model_dump_json()) for one in stated] == stated


TEXT = st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" \n'\":#-{}[]&*!|>%@`,?~0123456789eyno"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300)
@given(st.dictionaries(TEXT, VALUES, min_size=1, max_size=5))
def test_what_is_written_as_yaml_is_read_back_unchanged(told: dict[str, object]) -> None:
    found = read_yaml(write_yaml(told).encode())
    assert found.problems == []
    assert found.value == told


def test_a_plan_shown_as_a_file_is_the_same_plan() -> None:
    for text in (CUSTOMER, PARTNER):
        plan = read_plan(text.encode()).plan
        assert plan is not None
        items = items_of(plan)
        again = read_plan(write_yaml(as_document(plan.account, items)).encode())
        assert again.plan is not None, again.problems
        assert items_of(again.plan) == items
        assert (again.plan.account, again.plan.kind) == (plan.account, plan.kind)


REFERRING = {
    ("priority", "price"): {"name": "price"},
    ("stakeholder", "cio"): {"name": "n"},
    ("product", "flow"): {"product": "Flow"},
    ("target", "it.staff"): {"function": "it", "seniority": "staff", "wanted": 1},
    ("action", "call"): {"what": "w", "stakeholder": "cio", "product": "flow", "target": "it.staff"},
    ("term", "2026.flow"): {"fiscal_year": 2026, "product": "flow"},
    ("competitor", "k"): {"name": "K", "positions": [{"priority": "price", "theirs": 1}]},
    ("team", "a"): {"role": "sales", "person": "p"},
    ("team", "b"): {"role": "backup", "person": "p", "backs_up": "a"},
}


@given(st.sets(st.sampled_from(sorted(REFERRING))))
def test_a_plan_of_which_anything_went_is_shown_as_a_file_that_imports(gone: set[tuple[str, str]]) -> None:
    whole = {about: ITEM.validate_python({"part": about[0], **told}) for about, told in REFERRING.items()}
    assert without_dangling(whole) == whole
    items = {about: item for about, item in whole.items() if about not in gone}
    again = read_plan(write_yaml(as_document("kita", items)).encode())
    assert again.plan is not None, again.problems
    lost = {("term", "2026.flow")} if ("product", "flow") in gone else set()
    assert set(items_of(again.plan)) == set(items) - lost


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])).filter(str.strip))
def test_any_name_that_a_plan_takes_is_shown_as_a_file_that_says_it(name: str) -> None:
    try:
        items = {("strategy", "a"): ITEM.validate_python({"part": "strategy", "statement": name})}
    except ValidationError:
        return
    again = read_plan(write_yaml(as_document("kita", items)).encode())
    assert again.plan is not None, again.problems
    assert items_of(again.plan) == items


@given(st.lists(facts(), max_size=25))
def test_any_plan_shown_as_a_file_is_the_same_plan(told: list[PlanFact]) -> None:
    items = fold_plan(told)
    again = read_plan(write_yaml(as_document("kita", items)).encode())
    assert again.plan is not None, again.problems
    assert items_of(again.plan) == items

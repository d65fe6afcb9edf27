"""Facts beside the directory: what holds of them, and that the directory neither knows nor counts them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from infra.clickhouse import load_sql
from models.account_profile import AccountProfiled
from models.crm_facts import CaseRecorded, NpsAnswered, OpportunityRecorded, ProductDeclared
from models.directory import Directory
from models.facts import FACT, AccountDeclared, RevenueRecorded
from models.folding import fold
from models.kpi_targets import KpiTargetSet
from models.novelty import Held, about, content, news_of, what_holds
from models.plan.facts import PlanItemDropped, PlanItemStated
from models.plan.people import Stakeholder, Target
from models.side_facts import SIDE_TYPES, SideFact, subject
from models.sources.fact_records import decode_facts

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def deal(stage: str = "Talk", at: datetime = NOW, **told: Any) -> OpportunityRecorded:
    return OpportunityRecorded.model_validate(
        {"recorded_at": at, "opportunity_id": "1", "stage": stage, "outcome": "open", **told}
    )


ONE_OF_EACH: list[SideFact] = [
    deal(account_id="kita", amount=1.5, currency="JPY", opened_on="2026-01-01"),
    CaseRecorded(recorded_at=NOW, case_id="7", opened_on=date(2026, 1, 1)),
    NpsAnswered(recorded_at=NOW, score=9, answered_on=date(2026, 1, 1), contact_key="mail:A@kita.example"),
    ProductDeclared(recorded_at=NOW, product="GTX Pro", list_price=4821, currency="USD"),
    AccountProfiled(recorded_at=NOW, account_id="kita", industry="manufacturing", country="JP", employees=12_000),
    KpiTargetSet(recorded_at=NOW, kpi="meetings", first=date(2026, 4, 1), last=date(2026, 6, 30), value=40),
    PlanItemStated(recorded_at=NOW, account_id="kita", key="cio", item=Stakeholder(contact_key="mail:Io@kita.example")),
    PlanItemDropped(recorded_at=NOW, account_id="kita", part="stakeholder", key="cio"),
]


def test_the_queries_and_the_code_agree_on_the_types() -> None:
    types = {kind.model_fields["type"].default for kind in get_args(SideFact)}
    assert types == set(SIDE_TYPES) == {fact.type for fact in ONE_OF_EACH}
    told = ", ".join(f"'{one}'" for one in SIDE_TYPES)
    for query in ("facts", "facts_counted", "facts_since"):
        assert f"type NOT IN ({told})" in " ".join(load_sql(query).split())
    for query in ("side_facts", "copy_side_facts"):
        assert f"type IN ({told})" in " ".join(load_sql(query).split())


@pytest.mark.parametrize("fact", ONE_OF_EACH, ids=lambda fact: fact.type)
def test_a_fact_goes_through_the_topic_and_the_table_unchanged(fact: SideFact) -> None:
    assert decode_facts(fact.model_dump_json().encode()) == [fact]
    assert FACT.validate_json(fact.model_dump_json()).fact_id == fact.fact_id


def test_the_directory_is_the_same_with_and_without_them() -> None:
    account = AccountDeclared(recorded_at=NOW, account_id="kita", name="Kita")
    assert fold([*ONE_OF_EACH, account]) == fold([account])
    assert fold([*ONE_OF_EACH, account]).epoch == 1


def test_the_later_recorded_holds_in_any_order() -> None:
    first, second, third = (deal(stage, NOW + timedelta(days=day)) for stage, day in (("A", 0), ("B", 1), ("C", 2)))
    assert (
        what_holds([third, first, second])
        == what_holds([first, second, third])
        == {subject(first): Held(content(third), None)}
    )


def test_at_the_same_time_the_higher_id_holds_in_any_order() -> None:
    one, other = deal("A"), deal("B")
    higher = max(one, other, key=lambda fact: fact.fact_id.int)
    assert what_holds([one, other]) == what_holds([other, one]) == {subject(one): Held(content(higher), None)}


def test_answers_without_a_key_are_of_one_contact_of_one_account_on_one_day() -> None:
    told = {"recorded_at": NOW, "score": 1, "answered_on": "2026-01-01"}
    keys = [
        {},
        {"account_id": "kita"},
        {"contact_key": "mail:a@b.example"},
        {"answered_on": "2026-01-02"},
        {"answer_id": "x"},
    ]
    assert len({subject(NpsAnswered.model_validate(told | one)) for one in keys}) == len(keys)
    assert subject(NpsAnswered.model_validate(told | {"answer_id": "x", "account_id": "kita"})) == ("nps_answered", "x")


@pytest.mark.parametrize(
    "told",
    [
        {"outcome": "maybe"},
        {"stage": ""},
        {"opportunity_id": " "},
        {"amount": float("nan")},
        {"amount": float("inf")},
        {"currency": "yen"},
        {"account_id": "-"},
        {"closed_on": "0001-01-01"},
        {"opened_on": "yesterday"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_an_opportunity_that_cannot_be_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        deal(**told)


def test_saying_again_what_holds_is_no_news() -> None:
    known, later = deal("A"), NOW + timedelta(days=1)
    beside = what_holds([known])
    assert news_of(deal("A", later), Directory(), beside) == "unchanged"
    assert news_of(deal("B", later), Directory(), beside) == "changed"
    assert news_of(deal("A", opportunity_id="2"), Directory(), beside) == "new"
    revenue = RevenueRecorded(recorded_at=NOW, account_id="kita", month=date(2026, 1, 1), amount=1)
    directory = fold([revenue])
    assert news_of(revenue.model_copy(update={"recorded_at": later}), directory, {}) == "unchanged"
    assert news_of(revenue.model_copy(update={"amount": 2}), directory, {}) == "changed"
    assert about(revenue) != about(revenue.model_copy(update={"currency": "USD"}))


def plan(wanted: int, at: datetime = NOW) -> PlanItemStated:
    return PlanItemStated(
        recorded_at=at,
        account_id="kita",
        key="it.management",
        item=Target(function="it", seniority="management", wanted=wanted),
    )


def test_a_target_has_the_key_of_what_it_says() -> None:
    with pytest.raises(ValidationError, match=r"the key of this target is 'it\.management', not 'hr\.management'"):
        PlanItemStated.model_validate({**plan(3).model_dump(), "key": "hr.management"})


def test_an_item_that_was_dropped_holds_no_more_until_it_is_stated_again() -> None:
    later = NOW + timedelta(days=1)
    dropped = PlanItemDropped(recorded_at=later, account_id="kita", part="target", key="it.management")
    assert subject(plan(3)) == subject(dropped)
    stated, gone = what_holds([plan(3)]), what_holds([plan(3), dropped])
    assert news_of(plan(3, later), Directory(), stated) == "unchanged"
    assert news_of(dropped, Directory(), stated) == "changed"
    assert news_of(dropped, Directory(), gone) == "unchanged"
    assert news_of(dropped, Directory(), {}) == "unchanged"
    assert news_of(plan(3, later), Directory(), gone) == "changed"

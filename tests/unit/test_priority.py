"""The priority of accounts: each factor at its edges, what is unknown, the ranked list, and the model's file."""

import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from rich.console import Console

from infra.priority_model import default_model
from jobs.priority_output import ranking_table
from jobs.priority_why import why_lines
from models.priority.expected import WinRate, expected_revenue, win_rate
from models.priority.icp import icp_fit
from models.priority.inputs import KnownAccount, Opportunity
from models.priority.model import FACTORS, PriorityModel, Scale
from models.priority.purchases import purchase_history
from models.priority.ranking import Ranking, rank
from models.priority.reading import read_model
from models.priority.relations import decision_makers
from tests.priority import (
    AS_OF,
    MODEL,
    MODEL_TEXT,
    account,
    deal,
    met,
    model,
    months,
    profile,
    stakeholder,
    target,
    won,
)

NO_RATE = WinRate(0, 0, None)


def expected(*opportunities: Opportunity, revenue: Any = (), targets: Any = (), rate: WinRate = NO_RATE) -> Any:
    told = account(opportunities=opportunities, revenue=revenue, targets=targets)
    return expected_revenue(told, MODEL.expected_revenue, rate, AS_OF)


def bought(*opportunities: Opportunity, revenue: Any = ()) -> Any:
    return purchase_history(opportunities, revenue, MODEL.purchase_history, AS_OF)


def related(stakeholders: Any = (), in_touch: Any = ()) -> Any:
    return decision_makers(stakeholders, in_touch, MODEL.decision_makers, AS_OF)


def why(told: KnownAccount) -> str:
    found = rank([told], (), MODEL, AS_OF)
    [one] = (*found.ranked, *found.unranked)
    return "\n".join(why_lines(one, found, "en"))


# --- scale ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("amount", "score"), [(-5, 0), (0, 0), (10, 0), (100, 5), (1000, 10), (10_000, 10)])
def test_a_scale_goes_by_the_logarithm_between_its_amounts(amount: float, score: float) -> None:
    assert Scale(low=10, high=1000).score(amount) == pytest.approx(score)


# --- ICP fit ----------------------------------------------------------------------------------------------------------


def test_the_fit_is_the_weight_of_what_matches_of_what_is_known() -> None:
    fit = icp_fit(profile(industry="steel", employees=50, labels=("Listed",)), MODEL.icp_fit)
    assert [one.matches for one in fit.criteria] == [True, False, None, True]
    assert fit.known == pytest.approx(7 / 8)
    assert fit.percent == pytest.approx(100 * 5 / 7)
    assert fit.score == pytest.approx(10 * 5 / 7)


def test_where_too_little_is_known_the_fit_is_unknown_and_what_is_known_is_still_told() -> None:
    fit = icp_fit(profile(employees=500, annual_revenue=5000, currency="JPY"), MODEL.icp_fit)
    assert (fit.score, fit.percent, fit.known) == (None, None, 3 / 8)
    assert [one.matches for one in fit.criteria] == [None, True, True, None]
    assert icp_fit(profile(industry="food", labels=("x",)), MODEL.icp_fit).score == 0, "known, and not what we look for"


def test_without_a_profile_the_fit_is_unknown() -> None:
    fit = icp_fit(None, MODEL.icp_fit)
    assert (fit.score, fit.known, fit.stated_on) == (None, 0, None)


@pytest.mark.parametrize(
    ("employees", "matches"), [(99, False), (100, True), (1000, True), (1001, False), (None, None)]
)
def test_both_ends_of_a_range_are_in_it(employees: int | None, matches: bool | None) -> None:
    assert icp_fit(profile(employees=employees), MODEL.icp_fit).criteria[1].matches is matches


@pytest.mark.parametrize(
    ("told", "matches"),
    [
        ({"annual_revenue": 1000.0, "currency": "JPY"}, True),
        ({"annual_revenue": 999.0, "currency": "JPY"}, False),
        ({"annual_revenue": 999.0, "currency": "USD"}, None),
        ({"annual_revenue": 999.0}, None),
    ],
)
def test_revenue_in_a_currency_that_the_model_does_not_name_is_unknown(
    told: dict[str, Any], matches: bool | None
) -> None:
    assert icp_fit(profile(**told), MODEL.icp_fit).criteria[2].matches is matches


# --- expected revenue -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "rate", "probability", "basis"),
    [
        ("提案", NO_RATE, 0.5, "stage"),
        ("提案", WinRate(3, 1, 0.75), 0.5, "stage"),
        ("Talk", WinRate(3, 1, 0.75), 0.75, "win_rate"),
        ("Talk", NO_RATE, 0.25, "otherwise"),
    ],
)
def test_the_probability_is_that_of_the_stage_else_the_win_rate_else_fixed(
    stage: str, rate: WinRate, probability: float, basis: str
) -> None:
    found = expected(deal(stage=stage, amount=400.0), rate=rate)
    [one] = found.opportunities
    assert (one.probability, one.basis, one.weighted) == (probability, basis, 400 * probability)
    assert found.amounts[0].pipeline == 400 * probability


def test_the_win_rate_is_of_what_was_closed_lately_if_it_is_enough() -> None:
    lost = [deal(f"l{n}", outcome="lost", closed_on=AS_OF - timedelta(days=364)) for n in range(3)]
    old = won("old", AS_OF - timedelta(days=365))
    assert win_rate([*lost, old, deal()], MODEL.expected_revenue, AS_OF) == WinRate(0, 3, None)
    assert win_rate([*lost, won("w", AS_OF)], MODEL.expected_revenue, AS_OF) == WinRate(1, 3, 0.25)


@pytest.mark.parametrize(
    ("told", "left_out"),
    [
        ({"expected_on": AS_OF + timedelta(days=365)}, None),
        ({"expected_on": AS_OF + timedelta(days=366)}, "later"),
        ({"expected_on": AS_OF - timedelta(days=100)}, None),
        ({"expected_on": AS_OF - timedelta(days=101)}, "forgotten"),
        ({"opened_on": AS_OF - timedelta(days=101)}, "forgotten"),
        ({"opened_on": AS_OF - timedelta(days=101), "expected_on": AS_OF}, None),
        ({"opened_on": None}, None),
        ({"amount": None}, "without_amount"),
    ],
)
def test_an_open_opportunity_counts_if_it_is_of_the_next_year_and_not_forgotten(
    told: dict[str, Any], left_out: str | None
) -> None:
    [one] = expected(deal(**told)).opportunities
    assert (one.left_out, one.weighted) == (left_out, None if left_out else 25.0)


def test_recurring_is_twelve_mean_months_of_which_the_newer_six_count_twice() -> None:
    found = expected(revenue=months(*[10.0] * 6, *[40.0] * 6))
    [told] = found.amounts
    assert (told.recurring.earlier, told.recurring.recent, told.recurring.months) == (10, 40, 12)
    assert told.amount == pytest.approx(12 * (10 + 2 * 40) / 3)


def test_months_that_nobody_recorded_are_not_zero() -> None:
    [told] = expected(revenue=months(None, None, None, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, None, None, None)).amounts
    assert told.amount == pytest.approx(360)
    assert expected(revenue=months(1.0, 1.0, 1.0, 1.0, 1.0)).score is None, "five months are too few"


def test_the_running_month_and_what_is_older_than_a_year_do_not_recur() -> None:
    revenue = months(9999.0, *[10.0] * 12)
    told = account(revenue=revenue)
    day_before = expected_revenue(told, MODEL.expected_revenue, NO_RATE, AS_OF - timedelta(days=1))
    assert day_before.amounts[0].recurring.months == 12, "June runs until its last day"
    assert expected(revenue=revenue).amounts[0].amount == pytest.approx(120)


def test_each_currency_is_for_itself_and_the_highest_score_counts() -> None:
    found = expected(deal("a", amount=400.0), deal("b", amount=400.0, currency="USD"), deal("c", currency="CHF"))
    assert [(one.currency, one.score) for one in found.amounts] == [
        ("CHF", None), ("JPY", pytest.approx(5)), ("USD", pytest.approx(10))
    ]  # fmt: skip
    assert found.score == pytest.approx(10)


def test_expected_revenue_is_unknown_where_nothing_is_recorded_and_zero_where_nothing_is_open() -> None:
    assert expected().score is None
    assert expected(deal(amount=None)).score is None
    assert expected(deal(currency="CHF")).score is None
    assert expected(won("w", AS_OF)).score == 0
    assert expected(deal(expected_on=AS_OF + timedelta(days=900))).score == 0


def test_of_too_few_months_of_revenue_nobody_knows_what_recurs_though_nothing_is_open() -> None:
    closed, few = won("w", AS_OF), months(1.0, 1.0, 1.0, 1.0, 1.0)
    assert expected(closed, revenue=few).score is None
    told = account(opportunities=(closed,), revenue=few)
    said = why(told)
    assert "recurring: not known, revenue of fewer than 6 of 12 months" in said
    assert "Expected revenue: unknown, left out" in said
    assert expected(closed, revenue=months(*[0.0] * 6)).score == 0, "six months of nil are known"


@pytest.mark.parametrize(
    ("pipeline", "wanted", "amount"), [(None, 400.0, 160.0), (800.0, 400.0, 200.0), (400.0, 1000.0, 400.0)]
)
def test_of_a_plan_counts_what_the_model_trusts_it_and_only_where_it_is_more(
    pipeline: float | None, wanted: float, amount: float
) -> None:
    open_ones = () if pipeline is None else (deal(amount=pipeline),)
    [told] = expected(*open_ones, targets=[target("GTX", wanted - 50), target("MG", 50.0)]).amounts
    assert told.amount == pytest.approx(amount), "the pipeline by a quarter, the plan by 0.4; never both"
    assert told.planned.target == wanted
    assert [one.product for one in told.planned.targets] == ["GTX", "MG"]


def test_a_plan_makes_what_is_expected_known_where_nothing_else_tells() -> None:
    assert expected(targets=[target("GTX", 250.0)]).score == pytest.approx(5)
    assert expected(targets=[target("GTX", 0.0)]).score == 0, "a plan for nothing is known"
    assert expected(targets=[target("GTX", 250.0, "CHF")]).score is None
    assert expected(deal(amount=None), targets=[target("GTX", 250.0)]).score == pytest.approx(5)


# --- purchase history -------------------------------------------------------------------------------------------------


def test_the_purchase_history_is_the_mean_of_its_parts() -> None:
    found = bought(
        won("a", AS_OF - timedelta(days=30), 60.0, product="GTX"),
        won("b", date(2025, 8, 1), 40.0, product="ＧＴＸ"),
        won("before", date(2025, 7, 31), 900.0, product="GTX"),
        won("c", date(2020, 1, 1), 900.0, product="MG"),
        won("later", AS_OF + timedelta(days=1), 900.0, product="X"),
    )
    assert found.last_on == AS_OF - timedelta(days=30)
    assert (found.recency, found.frequency, found.monetary) == (5, 2, pytest.approx(5))
    assert (found.breadth, found.months) == (5, 2)
    assert found.score == pytest.approx((5 + 2 + 5 + 5) / 4)


def test_who_buys_every_month_has_the_whole_frequency_though_the_running_month_is_not_over() -> None:
    for as_of in (AS_OF, date(2026, 7, 1)):
        found = purchase_history((), months(*[5.0] * 14), MODEL.purchase_history, as_of)
        assert found.frequency == 10


def test_a_month_with_revenue_is_a_purchase_and_one_with_both_is_one() -> None:
    found = bought(won("a", date(2026, 6, 3)), revenue=months(10.0, 0.0, 90.0))
    assert (found.months, found.last_on, found.recency) == (2, AS_OF, 10)
    [told] = found.amounts
    assert (told.revenue, told.won, told.score) == (100, 100, pytest.approx(5)), "the same money is not added up"


def test_the_running_month_is_bought_by_the_day_asked_as_of() -> None:
    found = purchase_history((), months(10.0), MODEL.purchase_history, date(2026, 6, 10))
    assert (found.last_on, found.months) == (date(2026, 6, 10), 1)


def test_who_was_asked_and_never_bought_scores_zero_and_of_whom_nothing_is_recorded_is_unknown() -> None:
    assert bought().score is None
    assert (bought(deal()).score, bought(deal()).last_on) == (0, None)
    assert bought(revenue=months(0.0)).score == 0


def test_purchases_of_unknown_amount_have_no_monetary_part_and_still_a_score() -> None:
    found = bought(won("a", AS_OF, None))
    assert (found.monetary, found.recency, found.frequency, found.breadth) == (None, 10, 1, 2.5)
    assert found.score == pytest.approx((10 + 1 + 2.5) / 3)


def test_who_bought_nothing_in_the_window_has_a_monetary_part_of_zero() -> None:
    assert bought(won("a", date(2020, 1, 1), None)).monetary == 0


UNDATED = deal("u", outcome="won", stage="Won", product="GTX")


def test_when_and_how_often_is_unknown_of_what_was_won_without_a_day() -> None:
    found = bought(UNDATED)
    assert (found.recency, found.frequency, found.monetary, found.last_on) == (None, None, None, None)
    assert (found.breadth, found.score, found.undated) == (2.5, 2.5, 1)
    said = why(account(opportunities=(UNDATED,)))
    assert "won on a day that nobody knows: 1" in said
    assert "recency –, frequency –, monetary –, products 2.5" in said
    assert "no purchase on record" not in said


def test_what_was_won_without_a_day_may_be_the_only_purchase_of_the_window() -> None:
    long_ago = won("old", AS_OF - timedelta(days=3000))
    assert (bought(long_ago).frequency, bought(long_ago).monetary) == (0, 0)
    found = bought(long_ago, UNDATED)
    assert (found.frequency, found.monetary, found.last_on) == (None, None, AS_OF - timedelta(days=3000))
    lately = bought(won("new", AS_OF), UNDATED)
    assert (lately.frequency, lately.monetary, lately.recency) == (1, pytest.approx(5), 10)
    assert bought(UNDATED, revenue=months(0.0)).monetary is None, "no revenue of a month says nothing of other months"


# --- decision makers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relationship", "score"), [("sponsor", 10), ("supporter", 8), ("neutral", 5), ("needs_work", 3), ("opponent", 0)]
)
def test_a_decider_scores_by_relationship_and_less_where_nobody_is_in_touch(relationship: Any, score: float) -> None:
    who = stakeholder(relationship=relationship)
    assert related([who], [met("cio", AS_OF - timedelta(days=89))]).score == score
    assert related([who], [met("cio", AS_OF - timedelta(days=90))]).score == score / 2
    assert related([who]).score == score / 2
    assert related([stakeholder(relationship=relationship, contact_key=None)]).score == score / 2


def test_deciders_count_more_than_approvers_and_others_not_at_all() -> None:
    found = related(
        [
            stakeholder("a", relationship="sponsor"),
            stakeholder("b", relationship="opponent", decision_role="approves"),
            stakeholder("c", relationship="opponent", decision_role="uses"),
            stakeholder("d", relationship="unknown"),
        ],
        [met("a", AS_OF)],
    )
    assert (found.score, found.basis) == (pytest.approx(20 / 3), "plan")
    assert [(one.stakeholder.key, one.score) for one in found.deciders] == [("a", 10), ("b", 0), ("d", None)]


def test_without_a_plan_executives_and_managers_in_touch_count() -> None:
    people = [met("x", AS_OF, "executive"), met("m", AS_OF - timedelta(days=179)), met("old", AS_OF - timedelta(180))]
    found = related([stakeholder(relationship="unknown")], [*people, met("s", AS_OF, "staff")])
    assert (found.score, found.basis, found.staff) == (7.5, "contacts", 1)
    assert related([], [met(str(n), AS_OF, "executive") for n in range(9)]).score == 10


def test_nobody_senior_in_touch_is_zero_and_nobody_known_is_unknown() -> None:
    assert related([], [met("s", AS_OF, "staff")]).score == 0
    assert related([], [met("u", AS_OF, "unknown")]).score is None
    assert related().score is None


# --- ranking ----------------------------------------------------------------------------------------------------------

FITTING = profile(industry="Steel", employees=500, annual_revenue=1e6, currency="JPY", labels=("listed",))


def ranking(*accounts: Any, of: PriorityModel = MODEL) -> Ranking:
    return rank(accounts, (), of, AS_OF)


def test_the_contributions_add_up_to_the_total() -> None:
    everything = account(
        profile=profile(industry="steel", employees=50, labels=("x",)),
        opportunities=(deal(amount=333.0), won("w", date(2026, 5, 5), 77.0)),
        stakeholders=(stakeholder(relationship="supporter"),),
    )
    [one] = ranking(everything).ranked
    assert one.total == pytest.approx(sum(one.contributions[key] or 0 for key in FACTORS), abs=1e-9)
    weights = {"icp_fit": 4, "expected_revenue": 3, "purchase_history": 2, "decision_makers": 1}
    assert one.total == pytest.approx(sum(w * (one.score(k) or 0) for k, w in weights.items()) / 10, abs=0.02)  # type: ignore[arg-type]
    assert (one.known, one.rank) == (1, 1)


def test_an_unknown_factor_is_left_out_of_the_mean_and_not_zero() -> None:
    [one] = ranking(account(profile=FITTING, in_touch=(met("m", AS_OF),))).ranked
    assert (one.known, one.contributions["purchase_history"]) == (0.5, None)
    assert one.total == pytest.approx((4 * 10 + 1 * 2.5) / 5)


def test_of_whom_too_little_is_known_is_listed_apart() -> None:
    known, little, nothing = (
        account("known", profile=FITTING, in_touch=(met("m", AS_OF),)),
        account("little", profile=FITTING),
        account("nothing"),
    )
    found = ranking(nothing, little, known)
    assert [one.account.account_id for one in found.ranked] == ["known"]
    assert [(one.account.account_id, one.rank, one.total) for one in found.unranked] == [
        ("little", None, 10), ("nothing", None, None)
    ]  # fmt: skip


def test_only_accounts_of_the_kinds_of_the_model_are_ranked_and_all_count_for_the_win_rate() -> None:
    deals = tuple(won(f"w{n}", AS_OF) for n in range(3))
    partner = account("p", opportunities=deals).__class__("p", "P", "target", "partner", opportunities=deals)
    found = rank([partner, account()], [deal("lost", outcome="lost", closed_on=AS_OF)], MODEL, AS_OF)
    assert {one.account.account_id for one in (*found.ranked, *found.unranked)} == {"a"}
    assert found.won_of_all == WinRate(3, 1, 0.75)


def test_equal_totals_are_ordered_by_what_is_known_and_then_by_key() -> None:
    told = [account(key, profile=FITTING, stakeholders=(stakeholder(relationship="neutral"),)) for key in "cab"]
    assert [one.account.account_id for one in ranking(*told).ranked] == ["a", "b", "c"]


# --- what is shown ----------------------------------------------------------------------------------------------------

HOSTILE = "\x1b[2J\x1b]8;;http://x.example\x07"


def test_names_of_others_cannot_reach_into_the_terminal() -> None:
    open_one = deal("o", name=f"{HOSTILE}Deal", stage=f"{HOSTILE}Stage")
    told = replace(
        account(
            profile=profile(industry=f"{HOSTILE}Steel", labels=(f"{HOSTILE}listed",)),
            opportunities=(open_one, won("w", AS_OF, product=f"{HOSTILE}GTX")),
            stakeholders=(stakeholder(name=f"{HOSTILE}Cio", title=f"{HOSTILE}CIO"),),
        ),
        name=f"{HOSTILE}[red]Aozora",
    )
    printed = io.StringIO()
    console = Console(file=printed, width=400, color_system=None)
    for table in ranking_table(ranking(told), "en"):
        console.print(table)
    shown = printed.getvalue()
    said = why(told)
    for text in (shown, said):
        assert not {"\x1b", "\x07"} & {*text}
        assert r"\x1b[2J\x1b]8;;http://x.example\x07[red]Aozora" in text, "and is still seen"
    assert all(rf"\x07{word}" in said for word in ("Deal", "Stage", "Steel", "listed", "GTX", "Cio", "CIO"))


# --- the model's file -------------------------------------------------------------------------------------------------


def test_the_model_that_comes_with_setten_is_one_with_comments_in_both_languages() -> None:
    assert isinstance(read_model(default_model()), PriorityModel)
    assert any(not line.isascii() for line in default_model().splitlines())


def test_the_version_is_the_name_and_a_digest_of_what_is_said_and_not_of_comments() -> None:
    assert MODEL.version.startswith("test-")
    assert model("# a comment\n" + MODEL_TEXT).version == MODEL.version
    assert model(MODEL_TEXT.replace("otherwise = 0.25", "otherwise = 0.26")).version != MODEL.version
    reordered = MODEL_TEXT.replace("JPY = { low = 10, high = 1000 }, USD = { low = 1, high = 100 }", "USD = { low = 1,"
                                   " high = 100 }, JPY = { low = 10, high = 1000 }")  # fmt: skip
    assert model(reordered).version == MODEL.version


WRONG = [
    ('name = "test"', 'name = "Test!"', "2: name: 'Test!'"),
    ("icp_fit = 4", "icp_fti = 4", "7: weights.icp_fti: no such key"),
    ('field = "employees"', 'field = "size"', "18: icp_fit.criteria[2]: field: use one of industry"),
    ("at_least = { JPY = 1000 }", "", "23: icp_fit.criteria[3]: asks for nothing"),
    ("otherwise = 0.25", "otherwise = 25", "36: expected_revenue.otherwise: 25"),
    ("USD = { low = 1, high = 100 }", "USD = { low = 100, high = 1 }", "40: expected_revenue.scale.USD: low 100"),
    ("window_months = 10", "", "42: purchase_history.window_months: missing"),
    ("sponsor = 10, ", "", "49: decision_makers: relationship has no score of sponsor"),
]


def test_all_that_is_wrong_with_a_model_is_told_at_once_with_its_line_and_remedy() -> None:
    text = MODEL_TEXT
    for good, bad, _ in WRONG:
        assert good in text
        text = text.replace(good, bad, 1)
    found = read_model(text)
    assert isinstance(found, list)
    told = "\n".join(map(str, found))
    for _, _, said in WRONG:
        assert said in told, (said, told)


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        *WRONG,
        ("icp_fit = 4\nexpected_revenue = 3\npurchase_history = 2\ndecision_makers = 1",
         "icp_fit = 0\nexpected_revenue = 0\npurchase_history = 0\ndecision_makers = 0", "all weights are 0"),
        ("at_least = 100\n", "at_least = 5000\n", "at_least 5000 is more than at_most 1000"),
        ("kinds = [", "kinds = ", "TOML"),
        ("at_least = 100\n", "at_least = nan\n", "icp_fit.criteria[2].at_least: nan: Input should be a finite number"),
        ("at_least = 100\n", "at_least = -inf\n", "icp_fit.criteria[2].at_least: -inf: Input should be"),
        ("JPY = 1000 }", "JPY = inf }", "icp_fit.criteria[3].at_least.JPY: inf: Input should be a finite number"),
        ("icp_fit = 4", "icp_fit = true", "7: weights.icp_fit: True: Input should be a valid number"),
        ("minimum_known = 0.5\n\n", "minimum_known = true\n\n", "minimum_known: True: Input should be a valid number"),
        ("all_products = 4", "all_products = true", "all_products: True: Input should be a valid integer"),
        ('field = "industry"\nany_of = ["Steel", "製造"]', 'field = "country"\nany_of = ["JP", "Japan"]',
         "icp_fit.criteria[1]: any_of 'Japan' is no country code: write two letters"),
    ],
)  # fmt: skip
def test_each_mistake_alone_is_told(good: str, bad: str, said: str) -> None:
    assert good in MODEL_TEXT
    found = read_model(MODEL_TEXT.replace(good, bad, 1))
    assert isinstance(found, list)
    assert any(said.partition(": ")[2] in str(one) or said in str(one) for one in found), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = " + "[" * 5000 + "]" * 5000, "1: TOML: nested too deeply: see docs/priority.md"),
        ("x" + ".x" * 5000 + " = 1\n" + MODEL_TEXT, "x: no such key"),
    ],
    ids=["lists", "keys"],
)
def test_a_model_nested_5000_deep_is_an_error_like_others(text: str, said: str) -> None:
    found = read_model(text)
    assert isinstance(found, list)
    assert said in str(found[0])

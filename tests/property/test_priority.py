"""Laws of the priority model, whatever the accounts."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from models.priority.inputs import KnownAccount, Opportunity, RevenueMonth
from models.priority.model import FACTORS
from models.priority.ranking import Ranking, rank
from tests.priority import AS_OF, MODEL, account, deal, met, profile, stakeholder, target

DAYS = st.dates(AS_OF - timedelta(days=900), AS_OF)
AMOUNTS = st.one_of(st.none(), st.integers(1, 5000).map(float))
CURRENCIES = st.sampled_from(["JPY", "USD", "CHF"])
ROUNDED = 0.021  # contributions are in hundredths, and there are four


@st.composite
def opportunities(draw: st.DrawFn) -> tuple[Opportunity, ...]:
    found = []
    for number in range(draw(st.integers(0, 6))):
        outcome = draw(st.sampled_from(["open", "won", "lost"]))
        closed = None if outcome == "open" else draw(DAYS)
        expected = draw(st.one_of(st.none(), st.dates(AS_OF - timedelta(200), AS_OF + timedelta(500))))
        told = {"outcome": outcome, "closed_on": closed, "expected_on": expected, "opened_on": draw(DAYS)}
        product = draw(st.sampled_from(["", "GTX", "MG"]))
        one = deal(f"o{number}", amount=draw(AMOUNTS), currency=draw(CURRENCIES), product=product, **told)
        found.append(one)
    return tuple(found)


@st.composite
def revenue(draw: st.DrawFn) -> tuple[RevenueMonth, ...]:
    months = draw(st.sets(st.integers(2024 * 12 + 3, 2026 * 12 + 5), max_size=20))
    return tuple(
        RevenueMonth(date(n // 12, n % 12 + 1, 1), "JPY", float(draw(st.integers(0, 500)))) for n in sorted(months)
    )


@st.composite
def accounts(draw: st.DrawFn) -> KnownAccount:
    told = draw(st.one_of(st.none(), st.fixed_dictionaries({
        "industry": st.sampled_from(["", "steel", "food"]),
        "employees": st.one_of(st.none(), st.integers(0, 2000)),
        "labels": st.sampled_from([(), ("listed",), ("x",)]),
    })))  # fmt: skip
    ranks = st.sampled_from(["executive", "management", "staff", "unknown"])
    relationships = st.lists(st.sampled_from(["sponsor", "neutral", "opponent", "unknown"]), max_size=3)
    return account(
        profile=None if told is None else profile(**told),
        opportunities=draw(opportunities()),
        revenue=draw(revenue()),
        targets=tuple(
            target(product, float(draw(st.integers(0, 3000))), draw(CURRENCIES))
            for product in draw(st.lists(st.sampled_from(["GTX", "MG"]), max_size=2, unique=True))
        ),
        stakeholders=tuple(stakeholder(f"s{n}", relationship=one) for n, one in enumerate(draw(relationships))),
        in_touch=tuple(met(f"s{n}", draw(DAYS), draw(ranks)) for n in range(draw(st.integers(0, 4)))),
    )  # fmt: skip


def ranked(told: KnownAccount) -> Ranking:
    return rank([told], (), MODEL, AS_OF)


def only(ranking: Ranking):  # type: ignore[no-untyped-def]
    [one] = (*ranking.ranked, *ranking.unranked)
    return one


@given(accounts())
def test_scores_lie_between_0_and_10_and_contributions_add_up(told: KnownAccount) -> None:
    one = only(ranked(told))
    scores = [one.score(key) for key in FACTORS]
    assert all(score is None or 0 <= score <= 10.000001 for score in scores)
    known = [one.contributions[key] for key in FACTORS if one.contributions[key] is not None]
    assert (one.total is None) == (not known)
    if one.total is not None:
        assert abs(one.total - sum(known)) < 1e-9
        assert min(s for s in scores if s is not None) - ROUNDED <= one.total
        assert one.total <= max(s for s in scores if s is not None) + ROUNDED


@given(accounts(), st.integers(1, 5000))
def test_a_higher_revenue_of_a_month_lowers_nothing(told: KnownAccount, more: int) -> None:
    before = only(ranked(told))
    for place, month in enumerate(told.revenue):
        raised = [*told.revenue]
        raised[place] = replace(month, amount=month.amount + more)
        after = only(ranked(replace(told, revenue=tuple(raised))))
        for key in FACTORS:
            if before.score(key) is not None:
                assert after.score(key) >= before.score(key) - 1e-9, key


@given(accounts(), st.integers(1, 5000))
def test_a_plan_that_wants_more_lowers_nothing(told: KnownAccount, more: int) -> None:
    before = only(ranked(told))
    after = only(ranked(replace(told, targets=(*told.targets, target("New", float(more))))))
    for key in FACTORS:
        if before.score(key) is not None:
            assert after.score(key) >= before.score(key) - 1e-9, key


@given(accounts(), DAYS, st.integers(1, 5000))
def test_another_opportunity_won_lowers_no_purchase_history_that_was_known(
    told: KnownAccount, day: date, amount: int
) -> None:
    before = only(ranked(told)).purchase_history
    more = deal("more", outcome="won", closed_on=day, amount=float(amount), product="New")
    after = only(ranked(replace(told, opportunities=(*told.opportunities, more)))).purchase_history
    if before.score is not None and before.monetary is not None:
        assert after.score >= before.score - 1e-9


@given(accounts(), st.sampled_from([0.001, 0.5, 3, 1000]))
def test_only_the_ratio_of_the_weights_matters(told: KnownAccount, factor: float) -> None:
    scaled = {key: MODEL.weights.of(key) * factor for key in FACTORS}
    model = MODEL.model_copy(update={"weights": MODEL.weights.model_copy(update=scaled)})
    one, other = only(ranked(told)), only(rank([told], (), model, AS_OF))
    assert (one.total is None) == (other.total is None)
    assert one.total is None or abs(one.total - other.total) < 0.05
    assert abs(one.known - other.known) < 1e-9


@given(accounts(), st.integers())
def test_the_order_in_which_things_are_told_changes_nothing(told: KnownAccount, seed: int) -> None:
    def shuffled(things: tuple) -> tuple:  # type: ignore[type-arg]
        mixed = [*things]
        Random(seed).shuffle(mixed)
        return tuple(mixed)

    names = ("opportunities", "revenue", "targets", "stakeholders", "in_touch")
    mixed = replace(told, **{name: shuffled(getattr(told, name)) for name in names})
    one, other = only(ranked(told)), only(ranked(mixed))
    assert replace(one, account=told) == replace(other, account=told)


@given(accounts())
def test_taking_all_that_a_factor_is_made_of_away_makes_it_unknown_and_never_zero(told: KnownAccount) -> None:
    nothing = only(
        ranked(replace(told, profile=None, opportunities=(), revenue=(), targets=(), stakeholders=(), in_touch=()))
    )
    assert [nothing.score(key) for key in FACTORS] == [None] * 4
    assert (nothing.total, nothing.rank) == (None, None)

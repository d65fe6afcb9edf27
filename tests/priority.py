"""A priority model and accounts for tests: round numbers, so that expected values can be worked out by hand."""

from datetime import UTC, date, datetime
from typing import Any

from models.account_profile import AccountProfiled
from models.priority.inputs import (
    InTouch,
    KnownAccount,
    Opportunity,
    PlanStakeholder,
    PlanTarget,
    Profiled,
    RevenueMonth,
)
from models.priority.model import PriorityModel
from models.priority.reading import read_model

AS_OF = date(2026, 6, 30)
MODEL_TEXT = """
name = "test"
kinds = ["customer"]
minimum_known = 0.5

[weights]
icp_fit = 4
expected_revenue = 3
purchase_history = 2
decision_makers = 1

[icp_fit]
minimum_known = 0.5
[[icp_fit.criteria]]
field = "industry"
any_of = ["Steel", "製造"]
weight = 3
[[icp_fit.criteria]]
field = "employees"
at_least = 100
at_most = 1000
weight = 2
[[icp_fit.criteria]]
field = "annual_revenue"
at_least = { JPY = 1000 }
weight = 1
[[icp_fit.criteria]]
field = "labels"
any_of = ["listed"]
weight = 2

[expected_revenue]
stages = { "提案" = 0.5 }
win_rate_days = 365
win_rate_least = 4
otherwise = 0.25
forgotten_after_days = 100
least_months = 6
plan_confidence = 0.4
scale = { JPY = { low = 10, high = 1000 }, USD = { low = 1, high = 100 } }

[purchase_history]
recency_half_life_days = 30
window_months = 10
all_products = 4
weights = { recency = 1, frequency = 1, monetary = 1, products = 1 }
scale = { JPY = { low = 10, high = 1000 } }

[decision_makers]
relationship = { sponsor = 10, supporter = 8, neutral = 5, needs_work = 3, opponent = 0 }
decides = 2
approves = 1
engaged_days = 90
not_engaged = 0.5
without_plan_days = 180
executive = 2
management = 1
enough = 4
"""


def model(text: str = MODEL_TEXT) -> PriorityModel:
    found = read_model(text)
    assert isinstance(found, PriorityModel), found
    return found


MODEL = model()


def profile(**told: Any) -> Profiled:
    said = AccountProfiled(recorded_at=datetime(2026, 1, 4, 20, tzinfo=UTC), account_id="a", **told)
    return Profiled(said, date(2026, 1, 5))


def deal(key: str = "o1", **told: Any) -> Opportunity:
    usual: dict[str, Any] = {
        "name": "", "product": "", "stage": "Talk", "outcome": "open", "amount": 100.0, "currency": "JPY",
        "opened_on": date(2026, 6, 1), "closed_on": None, "expected_on": None,
    }  # fmt: skip
    return Opportunity(key, **{**usual, **told})


def won(key: str, closed_on: date, amount: float | None = 100.0, **told: Any) -> Opportunity:
    return deal(key, outcome="won", stage="Won", closed_on=closed_on, amount=amount, **told)


def months(*amounts: float | None, currency: str = "JPY") -> tuple[RevenueMonth, ...]:
    """Revenue of the months up to June 2026, the last of them the last. None: not recorded."""
    found = []
    for back, amount in enumerate(reversed(amounts)):
        if amount is not None:
            number = 2026 * 12 + 5 - back
            found.append(RevenueMonth(date(number // 12, number % 12 + 1, 1), currency, amount))
    return tuple(reversed(found))


def stakeholder(key: str = "cio", **told: Any) -> PlanStakeholder:
    usual: dict[str, Any] = {
        "name": key, "title": "", "contact_key": f"mail:{key}@a.example", "relationship": "neutral",
        "decision_role": "decides", "stated_on": date(2026, 1, 5),
    }  # fmt: skip
    return PlanStakeholder(key, **{**usual, **told})


def target(product: str, amount: float, currency: str = "JPY") -> PlanTarget:
    return PlanTarget(product, currency, 2026, amount, date(2026, 1, 5))


def met(key: str, last_on: date, seniority: Any = "management") -> InTouch:
    return InTouch(f"mail:{key}@a.example", key, "", seniority, last_on)


def account(account_id: str = "a", **told: Any) -> KnownAccount:
    return KnownAccount(account_id, account_id.upper(), "target", "customer", **told)

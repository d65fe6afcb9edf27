"""What the priority model asks of ClickHouse: every account with all that was known of it by a day."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from infra.clickhouse import ClickHouse, as_moment
from infra.settings import Settings, SettingsError
from models.account_profile import AccountProfiled
from models.days import day_ends_at
from models.periods import fiscal_year
from models.priority.inputs import (
    InTouch,
    KnownAccount,
    Opportunity,
    PlanStakeholder,
    PlanTarget,
    Profiled,
    RevenueMonth,
)
from models.priority.model import KINDS, PriorityModel
from models.priority.ranking import Ranking, rank

T = TypeVar("T")


def rank_accounts(clickhouse: ClickHouse, settings: Settings, model: PriorityModel, as_of: date) -> Ranking:
    """Rank all accounts as of the end of a business day. Of the settings count the zone and the first fiscal month.

    Of profiles, opportunities, revenue and plans counts what was recorded by then, of touches what happened by then;
    accounts, mergers with their days and seniorities are those of now. Raises SettingsError where the model has a kind
    of accounts that nobody knows, as it would rank fewer than was meant.
    """
    zone = settings.zone
    known = {"known_before": as_moment(day_ends_at(as_of, zone)), "as_of": as_of}
    touched = {"first": as_of - timedelta(days=model.touch_days - 1), "last": as_of}
    opportunities = _by_account(
        (row.pop("account_id"), Opportunity(**row)) for row in _rows(clickhouse, "priority_opportunities", known)
    )
    revenue = _by_account(
        (row.pop("account_id"), RevenueMonth(**row))
        for row in _rows(clickhouse, "priority_revenue", {**known, "last": as_of.replace(day=1)})
    )
    year = fiscal_year(as_of, settings.fiscal_year_start_month)
    targets = _by_account(
        (row["account_id"], _target(row, year, zone))
        for row in _rows(clickhouse, "priority_targets", {**known, "fiscal_year": year})
    )
    stakeholders = _by_account(
        (row["account_id"], _stakeholder(row, zone)) for row in _rows(clickhouse, "priority_stakeholders", known)
    )
    in_touch = _by_account(
        (row.pop("account_id"), InTouch(**row)) for row in _rows(clickhouse, "priority_in_touch", touched)
    )
    accounts = [
        KnownAccount(
            account_id=(account_id := row["account_id"]),
            name=row["name"],
            tier=row["tier"],
            kind=row["kind"],
            profile=_profiled(row["profile"], zone) if row["profile"] else None,
            opportunities=opportunities.get(account_id, ()),
            revenue=revenue.get(account_id, ()),
            targets=targets.get(account_id, ()),
            stakeholders=stakeholders.get(account_id, ()),
            in_touch=in_touch.get(account_id, ()),
        )
        for row in _rows(clickhouse, "priority_accounts", known)
    ]
    listed = {account.account_id for account in accounts}
    of_no_account = [one for account_id, told in opportunities.items() if account_id not in listed for one in told]
    _check_kinds(model, {one.kind for one in accounts})
    return rank(accounts, of_no_account, model, as_of)


def _check_kinds(model: PriorityModel, there: set[str]) -> None:
    """Accounts may have any kind, so only they can tell whether one of the model's is mistyped."""
    if there and (unknown := [kind for kind in model.kinds if kind not in there.union(KINDS)]):
        raise SettingsError(
            f"the priority model {model.name}: kinds: {', '.join(map(repr, unknown))}: no account is of this kind; "
            f"there are {', '.join(sorted(there))}"
        )


def _rows(clickhouse: ClickHouse, name: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = clickhouse.query(name, parameters).to_pylist()
    return rows


def _by_account(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    found: dict[str, list[T]] = defaultdict(list)
    for account_id, one in pairs:
        found[account_id].append(one)
    return {account_id: tuple(several) for account_id, several in found.items()}


def _profiled(body: str, zone: ZoneInfo) -> Profiled:
    told = AccountProfiled.model_validate_json(body)
    return Profiled(told, told.recorded_at.astimezone(zone).date())


def _target(row: dict[str, Any], year: int, zone: ZoneInfo) -> PlanTarget:
    stated_on = row["stated_at"].astimezone(zone).date()
    return PlanTarget(row["product"], row["currency"], year, row["amount"], stated_on)


def _stakeholder(row: dict[str, Any], zone: ZoneInfo) -> PlanStakeholder:
    return PlanStakeholder(
        key=row["key"],
        name=row["name"],
        title=row["title"],
        contact_key=row["contact_key"] or None,
        relationship=row["relationship"],
        decision_role=row["decision_role"],
        stated_on=row["recorded_at"].astimezone(zone).date(),
    )

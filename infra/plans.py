"""Account plans out of ClickHouse: the statements they are made of, who owns which, and who might be in one."""

from datetime import UTC, date, datetime
from typing import NamedTuple

from infra.clickhouse import ClickHouse, as_moment
from models.facts import stored_fact
from models.plan.direction import Selection
from models.plan.facts import PlanFact, PlanItemDropped, PlanItemStated

# Later than any statement can be.
ALWAYS = datetime(2100, 12, 31, tzinfo=UTC)


class Candidate(NamedTuple):
    """A contact at the account that its plan may name."""

    contact_key: str
    name: str
    title: str
    department: str


class PlannedAccount(NamedTuple):
    """An account as a plan needs it. merged_into: the account it counts for on the day asked, '' where itself."""

    name: str
    kind: str
    merged_into: str


class Plans:
    """Reads only."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self._clickhouse = clickhouse

    def statements(self, account_id: str, known_before: datetime = ALWAYS) -> list[PlanFact]:
        """What was stated of an account's plan before a moment, in no order; some perhaps twice."""
        told = {"account": account_id, "known_before": as_moment(known_before)}
        facts = (stored_fact(row["body"]) for row in self._clickhouse.rows("plan_statements", told))
        return [fact for fact in facts if isinstance(fact, PlanItemStated | PlanItemDropped)]

    def selections(self) -> dict[str, Selection]:
        """Who answers for which account, by account."""
        rows = self._clickhouse.rows("plan_selections")
        return {row["account_id"]: Selection.model_validate_json(row["item"]) for row in rows}

    def account(self, account_id: str, day: date) -> PlannedAccount | None:
        """An account on a business day; None for one that nobody declared."""
        rows = self._clickhouse.rows("plan_account", {"account": account_id, "day": day})
        return PlannedAccount(**rows[0]) if rows else None

    def candidates(self, account_id: str, most: int) -> list[Candidate]:
        """Executives and managers who are declared for the account."""
        rows = self._clickhouse.rows("plan_candidates", {"account": account_id, "most": most})
        return [Candidate(row["contact_key"], row["name"], row["title"], row["department"]) for row in rows]

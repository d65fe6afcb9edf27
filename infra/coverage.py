"""Contact coverage out of ClickHouse: docs/coverage.md. What follows from the rows is computed in models.coverage."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from infra.clickhouse import ClickHouse, as_moment
from infra.revenue import revenue_by_quarter
from models.coverage.account import AccountCoverage, AccountLine, Seen, covered
from models.coverage.depth import OwnPerson
from models.coverage.history import ENGAGED_WITHIN_DAYS, Touched
from models.coverage.management import InTouch, Quarter, quarters
from models.coverage.matrix import Counts
from models.coverage.people import Contact, Planned
from models.days import day_ends_at, fiscal_quarter
from models.periods import latest

_OWN_WITHIN_DAYS = 365


class NoSuchAccount(Exception):
    """No account has this id, or it is part of another on the day asked for; the message says which to ask for."""


class Coverage:
    """What is asked of the coverage. zone: of business days; fiscal_start_month: first month of the fiscal year."""

    def __init__(self, clickhouse: ClickHouse, zone: ZoneInfo, fiscal_start_month: int) -> None:
        self._clickhouse = clickhouse
        self._zone = zone
        self._fiscal_start_month = fiscal_start_month

    def account(self, account_id: str, as_of: date) -> AccountCoverage:
        """The coverage of one account as of the end of a business day. Raises NoSuchAccount."""
        name = self._name(account_id, as_of)
        asked = {"account_id": account_id, "accounts": [account_id], "day": as_of, "known_before": self._end(as_of)}
        last_year = {
            "first": as_of - timedelta(days=_OWN_WITHIN_DAYS - 1),
            "last": as_of,
            "recent": as_of - timedelta(days=ENGAGED_WITHIN_DAYS - 1),
        }
        seen = Seen(
            [_contact(row) for row in self._clickhouse.rows("coverage_people", asked)],
            [Touched(**row) for row in self._clickhouse.rows("coverage_history", asked)],
            {
                (row["job_function"], row["seniority"]): int(row["wanted"])
                for row in self._clickhouse.rows("coverage_targets", asked)
            },
            [_planned(row) for row in self._clickhouse.rows("coverage_stakeholders", asked)],
            [_own(row) for row in self._clickhouse.rows("coverage_own_side", asked | last_year)],
            self.known_since(),
        )
        return covered(account_id, name, seen, as_of)

    def management(self, account_id: str, as_of: date, years: int) -> list[Quarter]:
        """The fiscal quarters of so many years, the last one that of as_of. Raises NoSuchAccount."""
        self._name(account_id, as_of)
        start = self._fiscal_start_month
        asked = latest("quarter", as_of, 4 * years, start)
        parameters = {
            "accounts": [account_id],
            "firsts": [period.first for period in asked],
            "lasts": [period.last for period in asked],
            "first": asked[0].first,
            "last": asked[-1].last,
        }
        counted = {
            int(row["w"]) - 1: InTouch(*(int(row[one]) for one in ("executives", "managers", "staff", "unknown")))
            for row in self._clickhouse.rows("coverage_management", parameters)
        }
        recorded = revenue_by_quarter(
            self._clickhouse, [account_id], fiscal_quarter(asked[0].first, start), len(asked), start
        )
        currency, amounts = recorded.get(account_id, ("", (None,) * len(asked)))
        return quarters(asked, counted, amounts, currency, self.known_since())

    def by_account(self, as_of: date, accounts: Sequence[str] = ()) -> list[AccountLine]:
        """A line an account (all, if none is named) as of the end of a business day, those that lack most first."""
        parameters = {"accounts": list(accounts), "day": as_of, "known_before": self._end(as_of)}
        known_since = self.known_since()
        touches_known = known_since is not None and known_since <= as_of
        return [_line(row, touches_known) for row in self._clickhouse.rows("coverage_by_account", parameters)]

    def known_since(self) -> date | None:
        """The first day of which the store has a touch that counts for an account."""
        found: date | None = self._clickhouse.rows("touched_since")[0]["day"]
        return found

    def _name(self, account_id: str, as_of: date) -> str:
        rows = self._clickhouse.rows("coverage_account", {"account_id": account_id, "day": as_of})
        if not rows:
            raise NoSuchAccount(f"{account_id!r} is no account: `setten coverage` lists them all")
        if rows[0]["merged_into"]:
            told = f"{account_id!r} has become part of {rows[0]['merged_into']!r}"
            if since := rows[0]["merged_since"]:
                raise NoSuchAccount(f"{told}, itself until {since}: ask for that one, or as of a day before")
            raise NoSuchAccount(f"{told}: ask for that one")
        return str(rows[0]["name"])

    def _end(self, as_of: date) -> str:
        return as_moment(day_ends_at(as_of, self._zone))


def _contact(row: dict[str, Any]) -> Contact:
    told = (row[one] for one in ("contact_key", "name", "title", "department", "seniority", "job_function"))
    return Contact(*told)


def _planned(row: dict[str, Any]) -> Planned:
    return Planned(**{**row, "contact_key": row["contact_key"] or None})


def _own(row: dict[str, Any]) -> OwnPerson:
    function = row.pop("job_function")
    return OwnPerson(**row, function=function)


def _line(row: dict[str, Any], touches_known: bool) -> AccountLine:
    """What hangs on touches is not known where the store knows of none so early."""

    def told(name: str) -> int | None:
        return None if row[name] is None or not touches_known else int(row[name])

    wanted = None if row["wanted"] is None else int(row["wanted"])
    counts = Counts(int(row["known"]), told("engaged"), told("management"), wanted, told("missing"))
    return AccountLine(row["account_id"], row["name"], row["tier"], counts, row["share_of_strongest"])

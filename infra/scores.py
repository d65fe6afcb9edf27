"""Engagement scores out of ClickHouse, stages of accounts into it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from infra.clickhouse import ClickHouse
from models.score.ledger import LedgerRow
from models.score.profile import ScoreProfile
from models.score.stages import DayChange, Seen, Standing, Transition, memory_days, standings, transitions

# What arrives this late changes stages by itself; older news needs `setten score update`.
LATE_DAYS = 30
CHANGE_DAYS = 28
FIRST_DAY = date(1970, 1, 2)
_ACCOUNTS_AT_ONCE = 500
_COLUMNS = (
    *("profile", "account_id", "day", "from_stage", "to_stage", "qualified", "score", "people", "managers"),
    *("why_en", "why_ja", "version", "is_deleted"),
)


@dataclass(frozen=True)
class AccountScore:
    """An account as of a day. before: its score CHANGE_DAYS earlier. None: before the store knows of any touch."""

    account_id: str
    name: str
    score: float | None
    before: float | None
    stage: str | None
    people: int | None
    managers: int | None

    @property
    def change(self) -> float | None:
        """By how many points the score has risen or fallen."""
        return None if self.score is None or self.before is None else self.score - self.before


class Updated(NamedTuple):
    """What an update has done: accounts looked at; transitions written because new or other; those taken back."""

    accounts: int
    written: int
    removed: int


class Scores:
    """What scoring does with ClickHouse, by one profile."""

    def __init__(self, clickhouse: ClickHouse, profile: ScoreProfile) -> None:
        self._clickhouse = clickhouse
        self.profile = profile

    def ranked(self, as_of: date, accounts: Sequence[str] = ()) -> list[AccountScore]:
        """Accounts (all, if none is named) by their score as of the end of a day, the highest first."""
        declared = self._clickhouse.rows("accounts", {"accounts": list(accounts), "as_of": as_of})
        found = {row["account_id"]: row for row in self._scored(as_of, accounts)}
        ranks = self._ranks(as_of, sorted(found))
        since = self.touched_since()
        known, known_before = (
            since is not None and day >= since for day in (as_of, as_of - timedelta(days=CHANGE_DAYS))
        )
        scored = []
        for account in declared:
            key = account["account_id"]
            row = found.get(key, {"score": 0.0, "score_before": 0.0, "people": 0, "managers": 0})
            scored.append(
                AccountScore(
                    key,
                    account["name"],
                    row["score"] if known else None,
                    row["score_before"] if known_before else None,
                    self.profile.stage_name(ranks.get(key, 0)) if known else None,
                    row["people"] if known else None,
                    row["managers"] if known else None,
                )
            )
        return sorted(scored, key=lambda one: (-(one.score or 0.0), one.account_id))

    def ledger(self, account: str, as_of: date) -> tuple[list[LedgerRow], dict[str, str]]:
        """The rows that make an account's score on a day, and the names of its contacts as known today."""
        first = as_of - timedelta(days=self.profile.horizon_days)
        rows = self._clickhouse.rows("score_ledger", {"account": account, "first": first, "last": as_of})
        names = {row["contact_key"]: row.pop("name") for row in rows}
        return [LedgerRow(**row) for row in rows], names

    def update(self, as_of: date, since: date, accounts: Sequence[str] = ()) -> Iterator[Updated]:
        """Make the stored transitions of these days those that follow from contact_day; yields after some accounts.

        since, as_of: both included; all accounts, if none is named. Doing it again changes nothing. Once all accounts
        are done, it is noted since when their stages are computed.
        """
        computed_since = since if since > FIRST_DAY else self.touched_since()
        wanted = set(accounts)
        chosen = [one for one in self.accounts() if not wanted or one in wanted]
        for start in range(0, len(chosen), _ACCOUNTS_AT_ONCE):
            yield self._update(as_of, since, chosen[start : start + _ACCOUNTS_AT_ONCE])
        if not wanted:
            # The views for BI tools show the stages of this profile; see infra/sql/bi.
            self._clickhouse.insert_rows("store_facts", ("name", "value"), [("score_profile", self.profile.version)])
        if not wanted and computed_since is not None:
            self._note(computed_since, whole=since <= FIRST_DAY)

    def touched_since(self) -> date | None:
        """The first day of which the store knows a touch that counts for an account; before, scores are unknown."""
        [since] = self._clickhouse.rows("touched_since")
        found: date | None = since["day"]
        return found

    def accounts(self) -> list[str]:
        """The accounts that an update of all looks at."""
        return [row["account_id"] for row in self._clickhouse.rows("stage_accounts", {"profile": self.profile.version})]

    def _note(self, since: date, *, whole: bool) -> None:
        """Note for kpi_known_since since when stages are computed.

        By the last update of all of history, which counts where there is one; and by the first of the worker, whose
        later ones go on from there.
        """
        name = f"stages_since_{'update' if whole else 'worker'} {self.profile.version}"
        noted = [row["value"] for row in self._clickhouse.rows("stages_noted", {"name": name})]
        if noted != [str(since)] and (whole or not noted):
            self._clickhouse.insert_rows("store_facts", ("name", "value"), [(name, str(since))])

    def _update(self, as_of: date, since: date, accounts: list[str]) -> Updated:
        # The epoch first: what is read afterwards is of this one or newer, so that a version never claims too much.
        epoch = self._epoch()
        standing = self._standing(accounts, since, as_of)
        # Before the touches too: what is read afterwards is newer than these rows, so that it may stand above them.
        stored = self._versions(accounts, since, as_of)
        changes = self._changes(accounts, since - timedelta(days=memory_days(self.profile)), as_of)
        rows: list[tuple[Any, ...]] = []
        written = 0
        for account in accounts:
            of_account = changes[account]
            found = {t.day: t for t in transitions(self.profile, of_account, as_of) if t.day >= since}
            seen = Seen(self.profile, of_account)
            before = standing[account]
            for day, transition in found.items():
                if before.get(day) != _told(transition):
                    rows.append(self._row(account, transition, epoch, stored, is_deleted=0))
                    written += 1
            for day in before.keys() - found.keys():
                gone = Transition(day, "", "", False, 0.0, 0, 0, "", "", seen.by(day))
                rows.append(self._row(account, gone, epoch, stored, is_deleted=1))
        self._clickhouse.insert_rows("stage_transitions", _COLUMNS, rows)
        return Updated(len(accounts), written, len(rows) - written)

    def _row(
        self, account: str, told: Transition, epoch: int, stored: dict[tuple[str, date], int], *, is_deleted: int
    ) -> tuple[Any, ...]:
        # Touches that expire lower their number under one epoch.
        version = max((epoch << 32) | told.seen, stored.get((account, told.day), -1) + 1)
        return (self.profile.version, account, told.day, *_told(told), version, is_deleted)

    def _epoch(self) -> int:
        [state] = self._clickhouse.rows("bound_epoch")
        return int(state["epoch"])

    def _versions(self, accounts: list[str], since: date, last: date) -> dict[tuple[str, date], int]:
        parameters = {"profile": self.profile.version, "accounts": accounts, "first": since, "last": last}
        rows = self._clickhouse.rows("stage_versions", parameters)
        return {(row["account_id"], row["day"]): row["version"] for row in rows}

    def _standing(self, accounts: list[str], since: date, last: date) -> dict[str, dict[date, tuple[Any, ...]]]:
        parameters = {"profile": self.profile.version, "accounts": accounts, "first": since, "last": last}
        found: dict[str, dict[date, tuple[Any, ...]]] = defaultdict(dict)
        for row in self._clickhouse.rows("stage_transitions_of", parameters):
            found[row["account_id"]][row["day"]] = tuple(row.values())[2:]
        return found

    def _changes(self, accounts: list[str], first: date, last: date) -> dict[str, list[DayChange]]:
        span = {"first": max(first, FIRST_DAY), "last": last}
        rows = self._clickhouse.rows("score_changes", {**self._parameters(), **span, "accounts": accounts})
        columns = ("days", "points_of_day", "people_of_day", "managers_of_day", "seen_of_day")
        found: dict[str, list[DayChange]] = defaultdict(list)
        for row in rows:
            told = zip(*(row[name] for name in columns), strict=True)
            found[row["account_id"]] = sorted((DayChange(*one) for one in told), key=lambda one: one.day)
        return found

    def _ranks(self, as_of: date, accounts: list[str]) -> dict[str, int]:
        """The stages of accounts at the end of a day."""
        first = as_of - timedelta(days=memory_days(self.profile))
        found = {}
        for start in range(0, len(accounts), _ACCOUNTS_AT_ONCE):
            changes = self._changes(accounts[start : start + _ACCOUNTS_AT_ONCE], first, as_of)
            for account, of_account in changes.items():
                last = _last(standings(self.profile, of_account, as_of))
                found[account] = last.rank if last is not None and last.day == as_of else 0
        return found

    def _scored(self, as_of: date, accounts: Sequence[str]) -> list[dict[str, Any]]:
        before = as_of - timedelta(days=CHANGE_DAYS)
        first = before - timedelta(days=self.profile.horizon_days)
        days = {"as_of": as_of, "before": before, "first": first, "horizon_days": self.profile.horizon_days}
        half_life = {"half_life": float(self.profile.half_life_days), "accounts": list(accounts)}
        return self._clickhouse.rows("score_accounts", {**self._parameters(), **days, **half_life})

    def _parameters(self) -> dict[str, Any]:
        points = self.profile.points
        weights = self.profile.seniority.model_dump()
        unknown_first = sorted(weights, key=lambda seniority: seniority != "unknown")
        return {
            "actions": list(points),
            "points": [worth.points for worth in points.values()],
            "caps": [worth.cap for worth in points.values()],
            "seniorities": unknown_first,
            "weights": [weights[seniority] for seniority in unknown_first],
            "people_days": self.profile.people_days,
        }


def _told(transition: Transition) -> tuple[Any, ...]:
    """What a transition says, in the order of its columns."""
    t = transition
    return (t.from_stage, t.to_stage, int(t.qualified), t.score, t.people, t.managers, t.why_en, t.why_ja)


def _last(told: Iterator[Standing]) -> Standing | None:
    last = None
    for last in told:  # noqa: B007
        pass
    return last

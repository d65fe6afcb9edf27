"""Histories of accounts out of ClickHouse: what the rules look at. Only columns are read, and accounts by the
thousand."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa

from infra.clickhouse import ClickHouse
from infra.settings import Settings
from models.account_history import (
    NO_PLAN,
    AccountHistory,
    Answer,
    Case,
    ContactHistory,
    Day,
    Days,
    Deal,
    PlanHistory,
)
from models.facts import stored_fact
from models.plan.facts import PlanFact, PlanItemDropped, PlanItemStated
from models.plan.fold import history

# Sixteen fiscal quarters and the one that is not over: as far back as any rule looks.
LOOKBACK_DAYS = 17 * 92
# What is held of so many accounts at once: some ten million days.
_AT_ONCE = 10_000
# Questions that are asked at the same time.
_ABREAST = 4


class Histories:
    """Reads only. What facts tell is as they tell it now: a fact of later changes what is said of an earlier day."""

    def __init__(self, clickhouse: ClickHouse, settings: Settings) -> None:
        self._clickhouse = clickhouse
        self._zone = settings.zone
        self._known_since: tuple[date, Day | None] | None = None

    def load(self, first: date, last: date, accounts: Sequence[str] = ()) -> Iterator[list[AccountHistory]]:
        """Histories of the accounts (all, if none is named) for questions as of the days from first to last, in pieces.

        Accounts that have become part of others by the first day are not among them.
        """
        declared = self._clickhouse.rows("accounts", {"accounts": list(accounts), "as_of": first})
        for start in range(0, len(declared), _AT_ONCE):
            yield self._piece(declared[start : start + _AT_ONCE], first - timedelta(days=LOOKBACK_DAYS), last)

    def _piece(self, declared: Sequence[Mapping[str, Any]], first: date, last: date) -> list[AccountHistory]:
        asked = pa.table({"account_id": pa.array([row["account_id"] for row in declared], pa.string())})
        span = {"first": first, "last": last}
        # At once: of a single account each takes the server hardly longer than the way to it.
        with ThreadPoolExecutor(max_workers=_ABREAST) as pool:
            people = pool.submit(self._contacts, asked, span)
            places = pool.submit(self._channels, asked, span)
            paid = pool.submit(self._revenue, asked)
            planned = pool.submit(self._plans, asked)
            told = [
                pool.submit(self._by_account, name, asked, parameters)
                for name, parameters in (
                    ("history_deals", {"zone": str(self._zone)}),
                    ("history_cases", {}),
                    ("history_answers", {}),
                )
            ]
            known_since = self._touched_since(last)
        (contacts, visitors), (channels, met) = people.result(), places.result()
        revenue, plans = paid.result(), planned.result()
        deals, cases, answers = (one.result() for one in told)
        return [
            AccountHistory(
                account_id=account,
                name=row["name"],
                tier=row["tier"],
                kind=row["kind"],
                contacts=tuple(people),
                engaged=_union([*(one.engaged for one in people), visitors.get(account, ())]),
                sent=_union([one.outbound for one in people]),
                met=met.get(account, ()),
                channels=channels.get(account, {}),
                revenue=revenue[account][1] if account in revenue else {},
                currency=revenue[account][0] if account in revenue else "",
                deals=tuple(Deal(**one) for one in deals[account]),
                cases=tuple(Case(**one) for one in cases[account]),
                answers=tuple(Answer(**one) for one in answers[account]),
                plan=plans.get(account, NO_PLAN),
                known_since=known_since,
            )
            for row in declared
            for account in (row["account_id"],)
            for people in (contacts.get(account, []),)
        ]

    def _contacts(
        self, asked: pa.Table, span: Mapping[str, Any]
    ) -> tuple[dict[str, list[ContactHistory]], dict[str, Days]]:
        """People by account, and the engaged days of those whom nobody knows."""
        people = {row["contact_key"]: row for row in self._read("history_people", span, asked=asked)}
        named = pa.table({"contact_key": pa.array(list(people), pa.string())})
        moves: dict[str, list[tuple[Day, str]]] = defaultdict(list)
        first_named: dict[str, Day] = {}
        if people:
            for row in self._read("history_named", {"zone": str(self._zone)}, named=named):
                key = row["contact_key"]
                if row["account_id"] or row["since"] > 1:
                    moves[key].append((row["since"], row["account_id"]))
                first_named[key] = min(row["named_on"], first_named.get(key, row["named_on"]))
        table = self._clickhouse.query("history_contacts", dict(span), asked=asked)
        told = zip(
            *(table.column(name).to_pylist() for name in ("account_id", "contact")),
            *(_lists(table.column(name)) for name in ("inbound", "outbound", "mutual", "engaged", "bounced")),
            strict=True,
        )
        found: dict[str, list[ContactHistory]] = defaultdict(list)
        visitors: dict[str, Days] = {}
        seen: set[tuple[str, str]] = set()
        for account, key, *days in told:
            if not key:
                visitors[account] = days[3]
                continue
            seen.add((account, key))
            found[account].append(_contact(key, people.get(key, {}), days, moves, first_named))
        for key, row in people.items():
            if row["account_id"] and (row["account_id"], key) not in seen:
                found[row["account_id"]].append(_contact(key, row, [()] * 5, moves, first_named))
        return found, visitors

    def _channels(self, asked: pa.Table, span: Mapping[str, Any]) -> tuple[dict[str, dict[str, Days]], dict[str, Days]]:
        table = self._clickhouse.query("history_channels", dict(span), asked=asked)
        channels: dict[str, dict[str, Days]] = defaultdict(dict)
        met: dict[str, list[Days]] = defaultdict(list)
        told = zip(
            *(table.column(name).to_pylist() for name in ("account_id", "channel")),
            *(_lists(table.column(name)) for name in ("days", "met")),
            strict=True,
        )
        for account, channel, days, on in told:
            channels[account][channel] = days
            met[account].append(on)
        return channels, {account: _union(days) for account, days in met.items()}

    def _revenue(self, asked: pa.Table) -> dict[str, tuple[str, dict[int, float]]]:
        """Of the currency with the most months recorded; of two alike the last in the alphabet."""
        best: dict[str, tuple[int, str, dict[int, float]]] = {}
        for row in self._read("history_revenue", asked=asked):
            told = (len(row["months"]), row["currency"], dict(zip(row["months"], row["amounts"], strict=True)))
            if row["account_id"] not in best or told[:2] > best[row["account_id"]][:2]:
                best[row["account_id"]] = told
        return {account: (currency, months) for account, (_, currency, months) in best.items()}

    def _plans(self, asked: pa.Table) -> dict[str, PlanHistory]:
        stated: dict[str, list[PlanFact]] = defaultdict(list)
        for row in self._read("history_plans", asked=asked):
            fact = stored_fact(row["body"])
            if isinstance(fact, PlanItemStated | PlanItemDropped):
                stated[row["account_id"]].append(fact)
        plans = {}
        for account, facts in stated.items():
            steps = history(facts)
            plans[account] = PlanHistory(tuple(self._business_day(one.recorded_at) for one in steps), tuple(steps))
        return plans

    def _business_day(self, moment: datetime) -> Day:
        return moment.astimezone(self._zone).date().toordinal()

    def _touched_since(self, day: date) -> Day | None:
        """Asked once for all questions of a day: it is a look at all there is."""
        if self._known_since is None or self._known_since[0] != day:
            since: date | None = self._clickhouse.rows("touched_since")[0]["day"]
            self._known_since = (day, since.toordinal() if since else None)
        return self._known_since[1]

    def _by_account(
        self, name: str, asked: pa.Table, parameters: Mapping[str, Any] | None = None
    ) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self._read(name, parameters, asked=asked):
            found[row.pop("account_id")].append(row)
        return found

    def _read(
        self, name: str, parameters: Mapping[str, Any] | None = None, **external: pa.Table
    ) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._clickhouse.query(name, dict(parameters or {}), **external).to_pylist()
        return rows


def _contact(
    key: str,
    told: Mapping[str, Any],
    days: Sequence[Days],
    moves: Mapping[str, list[tuple[Day, str]]],
    first_named: Mapping[str, Day],
) -> ContactHistory:
    inbound, outbound, mutual, engaged, bounced = days
    return ContactHistory(
        key,
        told.get("name", ""),
        told.get("title", ""),
        told.get("seniority", "unknown"),
        told.get("job_function", "unknown"),
        inbound,
        outbound,
        mutual,
        engaged,
        bounced,
        tuple(moves.get(key, ())),
        first_named.get(key),
    )


def _union(days: Sequence[Days]) -> Days:
    held = [one for one in days if one]
    return held[0] if len(held) == 1 else sorted(set().union(*held))


def _lists(column: pa.ChunkedArray) -> list[list[int]]:
    """Lists of numbers as Python has them: ten times as fast as to_pylist."""
    found: list[list[int]] = []
    for chunk in column.chunks:
        values, ends = chunk.values.to_numpy().tolist(), chunk.offsets.to_numpy().tolist()
        found += [values[start:end] for start, end in pairwise(ends)]
    return found

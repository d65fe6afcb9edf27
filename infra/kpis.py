"""KPIs out of ClickHouse: binds what is asked to the SQL of the KPI, and puts the period before beside each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from infra.clickhouse import ClickHouse, as_moment
from models.days import day_ends_at
from models.kpi_targets import groups_of
from models.kpis import Counted, Kpi, KpiRow, Target, beside_previous, windows
from models.periods import Period


@dataclass(frozen=True)
class Question:
    """What is asked of a KPI. by: what to split it by, of kpi.by; as_of: the last day that counts and is known.

    reply_sla_hours: within which a mail is to be answered, for the KPI that asks so.
    profile: version of the score profile whose stages count.
    """

    kpi: Kpi
    periods: Sequence[Period]
    as_of: date
    by: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    reply_sla_hours: float = 24.0
    profile: str = ""


def ask_kpi(clickhouse: ClickHouse, zone: ZoneInfo, asked: Question) -> list[KpiRow]:
    """The KPI's rows, each with the period before. zone: of business days. Raises ValueError for a wrong `by`."""
    if wrong := [one for one in asked.by if one not in asked.kpi.by]:
        raise ValueError(f"{asked.kpi.name} cannot be split by {', '.join(wrong)}: use {', '.join(asked.kpi.by)}")
    wanted = windows(asked.periods)
    if not wanted:
        return []
    known = {"known_before": as_moment(day_ends_at(asked.as_of, zone)), "profile": asked.profile}
    parameters = {
        **known,
        "firsts": [first for first, _ in wanted],
        "lasts": [last for _, last in wanted],
        "first": min(first for first, _ in wanted),
        "last": max(last for _, last in wanted),
        "accounts": list(asked.accounts),
        "by": list(asked.by),
        "sla_hours": asked.reply_sla_hours,
        "zone": zone.key,
    }
    counted = []
    for row in clickhouse.rows(asked.kpi.query(asked.by), parameters):
        total = bool(row["is_total"])
        if total or asked.by:  # without `by` the only group is the total
            group = None if total else tuple(row["grp"])
            values = {measure.key: row[measure.key] for measure in asked.kpi.measures}
            counted.append(Counted(group, wanted[int(row["w"]) - 1], row.get("currency", ""), values))
    [since] = clickhouse.rows("kpi_known_since", known)
    targets = _targets(clickhouse, zone, asked)
    return beside_previous(asked.kpi, asked.periods, counted, since, targets)


def targets_of(clickhouse: ClickHouse, zone: ZoneInfo, kpi: Kpi, as_of: date) -> list[dict[str, Any]]:
    """The targets of a KPI as stated by the end of a day: of, first, last, currency, value, recorded_at."""
    return clickhouse.rows("kpi_targets", {"kpi": kpi.name, "known_before": as_moment(day_ends_at(as_of, zone))})


def _targets(clickhouse: ClickHouse, zone: ZoneInfo, asked: Question) -> list[Target]:
    """The targets of the rows asked for."""
    return [
        Target(group, (row["first"], row["last"]), row["currency"], row["value"])
        for row in targets_of(clickhouse, zone, asked.kpi, asked.as_of)
        for group in groups_of(row["of"], asked.by, asked.accounts)
    ]


@dataclass(frozen=True)
class Phases:
    """When an account entered each phase of the funnel, as of a day. None: not yet, or nobody knows."""

    account_id: str
    prospect_on: date | None
    mql_on: date | None
    sql_on: date | None
    win_on: date | None
    live_on: date | None
    mrr_on: date | None
    profit_on: date | None


def phases(
    clickhouse: ClickHouse, zone: ZoneInfo, as_of: date, profile: str, accounts: Sequence[str] = ()
) -> list[Phases]:
    """The phases of accounts (all, if none is named) by the end of a day. profile: version of the score profile."""
    parameters = {
        "as_of": as_of,
        "known_before": as_moment(day_ends_at(as_of, zone)),
        "profile": profile,
        "zone": zone.key,
        "accounts": list(accounts),
    }
    return [Phases(**row) for row in clickhouse.rows("funnel_phases", parameters)]

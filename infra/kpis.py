"""KPIs out of ClickHouse: binds what is asked to the SQL of the KPI, and puts the period before beside each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from infra.clickhouse import ClickHouse
from models.kpis import Counted, Kpi, KpiRow, beside_previous, windows
from models.periods import Period


@dataclass(frozen=True)
class Question:
    """What is asked of a KPI. by: what to split it by, of kpi.by; as_of: the last day that counts and is known."""

    kpi: Kpi
    periods: Sequence[Period]
    as_of: date
    by: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


def ask_kpi(clickhouse: ClickHouse, zone: ZoneInfo, asked: Question) -> list[KpiRow]:
    """The KPI's rows, each with the period before. zone: of business days. Raises ValueError for a wrong `by`."""
    if wrong := [one for one in asked.by if one not in asked.kpi.by]:
        raise ValueError(f"{asked.kpi.name} cannot be split by {', '.join(wrong)}: use {', '.join(asked.kpi.by)}")
    wanted = windows(asked.periods)
    if not wanted:
        return []
    next_day = datetime.combine(asked.as_of + timedelta(days=1), time(), zone)
    known = {"known_before": next_day.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")}
    parameters = {
        **known,
        "firsts": [first for first, _ in wanted],
        "lasts": [last for _, last in wanted],
        "first": min(first for first, _ in wanted),
        "last": max(last for _, last in wanted),
        "accounts": list(asked.accounts),
        "by": list(asked.by),
    }
    counted = []
    for row in clickhouse.rows(asked.kpi.query(asked.by), parameters):
        total = bool(row["is_total"])
        if total or asked.by:  # without `by` the only group is the total
            group = None if total else tuple(row["grp"])
            values = {measure.key: row[measure.key] for measure in asked.kpi.measures}
            counted.append(Counted(group, wanted[int(row["w"]) - 1], row.get("currency", ""), values))
    [since] = clickhouse.rows("kpi_known_since", known)
    return beside_previous(asked.kpi, asked.periods, counted, since[asked.kpi.ground])

"""The KPIs: names in both languages, what each is measured in, by what it can be asked, and what a gap in it means.

The formulas are in docs/metrics.md, the SQL in infra/sql/queries/kpi_*.sql. Pure: rows come in, rows with their period
before go out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from models.periods import Period, Window

Unit = Literal["ratio", "count", "money", "days", "hours", "points"]
Number = float | int | None
# What is counted, and so since when a missing row means none: see known_since. Nothing tells of costs.
Ground = Literal["touches", "opportunities", "answers", "stages", "revenue", "costs"]


@dataclass(frozen=True)
class Measure:
    """One number of a KPI: its column in the SQL and in CSV, its unit and both names.

    ground: what it counts, where that is not what the KPI does; before it is known the number is unknown.
    """

    key: str
    unit: Unit
    en: str
    ja: str
    ground: Ground | None = None


@dataclass(frozen=True)
class Kpi:
    """A KPI. measures: the first is the KPI itself, the others are what it is made of. by: what it can be split by.

    query_of: other SQL for a dimension that the usual query does not have.
    """

    name: str
    en: str
    ja: str
    ground: Ground
    measures: tuple[Measure, ...]
    by: tuple[str, ...]
    query_of: Mapping[str, str]

    def query(self, by: Sequence[str]) -> str:
        """Name of the SQL file that answers it."""
        for one in by:
            if one in self.query_of:
                return self.query_of[one]
        return f"kpi_{self.name}"


@dataclass(frozen=True)
class Counted:
    """What SQL answers of one group and window. group: values of `by`; None: all of them together."""

    group: tuple[str, ...] | None
    window: Window
    currency: str
    values: Mapping[str, Number]


@dataclass(frozen=True)
class Target:
    """What is wanted of a group, None: of all together, in the whole of these days."""

    group: tuple[str, ...] | None
    window: Window
    currency: str
    value: float


@dataclass(frozen=True)
class KpiRow:
    """One group of a KPI in one period, with the same of the period before. None: not known, which is never zero.

    target: what was set for the group and the whole period, of the first measure; None where nothing was.
    """

    group: tuple[str, ...] | None
    period: Period
    currency: str
    values: Mapping[str, Number]
    previous: Mapping[str, Number]
    target: Number = None


def _kpi(
    name: str, en: str, ja: str, ground: Ground, measures: tuple[Measure, ...], by: str, **query_of: str
) -> tuple[str, Kpi]:
    return name, Kpi(name, en, ja, ground, measures, tuple(by.split()), query_of)


_WITHOUT_AMOUNT = Measure("without_amount", "count", "without amount", "金額不明")

KPIS: Mapping[str, Kpi] = dict(
    [
        _kpi(
            "engagement_rate",
            "Engagement rate",
            "エンゲージメント率(反応率)",
            "touches",
            (
                Measure("rate", "ratio", "rate", "率"),
                Measure("engaged", "count", "engaged contacts", "反応した人数"),
                Measure("reached", "count", "reached contacts", "リーチした人数"),
            ),
            "account group channel segment campaign",
            campaign="kpi_engagement_by_campaign",
        ),
        _kpi(
            "engaged_accounts",
            "Engaged accounts",
            "エンゲージしたアカウント数",
            "touches",
            (
                Measure("accounts", "count", "accounts", "社数"),
                Measure("contacts", "count", "contacts", "人数"),
            ),
            "group channel segment",
        ),
        _kpi(
            "new_contacts",
            "New contacts made",
            "新規接点数",
            "touches",
            (Measure("contacts", "count", "contacts", "人数"),),
            "account group segment seniority",
        ),
        _kpi(
            "meetings",
            "Meetings held",
            "商談・面談数",
            "touches",
            (Measure("meetings", "count", "meetings", "面談数"),),
            "account group segment",
        ),
        _kpi(
            "opportunities_opened",
            "Opportunities opened",
            "新規案件数",
            "opportunities",
            (Measure("opportunities", "count", "opportunities", "案件数"),),
            "account group product segment",
        ),
        _kpi(
            "win_rate",
            "Win rate",
            "受注率",
            "opportunities",
            (
                Measure("rate", "ratio", "rate", "率"),
                Measure("won", "count", "won", "受注"),
                Measure("lost", "count", "lost", "失注"),
            ),
            "account group product segment",
        ),
        _kpi(
            "sales_cycle",
            "Sales-cycle length",
            "商談期間",
            "opportunities",
            (
                Measure("median_days", "days", "median days", "中央値(日)"),
                Measure("mean_days", "days", "mean days", "平均(日)"),
                Measure("won", "count", "won", "受注"),
                Measure("without_days", "count", "days unknown", "日数不明"),
            ),
            "account group product segment",
        ),
        _kpi(
            "revenue_won",
            "Revenue won",
            "受注金額",
            "opportunities",
            (
                Measure("amount", "money", "amount", "金額"),
                Measure("won", "count", "won", "受注"),
                _WITHOUT_AMOUNT,
            ),
            "account group product segment",
        ),
        _kpi(
            "new_contracts",
            "New contracts",
            "新規契約社数",
            "opportunities",
            (Measure("contracts", "count", "contracts", "社数"),),
            "account group segment",
        ),
        _kpi(
            "new_products",
            "New products supplied",
            "新規採用製品数",
            "opportunities",
            (Measure("products", "count", "products", "製品数"),),
            "account group product segment",
        ),
        _kpi(
            "cross_up_sell",
            "Cross- and up-sell",
            "クロスセル・アップセル金額",
            "opportunities",
            (
                Measure("amount", "money", "amount", "金額"),
                Measure("cross_sell", "money", "cross-sell", "クロスセル"),
                Measure("up_sell", "money", "up-sell", "アップセル"),
                _WITHOUT_AMOUNT,
            ),
            "account group product segment",
        ),
        _kpi(
            "nps",
            "NPS",
            "NPS(推奨度)",
            "answers",
            (
                Measure("nps", "points", "NPS", "NPS"),
                Measure("promoters", "count", "promoters", "推奨者"),
                Measure("detractors", "count", "detractors", "批判者"),
                Measure("answers", "count", "answers", "回答数"),
            ),
            "account group segment",
        ),
        _kpi(
            "response_time",
            "Response time",
            "返信時間",
            "touches",
            (
                Measure("median_hours", "hours", "median hours", "中央値(時間)"),
                Measure("within_sla", "ratio", "within SLA", "SLA内の割合"),
                Measure("replies", "count", "replies", "返信数"),
            ),
            "account group segment",
        ),
        _kpi(
            "funnel",
            "Funnel",
            "ファネル",
            "touches",
            (
                Measure("prospects", "count", "Prospect", "見込み"),
                Measure("mqls", "count", "MQL", "MQL", "stages"),
                Measure("sqls", "count", "SQL", "SQL", "opportunities"),
                Measure("wins", "count", "Win", "受注", "opportunities"),
                Measure("live", "count", "Live", "稼働", "revenue"),
                Measure("mrr", "count", "MRR", "継続収益", "revenue"),
                Measure("profit", "count", "Profit", "黒字", "costs"),
                Measure("to_mql", "ratio", "→ MQL", "→ MQL", "stages"),
                Measure("to_sql", "ratio", "→ SQL", "→ SQL", "opportunities"),
                Measure("to_win", "ratio", "→ Win", "→ 受注", "opportunities"),
                Measure("to_live", "ratio", "→ Live", "→ 稼働", "revenue"),
                Measure("to_mrr", "ratio", "→ MRR", "→ 継続収益", "revenue"),
            ),
            "account group segment",
        ),
    ]
)


def windows(asked: Iterable[Period]) -> list[Window]:
    """All stretches of days that must be counted for these periods, each once."""
    return list(dict.fromkeys(window for period in asked for window in (period.window, period.previous)))


def beside_previous(
    kpi: Kpi,
    asked: Sequence[Period],
    counted: Sequence[Counted],
    known_since: Mapping[str, date | None],
    targets: Sequence[Target] = (),
) -> list[KpiRow]:
    """One row for each group and period, by group in the order of the alphabet and the total last.

    Where nothing was counted, a count and an amount are 0 from known_since on and unknown before it, and what has no
    number without cases (a rate, a median) is unknown. known_since: by what is counted; without it there is nothing. A
    group that has a target in a period asked for has its rows, whether anything was counted of it or not.
    """
    found = {(one.group, one.currency, one.window): one.values for one in counted}
    wanted = {(one.group, one.currency, one.window): one.value for one in targets}
    keys = {(one.group, one.currency) for one in counted}
    whole = {(period.first, period.ends) for period in asked}
    keys |= {(group, currency) for group, currency, window in wanted if window in whole}
    if not any(group is None for group, _ in keys):
        keys.add((None, ""))
    ordered = sorted(keys, key=lambda key: (key[0] is None, key[0] or (), key[1]))

    def values(group: tuple[str, ...] | None, currency: str, window: Window) -> Mapping[str, Number]:
        told = found.get((group, currency, window))
        if told is None:
            return _nothing(kpi, window, known_since)
        unknown = {m.key: None for m in kpi.measures if m.ground and not _known(m.ground, window, known_since)}
        return {**told, **unknown}

    return [
        KpiRow(
            group,
            period,
            currency,
            values(group, currency, period.window),
            values(group, currency, period.previous),
            wanted.get((group, currency, (period.first, period.ends))),
        )
        for group, currency in ordered
        for period in asked
    ]


def _nothing(kpi: Kpi, window: Window, known_since: Mapping[str, date | None]) -> dict[str, Number]:
    return {
        m.key: 0 if m.unit in ("count", "money") and _known(m.ground or kpi.ground, window, known_since) else None
        for m in kpi.measures
    }


def _known(ground: Ground, window: Window, known_since: Mapping[str, date | None]) -> bool:
    since = known_since.get(ground)
    return since is not None and window[1] >= since

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
# What a KPI counts, and so since when a missing row means none: see known_since.
Ground = Literal["touches", "opportunities", "answers"]


@dataclass(frozen=True)
class Measure:
    """One number of a KPI: its column in the SQL and in CSV, its unit and both names."""

    key: str
    unit: Unit
    en: str
    ja: str


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
class KpiRow:
    """One group of a KPI in one period, with the same of the period before. None: not known, which is never zero."""

    group: tuple[str, ...] | None
    period: Period
    currency: str
    values: Mapping[str, Number]
    previous: Mapping[str, Number]


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
                Measure("replies", "count", "replies", "返信数"),
            ),
            "account group segment",
        ),
    ]
)


def windows(asked: Iterable[Period]) -> list[Window]:
    """All stretches of days that must be counted for these periods, each once."""
    return list(dict.fromkeys(window for period in asked for window in (period.window, period.previous)))


def beside_previous(
    kpi: Kpi, asked: Sequence[Period], counted: Sequence[Counted], known_since: date | None
) -> list[KpiRow]:
    """One row for each group and period, by group in the order of the alphabet and the total last.

    Where nothing was counted, a count and an amount are 0 from known_since on and unknown before it, and what has no
    number without cases (a rate, a median) is unknown. known_since None: there is nothing to count.
    """
    found = {(one.group, one.currency, one.window): one.values for one in counted}
    keys = {(one.group, one.currency) for one in counted}
    if not any(group is None for group, _ in keys):
        keys.add((None, ""))
    ordered = sorted(keys, key=lambda key: (key[0] is None, key[0] or (), key[1]))

    def values(group: tuple[str, ...] | None, currency: str, window: Window) -> Mapping[str, Number]:
        told = found.get((group, currency, window))
        return told if told is not None else _nothing(kpi, window, known_since)

    return [
        KpiRow(
            group,
            period,
            currency,
            values(group, currency, period.window),
            values(group, currency, period.previous),
        )
        for group, currency in ordered
        for period in asked
    ]


def _nothing(kpi: Kpi, window: Window, known_since: date | None) -> dict[str, Number]:
    known = known_since is not None and window[1] >= known_since
    return {m.key: 0 if known and m.unit in ("count", "money") else None for m in kpi.measures}

"""KPIs for people, for spreadsheets and for machines."""

import csv
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from rich.markup import escape
from rich.table import Table

from jobs.console import printable
from jobs.csv_cells import harmless
from models.kpis import KPIS, Kpi, KpiRow, Measure, Number

Language = Literal["en", "ja"]
_UNKNOWN = "–"
_MOST_ACROSS = 6  # measures beside each other in a table
_WORDS = {
    "en": {
        "period": "Period",
        "all": "all",
        "none": "(none)",
        "before": "before",
        "target": "target",
        "attained": "attained",
        "running": "to date",
        "as_of": "as of",
        "account": "Account",
        "group": "Group",
        "channel": "Channel",
        "segment": "Segment",
        "campaign": "Campaign",
        "product": "Product",
        "seniority": "Seniority",
        "currency": "Currency",
    },
    "ja": {
        "period": "期間",
        "all": "全体",
        "none": "(なし)",
        "before": "前期",
        "target": "目標",
        "attained": "達成率",
        "running": "途中",
        "as_of": "基準日",
        "account": "アカウント",
        "group": "企業グループ",
        "channel": "チャネル",
        "segment": "セグメント",
        "campaign": "キャンペーン",
        "product": "製品",
        "seniority": "職位",
        "currency": "通貨",
    },
}


def kpi_list(lang: Language) -> Table:
    """All KPIs with both names and what they can be split by."""
    table = Table(box=None, pad_edge=False)
    for column in ("KPI", "English", "日本語", "--by"):
        table.add_column(column, overflow="fold")
    for one in KPIS.values():
        table.add_row(one.name, one.en, one.ja, ", ".join(one.by))
    table.title = "docs/metrics.md" if lang == "en" else "定義: docs/metrics.md"
    table.title_justify = "left"
    return table


def kpi_table(kpi: Kpi, by: Sequence[str], rows: Sequence[KpiRow], lang: Language, as_of: date) -> Table:
    """Groups and periods downwards, the KPI with its period before and what it is made of across or downwards."""
    words = _WORDS[lang]
    money = any(row.currency for row in rows)
    title = f"{getattr(kpi, lang)}, {words['as_of']} {as_of}"
    table = Table(title=title, title_justify="left")
    for one in (*by, "period", *(["currency"] if money else [])):
        table.add_column(words[one], overflow="fold")
    wide = len(kpi.measures) <= _MOST_ACROSS
    (_across if wide else _downwards)(table, kpi, by, rows, lang)
    return table


def _across(table: Table, kpi: Kpi, by: Sequence[str], rows: Sequence[KpiRow], lang: Language) -> None:
    """A line a group and period: the KPI with its period before, and what it is made of."""
    words = _WORDS[lang]
    main, *parts = kpi.measures
    aimed = [words["target"], words["attained"]] if any(row.target is not None for row in rows) else []
    for name in (getattr(main, lang), words["before"], *aimed, *(getattr(part, lang) for part in parts)):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            *_head(row, by, rows, lang),
            shown(main, row.values[main.key]),
            f"[dim]{shown(main, row.previous[main.key])}[/]",
            *([shown(main, row.target), _percent(attained(main, row))] if aimed else []),
            *(shown(part, row.values[part.key]) for part in parts),
            style="bold" if row.group is None and by else None,
        )


def _downwards(table: Table, kpi: Kpi, by: Sequence[str], rows: Sequence[KpiRow], lang: Language) -> None:
    """A line a measure, where they are too many to stand beside each other: with its period before."""
    words = _WORDS[lang]
    table.add_column("")
    aimed = [words["target"], words["attained"]] if any(row.target is not None for row in rows) else []
    for name in (getattr(kpi, lang), words["before"], *aimed):
        table.add_column(name, justify="right")
    for row in rows:
        head = _head(row, by, rows, lang)
        for at, measure in enumerate(kpi.measures):
            told = [shown(measure, row.target), _percent(attained(measure, row))] if at == 0 else ["", ""]
            table.add_row(
                *(head if at == 0 else [""] * len(head)),
                getattr(measure, lang),
                shown(measure, row.values[measure.key]),
                f"[dim]{shown(measure, row.previous[measure.key])}[/]",
                *(told if aimed else []),
                style="bold" if row.group is None and by else None,
                end_section=at == len(kpi.measures) - 1,
            )


def _head(row: KpiRow, by: Sequence[str], rows: Sequence[KpiRow], lang: Language) -> list[str]:
    """Group, period and, where any row has one, currency."""
    words = _WORDS[lang]
    if row.group is None:
        group = [words["all"], *[""] * (len(by) - 1)] if by else []
    else:
        group = [escape(printable(value)) or words["none"] for value in row.group]
    running = "" if row.period.complete else f" ({words['running']})"
    return [*group, row.period.label + running, *([row.currency] if any(one.currency for one in rows) else [])]


def shown(measure: Measure, value: Number) -> str:
    """A number as people read it; what is not known is a dash and not 0."""
    if value is None:
        return _UNKNOWN
    match measure.unit:
        case "ratio":
            return f"{value:.1%}"
        case "count":
            return f"{value:,.0f}"
        case "money":
            return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
        case "days" | "hours":
            return f"{value:,.1f}"
        case "points":
            return f"{value:+.1f}"


def attained(measure: Measure, row: KpiRow) -> Number:
    """Which part of its target a KPI has reached; None where nobody can say, as of times, of which less is more."""
    value = row.values[measure.key]
    if value is None or row.target is None or row.target <= 0 or measure.unit in ("days", "hours"):
        return None
    return value / row.target


def _percent(part: Number) -> str:
    return _UNKNOWN if part is None else f"{part:.0%}"


def as_json_rows(kpi: Kpi, by: Sequence[str], rows: Sequence[KpiRow]) -> list[dict[str, Any]]:
    """For `--json`: null is what is not known."""
    return [
        {
            "kpi": kpi.name,
            "total": row.group is None,
            "group": None if row.group is None else dict(zip(by, row.group, strict=True)),
            "period": row.period.label,
            "first": row.period.first,
            "last": row.period.last,
            "complete": row.period.complete,
            "currency": row.currency or None,
            "values": dict(row.values),
            "target": row.target,
            "attained": attained(kpi.measures[0], row),
            "previous": {"first": row.period.previous[0], "last": row.period.previous[1], **row.previous},
        }
        for row in rows
    ]


def print_csv(kpi: Kpi, by: Sequence[str], rows: Sequence[KpiRow]) -> None:
    """CSV on standard output, made to be opened with a spreadsheet: no cell is a formula, unknown is empty."""
    keys = [measure.key for measure in kpi.measures]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    previous = [f"previous_{key}" for key in keys]
    writer.writerow(
        ["kpi", "total", *by, "period", "first", "last", "complete", "currency", *keys, *previous, "target"]
    )
    for row in rows:
        writer.writerow(
            [
                kpi.name,
                int(row.group is None),
                *(map(harmless, row.group) if row.group is not None else [""] * len(by)),
                row.period.label,
                row.period.first,
                row.period.last,
                int(row.period.complete),
                harmless(row.currency),
                *(row.values[key] for key in keys),
                *(row.previous[key] for key in keys),
                row.target,
            ]
        )

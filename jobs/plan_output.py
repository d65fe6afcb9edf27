"""Plans for people, for spreadsheets and for machines."""

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from jobs.console import printable
from jobs.csv_cells import harmless
from jobs.plan import Found, Imported
from models.plan.changes import fields_changed
from models.plan.document import PLACES, plain
from models.plan.facts import OneItem
from models.plan.fold import Items, Step
from models.plan.partner import PartnerAction
from models.plan.problems import field
from models.plan.words import Language, change_label, field_label, headline, part_label, value_label
from models.plan.work import Action, Request

_UNKNOWN = "–"
_WORDS = {
    "en": {
        "plan": "plan as of",
        "key": "Key",
        "part": "Part",
        "change": "Change",
        "what": "What",
        "when": "Stated",
        "same": "nothing changes",
        "gone": "The file has none of these parts, so all of them is dropped: {}",
        "forgotten": "left out: {} of whom asked to be forgotten",
    },
    "ja": {
        "plan": "アカウントプラン 基準日",
        "key": "キー",
        "part": "項目",
        "change": "変更",
        "what": "内容",
        "when": "記録日時",
        "same": "変更なし",
        "gone": "ファイルにない項目はすべて削除されます: {}",
        "forgotten": "除外: 消去済みの人物 {} 名",
    },
}


def problem_json(found: Iterable[Found]) -> list[dict[str, Any]]:
    """For `--json`."""
    return [
        {
            "file": str(file),
            "line": one.at.line,
            "column": one.at.column,
            "severity": one.severity,
            "field": field(one.path),
            "value": one.value,
            "message": one.message,
        }
        for file, one in found
    ]


def plan_view(account_id: str, name: str, items: Items, as_of: date, lang: Language) -> Group:
    """The plan, part by part; fields that say nothing are left out."""
    title = f"{name} ({account_id}), {_WORDS[lang]['plan']} {as_of}"
    parts = [(part, {key: item for (of, key), item in items.items() if of == part}) for part in PLACES]
    shown = [(Text(), _part(part, told, lang)) for part, told in parts if told]
    return Group(Text(printable(title), style="bold"), *(one for spaced in shown for one in spaced))


def _part(part: str, told: dict[str, OneItem], lang: Language) -> Table:
    rows = {key: plain(item) | _status(item) for key, item in told.items()}
    table = Table(title=part_label(part, lang), title_justify="left", title_style="bold", box=None, pad_edge=False)
    if PLACES[part].held == "alone":
        table.show_header = False
        table.add_column(style="dim")
        table.add_column(overflow="fold")
        for row in rows.values():
            for name, value in row.items():
                table.add_row(field_label(part, name, lang), _cell(name, value, lang))
        return table
    names = [name for name in type(next(iter(told.values()))).model_fields if any(name in row for row in rows.values())]
    keyed = PLACES[part].held == "by_key"
    for label in [*([_WORDS[lang]["key"]] if keyed else []), *(field_label(part, name, lang) for name in names)]:
        table.add_column(label, overflow="fold")
    for key, row in rows.items():
        cells = (_cell(name, row[name], lang) if name in row else "" for name in names)
        table.add_row(*([key] if keyed else []), *cells)
    return table


def _status(item: OneItem) -> dict[str, Any]:
    """Its status, which says something though it is the one that items begin with."""
    return {"status": item.status} if isinstance(item, Action | Request | PartnerAction) else {}


def _cell(name: str, value: Any, lang: Language) -> str:
    if isinstance(value, list):
        return "\n".join(_cell(name, one, lang) for one in value)
    if isinstance(value, dict):
        return " ".join(_cell(inner, one, lang) for inner, one in value.items())
    return escape(printable(value_label(name, value, lang)))


def changes_table(imports: Sequence[Imported], lang: Language) -> Group:
    """What files change, item by item."""
    words = _WORDS[lang]
    shown: list[Text | Table] = []
    for one in imports:
        title = printable(f"{one.name} ({one.account_id})")
        if one.forgotten:
            title += f"; {words['forgotten'].format(one.forgotten)}"
        if not one.steps:
            shown.append(Text(f"{title}: {words['same']}"))
            continue
        table = Table(title=escape(title), title_justify="left", box=None, pad_edge=False)
        for name in ("change", "part", "key", "what"):
            table.add_column(words[name], overflow="fold")
        for step in one.steps:
            table.add_row(*_row(step, lang))
        shown.append(table)
        if one.parts_gone:
            shown.append(Text(words["gone"].format(", ".join(part_label(part, lang) for part in one.parts_gone))))
    return Group(*shown)


def history_table(steps: Sequence[Step], zone: ZoneInfo, lang: Language) -> Table:
    """What was stated when, the first first; times of the business time zone."""
    words = _WORDS[lang]
    table = Table(box=None, pad_edge=False)
    for name in ("when", "change", "part", "key", "what"):
        table.add_column(words[name], overflow="fold", no_wrap=name == "when")
    for step in steps:
        table.add_row(f"{step.recorded_at.astimezone(zone):%Y-%m-%d %H:%M}", *_row(step, lang))
    return table


def _row(step: Step, lang: Language) -> tuple[str, str, str, str]:
    part, key = step.about
    return (change_label(step.change, lang), part_label(part, lang), key, escape(printable(_what(step, lang))))


def _what(step: Step, lang: Language) -> str:
    if step.change == "changed":
        fields = ((field_label(step.about[0], name, lang), old, new) for name, old, new in _fields(step, lang))
        return "\n".join(f"{label}: {old or _UNKNOWN} → {new or _UNKNOWN}" for label, old, new in fields)
    item = step.after or step.before
    return headline(item) if item is not None else ""


def _fields(step: Step, lang: Language | None) -> Iterator[tuple[str, str, str]]:
    old, new = (plain(item) if item is not None else {} for item in (step.before, step.after))
    for name in fields_changed(step.before, step.after):
        yield name, _text(name, old.get(name), lang), _text(name, new.get(name), lang)


def _text(name: str, value: Any, lang: Language | None) -> str:
    """lang None: for a spreadsheet, which wants numbers and our own words as they are."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_text(name, one, lang) for one in value)
    if isinstance(value, dict):
        return " ".join(_text(inner, one, lang) for inner, one in value.items())
    return str(value) if lang is None else value_label(name, value, lang)


def step_json(step: Step) -> dict[str, Any]:
    """One change for `--json`; null where there was or is no item."""
    part, key = step.about
    before, after = (plain(item) if item is not None else None for item in (step.before, step.after))
    told = {"part": part, "key": key, "change": step.change, "before": before, "after": after}
    return {"recorded_at": step.recorded_at, **told}


def print_history_csv(steps: Sequence[Step]) -> None:
    """CSV on standard output, a line for each field that changed; no cell is a formula."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["recorded_at", "part", "key", "change", "field", "before", "after"])
    for step in steps:
        for name, old, new in _fields(step, None):
            cells = (*step.about, step.change, name, old, new)
            writer.writerow([step.recorded_at.isoformat(), *map(harmless, cells)])

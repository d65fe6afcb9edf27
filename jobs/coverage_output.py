"""Contact coverage for people, for spreadsheets and for machines."""

import csv
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal

from rich.markup import escape
from rich.table import Table

from jobs.console import printable
from jobs.coverage_words import FUNCTIONS, PLAN, SENIORITIES, STATUSES, WORDS
from jobs.csv_cells import harmless
from models.coverage.account import AccountCoverage, AccountLine
from models.coverage.management import Quarter
from models.coverage.matrix import Cell, Counts
from models.coverage.people import Person

Language = Literal["en", "ja"]
_UNKNOWN = "–"
_COUNTS = ("known", "engaged", "wanted", "missing")


def matrix_table(found: AccountCoverage, lang: Language) -> Table:
    """Functions and seniorities downwards, who is known, engaged, wanted and missing across."""
    words = WORDS[lang]
    table = _table(words["coverage"], found, lang)
    for name in ("function", "seniority"):
        table.add_column(words[name], overflow="fold")
    for name in _COUNTS:
        table.add_column(words[name], justify="right")
    for cell in found.cells:
        place = (FUNCTIONS[lang].get(cell.function, cell.function), SENIORITIES[lang][cell.seniority])
        table.add_row(*place, *_counted(cell.counts))
    table.add_row(words["all"], "", *_counted(found.counts), style="bold")
    return table


def summary_lines(found: AccountCoverage, lang: Language) -> list[str]:
    """What there is to say below the matrix: management, the strongest contact, our own side, who is gone."""
    words, thread, ours = WORDS[lang], found.single_thread, found.own_side
    if thread.contact_days is None:
        share = words["thread_unknown"]
    elif thread.share is None:
        share = words["nobody_in_180"]
    else:
        who = _name_of(found, thread.strongest)
        share = words["thread_told"].format(share=f"{thread.share:.0%}", who=who, most=thread.people_for_most)
    functions = ", ".join(FUNCTIONS[lang].get(one, one) for one in ours.functions)
    breadth = (
        words["ours_unknown"]
        if ours.people is None
        else words["ours_told"].format(recent=ours.people_recent, year=ours.people, functions=functions or _UNKNOWN)
    )
    return [
        f"{words['management_engaged']}: {number(found.counts.management)}",
        f"{words['thread']}: {share}",
        f"{words['ours']}: {breadth}",
        *([words["gone"].format(count=found.gone)] if found.gone else []),
    ]


def people_table(found: AccountCoverage, lang: Language) -> Table:
    """A line a person: who she is, what we have to do with her, and what the plan says of her."""
    words = WORDS[lang]
    table = _table(words["people"], found, lang)
    for name in ("person", "place", "status", "last_engaged", "last_two_way"):
        table.add_column(words[name], overflow="fold")
    table.add_column(words["days"], justify="right")
    for name in ("channels", "plan"):
        table.add_column(words[name], overflow="fold")
    for one in found.people:
        who = one.contact
        function = FUNCTIONS[lang].get(who.function, who.function)
        title = f"\n[dim]{_text(who.title)}[/]" if who.title else ""
        table.add_row(
            _text(who.name or _bare(who.contact_key)) + title,
            f"{function}\n{SENIORITIES[lang][who.seniority]}",
            STATUSES[lang][one.status],
            _day(one.last_engaged),
            _day(one.last_two_way),
            str(one.engaged_days),
            ", ".join(one.channels),
            _planned(one, lang),
            style="bold" if one.status == "missing" else None,
        )
    return table


def management_table(found: AccountCoverage, told: Sequence[Quarter], lang: Language) -> Table:
    """A line a fiscal quarter: executives and managers engaged, beside the revenue."""
    words = WORDS[lang]
    table = _table(words["trend"], found, lang)
    table.add_column(words["quarter"])
    for name in ("executives", "managers", "both", "staff_engaged", "unknown_engaged"):
        table.add_column(words[name], justify="right")
    currency = next((one.currency for one in told if one.currency), "")
    table.add_column(f"{words['revenue']} {currency}".strip(), justify="right")
    for one in told:
        counts = _quarter_counts(one)
        revenue = _UNKNOWN if one.revenue is None else f"{one.revenue:,.0f}"
        label = one.label if one.complete else f"{one.label} ({words['running']})"
        table.add_row(label, *map(number, counts), revenue)
    return table


def accounts_table(lines: Sequence[AccountLine], as_of: date, lang: Language) -> Table:
    """A line an account, those that lack most first."""
    words = WORDS[lang]
    table = Table(title=f"{words['coverage']}, {words['as_of']} {as_of}", title_justify="left")
    table.add_column(words["account"], overflow="fold")
    for name in ("known", "engaged", "management_engaged", "wanted", "missing", "share"):
        table.add_column(words[name], justify="right")
    for one in lines:
        counts = one.counts
        known, engaged, wanted, missing = _counted(counts)
        share = _UNKNOWN if one.share_of_strongest is None else f"{one.share_of_strongest:.0%}"
        name = f"{_text(one.name)} [dim]{_text(one.account_id)}[/]"
        table.add_row(name, known, engaged, number(counts.management), wanted, missing, share)
    return table


def number(value: int | None) -> str:
    """A count as people read it; what is not known is a dash and not 0."""
    return _UNKNOWN if value is None else f"{value:,}"


def account_json(found: AccountCoverage, told: Sequence[Quarter] | None, *, with_people: bool) -> dict[str, Any]:
    """For `--json`: null is what is not known."""
    document: dict[str, Any] = {
        "account_id": found.account_id,
        "name": found.name,
        "as_of": found.as_of,
        "counts": found.counts,
        "matrix": [_cell(cell) for cell in found.cells],
        "single_thread": found.single_thread,
        "own_side": found.own_side,
        "gone": found.gone,
    }
    if with_people:
        document["people"] = found.people
    if told is not None:
        document["management"] = told
    return document


def lines_json(lines: Sequence[AccountLine]) -> list[dict[str, Any]]:
    """For `--json`: an object an account."""
    return [_line(one) for one in lines]


def matrix_rows(found: AccountCoverage) -> list[dict[str, Any]]:
    """For `--csv`: a row a function and seniority."""
    return [{"account_id": found.account_id, **_cell(cell)} for cell in found.cells]


def people_rows(found: AccountCoverage) -> list[dict[str, Any]]:
    """For `--csv`: a row a person."""
    return [
        {
            "account_id": found.account_id,
            "contact_key": one.contact.contact_key,
            "name": one.contact.name,
            "title": one.contact.title,
            "department": one.contact.department,
            "function": one.contact.function,
            "seniority": one.contact.seniority,
            "status": one.status,
            "last_engaged": one.last_engaged,
            "last_two_way": one.last_two_way,
            "engaged_days": one.engaged_days,
            "channels": " ".join(one.channels),
            "stakeholder": one.planned and one.planned.stakeholder,
            "relationship": one.planned and one.planned.relationship,
            "decision_role": one.planned and one.planned.decision_role,
            "approval_step": one.planned and one.planned.approval_step,
            "owner": one.planned and one.planned.owner,
        }
        for one in found.people
    ]


def quarter_rows(found: AccountCoverage, told: Sequence[Quarter]) -> list[dict[str, Any]]:
    """For `--csv`: a row a quarter."""
    names = ("executives", "managers", "management", "staff", "unknown")
    return [
        {
            "account_id": found.account_id,
            "quarter": one.label,
            "first": one.first,
            "last": one.last,
            "complete": int(one.complete),
            **dict(zip(names, _quarter_counts(one), strict=True)),
            "revenue": one.revenue,
            "currency": one.currency,
        }
        for one in told
    ]


def print_csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    """CSV on standard output, made to be opened with a spreadsheet: no cell is a formula, unknown is empty."""
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: harmless(value) if isinstance(value, str) else value for name, value in row.items()})


def _table(what: str, found: AccountCoverage, lang: Language) -> Table:
    words = WORDS[lang]
    title = f"{what}: {_text(found.name)} ({_text(found.account_id)}), {words['as_of']} {found.as_of}"
    return Table(title=title, title_justify="left")


def _counted(counts: Counts) -> tuple[str, str, str, str]:
    missing = number(counts.missing)
    return (
        number(counts.known),
        number(counts.engaged),
        number(counts.wanted),
        f"[red]{missing}[/]" if counts.missing else missing,
    )


def _quarter_counts(one: Quarter) -> tuple[int | None, ...]:
    told = one.in_touch
    if told is None:
        return (None,) * 5
    return told.executives, told.managers, told.executives + told.managers, told.staff, told.unknown


def _cell(cell: Cell) -> dict[str, Any]:
    counts = {name: getattr(cell.counts, name) for name in _COUNTS}
    return {"function": cell.function, "seniority": cell.seniority, **counts}


def _line(one: AccountLine) -> dict[str, Any]:
    counts = {name: getattr(one.counts, name) for name in ("known", "engaged", "management", "wanted", "missing")}
    told = {"account_id": one.account_id, "name": one.name, "tier": one.tier}
    return {**told, **counts, "share_of_strongest": one.share_of_strongest}


def _name_of(found: AccountCoverage, contact_key: str | None) -> str:
    told = next((one.contact.name for one in found.people if one.contact.contact_key == contact_key), "")
    return _text(told or _bare(contact_key))


def _text(told: str) -> str:
    return escape(printable(told))


def _bare(contact_key: str | None) -> str:
    return (contact_key or "").removeprefix("mail:")


def _day(day: date | None) -> str:
    return _UNKNOWN if day is None else str(day)


def _planned(one: Person, lang: Language) -> str:
    if (told := one.planned) is None:
        return ""
    step = WORDS[lang]["step"].format(step=told.approval_step) if told.approval_step else ""
    known = [PLAN[lang][value] for value in (told.relationship, told.decision_role) if value != "unknown"]
    owner = f"← {_text(told.owner)}" if told.owner else ""
    return "\n".join(filter(None, (", ".join([*known, *filter(None, (step,))]), owner)))

"""How dead letters look on a terminal. What a sender wrote is printed as text that cannot command the terminal."""

import base64
from collections import Counter
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table

from infra.dead_letters import Count
from jobs.console import err, out
from jobs.requeue import RepairReport, RequeueReport
from models.dead_letters import Letter, printable, readable, remedy
from models.repairs import Repair, diff

_MOST_SHOWN = 4000
_DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def print_stats(counts: Sequence[Count], state: str, by: str) -> None:
    """A row for each reason with its remedy, for each source, or for each day."""
    total = sum(one.events for one in counts)
    which = "" if state == "all" else f"{state} "
    if not total:
        out.print(f"No {which}dead letters.")
        return
    table = Table(title=f"{total:,} {which}dead letter{'s' if total != 1 else ''}", title_justify="left")
    table.add_column(by.capitalize(), no_wrap=by == "reason", overflow="fold")
    table.add_column("Events", justify="right")
    if by != "day":
        table.add_column("Received", no_wrap=True)
    table.add_column("What to do" if by == "reason" else "Reasons", overflow="fold")
    groups: dict[str, list[Count]] = {}
    for one in counts:
        groups.setdefault(str(getattr(one, by)), []).append(one)
    for name, members in sorted(groups.items()):
        events = sum(one.events for one in members)
        days = sorted(one.day for one in members)
        received = [] if by == "day" else [str(days[0]) if days[0] == days[-1] else f"{days[0]} – {days[-1]}"]
        reasons: Counter[str] = Counter()
        for one in members:
            reasons[one.reason] += one.events
        last = remedy(name) if by == "reason" else ", ".join(f"{r} {n:,}" for r, n in sorted(reasons.items()))
        table.add_row(escape(printable(name)), f"{events:,}", *received, escape(last))
    out.print(table)


def print_letters(letters: Sequence[Letter], total: int, offset: int, zone: ZoneInfo) -> None:
    """A page of them."""
    if not letters:
        out.print("No dead letters." if not total else f"No more: there are {total:,}.")
        return
    title = f"{offset + 1:,}–{offset + len(letters):,} of {total:,}, received in {zone.key}"
    table = Table(title=title, title_justify="left", show_lines=True)
    table.add_column("ID", no_wrap=True)
    table.add_column("Reason", no_wrap=True)
    table.add_column("Received, source", overflow="fold", min_width=16)
    table.add_column("Detail", overflow="fold", min_width=20)
    for one in letters:
        received = f"{one.received_at.astimezone(zone):%Y-%m-%d %H:%M}"
        source = escape(printable(one.source))
        table.add_row(one.short_id, one.reason, f"{received}\n[dim]{source}[/]", escape(printable(one.detail)))
    out.print(table)
    if offset + len(letters) < total:
        err.print(f"The next page: --offset {offset + len(letters)}")


def print_letter(
    letter: Letter, raw: bytes, is_open: bool, successors: Sequence[dict[str, Any]], zone: ZoneInfo
) -> None:
    """One of them, with its bytes."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("ID", letter.id)
    table.add_row("State", "open" if is_open else "closed: the event is stored")
    for one in successors:
        sent = f"{one['sent_at'].astimezone(zone):%Y-%m-%d %H:%M:%S}"
        table.add_row("Sent again", f"{sent} in body {one['sent_as']}, as event {one['event_id']}")
    table.add_row("Reason", letter.reason)
    table.add_row("Detail", escape(printable(letter.detail)))
    table.add_row("What to do", escape(remedy(letter.reason)))
    table.add_row("Source", escape(f"{printable(letter.source)}, read by the adapter {printable(letter.adapter)}"))
    table.add_row("Received", f"{letter.received_at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}")
    table.add_row("Event", f"number {letter.position}, counted from 0, of its body")
    table.add_row("In Kafka", f"topic {letter.topic}, partition {letter.partition}, offset {letter.offset}")
    table.add_row("Bytes", f"{len(raw):,} as received")
    out.print(table)
    out.print()
    out.print(readable(raw, _MOST_SHOWN), markup=False, soft_wrap=True)
    if len(raw) > _MOST_SHOWN:
        err.print(
            f"These are the first of {len(raw):,} bytes; all: `setten dead-letters show {letter.short_id} --raw > FILE`"
        )


def letter_json(letter: Letter, raw: bytes | None = None) -> dict[str, Any]:
    """For `--json`. raw: as text where it is UTF-8, and as base64 in any case."""
    told: dict[str, Any] = {"id": letter.id, **letter._asdict(), "remedy": remedy(letter.reason)}
    if raw is not None:
        try:
            told["raw"] = raw.decode()
        except UnicodeDecodeError:
            told["raw"] = None
        told["raw_base64"] = base64.b64encode(raw).decode()
    return told


def print_repair(repair: Repair) -> None:
    """What the edit makes of one event, as a diff; why it would not do."""
    for line in diff(repair).splitlines():
        out.print(line, markup=False, soft_wrap=True, style=_DIFF_STYLES.get(line[:1]))
    if repair.outcome in ("refused", "failed"):
        why = f"{repair.reason}: {repair.detail}" if repair.reason else repair.detail
        out.print(f"! {repair.letter.short_id} {printable(why)}", markup=False, soft_wrap=True, style="red")


def print_repairs(report: RepairReport) -> None:
    """How many of them pass now, and why the others do not."""
    table = _sums()
    table.add_row("[bold]dead letters[/]", f"[bold]{report.letters:,}[/]")
    table.add_row("  would pass now", f"{report.passes:,}")
    for name, number in (
        ("left alone by the program", report.untouched),
        ("unchanged by the program", report.unchanged),
        ("still refused", report.refused),
    ):
        if number:
            table.add_row(f"  {name}", f"{number:,}")
    for reason, number in sorted(report.reasons.items()):
        table.add_row(f"    {reason}", f"{number:,}")
    if report.failed:
        table.add_row("  not editable so", f"{report.failed:,}")
        for message, number in report.failures.most_common(5):
            table.add_row(f"    {escape(printable(message))}", f"{number:,}")
    err.print(table)


def print_requeue(report: RequeueReport) -> None:
    """What became of what was sent."""
    if not report.letters:
        out.print("Nothing to send: none of them is open.")
        return
    table = _sums()
    table.add_row("records sent", f"{report.records:,}")
    table.add_row("[bold]dead letters[/]", f"[bold]{report.letters:,}[/]")
    table.add_row("  closed: stored now", f"{report.closed:,}")
    table.add_row("  still dead", f"{report.dead_total:,}")
    for reason, count in sorted(report.dead.items()):
        table.add_row(f"    {reason}", f"{count:,}")
    out.print(table)


def _sums() -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    return table

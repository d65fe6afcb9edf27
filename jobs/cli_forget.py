"""`setten forget`: erase a person by mail address, and show that it was done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from infra.settings import load_settings
from jobs.console import clear_errors, confirm, err, fail, out, print_json, progress
from jobs.forget import ForgetReport, Forgetting
from jobs.options import AsJson, Config, DataDirOption
from models.erasure import normalise


def forget(
    addresses: Annotated[
        list[str], typer.Argument(metavar="ADDRESS...", help="Mail addresses; `-` reads them from standard input.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say where they are found; change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Erase people by their mail addresses: from every table, for good, with a proof. It cannot be undone.

    What comes in later under these addresses, replays of old signals too, is stored without them. Killed at any point,
    it is finished by running it again. What it does, and what it cannot reach: docs/erasure.md.

    Exit code 1 if an address is still found afterwards.
    """
    with clear_errors():
        wanted = _wanted(addresses)
        settings = load_settings(config, data_dir)
        with _telling() as told:
            forgetting = Forgetting(settings, wanted, told=told)
            told("searching every table")
            found = forgetting.found()
        if dry_run:
            if as_json:
                print_json({"addresses": len(wanted), "found": found})
            else:
                _print_found(found)
            return
        where = f"{sum(found.values()):,} rows of {len(found)} tables hold" if found else "no table holds"
        names = ", ".join(wanted) if len(wanted) <= 3 else f"{len(wanted)} addresses"
        confirm(f"Forget {names}? Now {where} them. It cannot be undone.", yes, "nothing was changed")
        with _telling() as told:
            forgetting.hears(told)
            report = forgetting.run()
    if as_json:
        print_json(report.as_json())
    else:
        _print_report(report, bool(found), settings.zone)
    raise typer.Exit(0 if report.clean else 1)


def _wanted(given: list[str]) -> list[str]:
    """The addresses, as contacts have them. Exit code 2 for what is none."""
    told = [word for one in given for word in (sys.stdin.read().split() if one == "-" else [one])]
    try:
        wanted = list(dict.fromkeys(map(normalise, told)))
    except ValueError as error:
        raise fail(str(error), 2) from None
    if not wanted:
        raise fail("standard input gave no address", 2)
    return wanted


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """Shows what goes on: on a terminal in place, else a line for every step."""
    with progress() as display:
        task = display.add_task("", total=None, note="")
        steps: list[str] = []

        def told(what: str) -> None:
            display.update(task, description=what)
            step = what.rstrip("0123456789, ")
            if display.disable and not what.startswith("waiting for ClickHouse") and step not in steps:
                err.print(what, style="dim")
                steps.append(step)

        yield told


def _print_found(found: dict[str, int]) -> None:
    if not found:
        out.print("found nowhere")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("table")
    table.add_column("rows that hold them", justify="right")
    for name, rows in found.items():
        table.add_row(name, f"{rows:,}")
    out.print(table)


def _print_report(report: ForgetReport, was_found: bool, zone: ZoneInfo) -> None:
    tables, columns = report.searched
    if not was_found:
        again = "was forgotten before and is found nowhere" if report.forgotten_before else "was in no table"
        out.print(f"{report.addresses} {'address' if report.addresses == 1 else 'addresses'}: {again}. What comes in")
        out.print("under it from now on is stored without it.")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("table", "rows removed", "rows that hold them now"):
        table.add_column(name, justify="left" if name == "table" else "right")
    for name in sorted({*report.removed, *report.holding}):
        held = sum(report.holding.get(name, {}).values())
        table.add_row(name, f"{report.removed.get(name, 0):,}", f"[bold red]{held:,}[/]" if held else "0")
    if table.row_count:
        out.print(table)
    out.print(f"Searched: {columns} columns of {tables} tables.", end=" ")
    if report.clean:
        out.print("[bold]The proof: found nowhere.[/]")
    else:
        places = ", ".join(f"{table}.{column}" for table, held in report.holding.items() for column in held)
        out.print(f"[bold red]Still found in {places}: run the command again.[/]")
    if report.old_parts:
        left = "files of removed rows" if report.old_parts < 0 else f"{report.old_parts:,} files of removed rows"
        out.print(f"ClickHouse has not dropped {left} yet; it does within some ten minutes.")
    if report.unread:
        out.print(f"{report.unread:,} records wait in Kafka unread; they are redacted when a worker reads them.")
    out.print("Kafka keeps what was sent; nobody can take records out of it. All it holds now is gone by:")
    for kept in report.kept:
        until = f"{kept.until.astimezone(zone):%Y-%m-%d %H:%M}" if kept.until else "no date: its broker tells no limit"
        out.print(f"  {kept.topic:16} {until}", markup=False)
    out.print("Not reached: backups, copies in BI tools, receivers of webhooks. See docs/erasure.md.")

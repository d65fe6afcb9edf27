"""`setten replay`: rebuild the derived tables and put them in the place of the live ones."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from infra.clickhouse import ClickHouse
from infra.compare import Comparison
from infra.score_profile import load_profile
from infra.scores import Scores
from infra.settings import load_settings
from infra.shadow import ReplayRefused
from jobs.console import clear_errors, confirm, fail, out, print_json, progress
from jobs.options import AsJson, Config, DataDirOption
from jobs.replay import Rebuild, ReplayFailed, ReplayReport, Source, Step, Told, where
from jobs.rollups import refresh_all
from jobs.stages import update_all
from models.dead_letters import printable

_STEPS: dict[Step, str] = {"build": "building", "catch-up": "catching up", "finish": "taking in what came meanwhile"}
_MOST_SHOWN = 12


def replay(
    source: Annotated[Source, typer.Option("--from", help="Where the bodies are read from.")] = "archive",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Build and compare; leave the live tables alone.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the tables that did not become live ones, in <database>_replay.")
    ] = False,
    drop_unfounded: Annotated[
        bool, typer.Option("--drop-unfounded", help="Go on though touches or dead letters have no body any more.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Swap without asking.")] = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Rebuild touches and aggregates from the bodies as received, beside the live tables, and swap them in.

    Workers go on, and nothing that comes in is lost. It can be killed at any point and run again.

    The tables are compared before the swap: in a sound store they are equal. See docs/operations.md.

    Exit code 1 if it failed or refused to swap, and with --dry-run also if a table differs.
    """
    if not (yes or dry_run or sys.stdin.isatty()):
        raise fail("add --yes to swap the tables, or --dry-run to compare only: there is nobody to ask", 2)
    with clear_errors():
        settings = load_settings(config, data_dir)
        profile = load_profile(settings)  # what is wrong with it is said before anything is built
        rebuild = Rebuild(settings, source, where(config, data_dir))
        try:
            with _progress() as told:
                report = rebuild.build(told, drop_unfounded=drop_unfounded)
            if not dry_run:
                if not yes:
                    _print(report)
                    confirm("Swap them in?", yes, otherwise="nothing was swapped")
                with _progress() as told:
                    rebuild.exchange(told)
                # They follow from contact-days, so they are no part of the exchange and computed after it.
                update_all(Scores(ClickHouse(settings), profile), datetime.now(settings.zone).date())
                refresh_all(settings, profile)
        except (ReplayRefused, ReplayFailed) as error:
            raise fail(str(error)) from None
        finally:
            rebuild.clear(keep=keep)
    if as_json:
        print_json(report.as_json())
    else:
        _print(report)
    raise typer.Exit(1 if dry_run and not report.equal else 0)


@contextmanager
def _progress() -> Iterator[Told]:
    with progress() as display:
        tasks = {step: display.add_task(words, total=None, note="", visible=False) for step, words in _STEPS.items()}
        begun = time.monotonic()

        def told(step: Step, done: int, total: int) -> None:
            left_s = (time.monotonic() - begun) * (total - done) / done if done else 0
            eta = f", about {_duration(left_s)} to go" if step == "build" and done < total else ""
            note = f"{done:,} of {total:,} records{eta}"
            display.update(tasks[step], completed=done, total=total, note=note, visible=True)

        yield told


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _print(report: ReplayReport) -> None:
    """The tables before and after, and where they differ."""
    table = Table(title=f"{report.records:,} records read from {report.source}", title_justify="left")
    table.add_column("Table")
    table.add_column("Rows before", justify="right")
    table.add_column("Rows rebuilt", justify="right")
    table.add_column("Content")
    for one in report.tables:
        table.add_row(one.table, f"{one.before.rows:,}", f"{one.after.rows:,}", "equal" if one.equal else "differs")
    out.print(table)
    for one in report.tables:
        if not one.equal:
            _print_difference(one)
    if report.exchanged:
        out.print("The rebuilt tables are live.")
    if report.kept_in:
        out.print(f"The others are kept in the database {report.kept_in}; the next replay drops them.")


def _print_difference(one: Comparison) -> None:
    for name, parts in (("month", one.months), ("account", one.accounts)):
        if parts:
            shown = [f"{part or '(none)'} {before:,} → {after:,}" for part, (before, after) in list(parts.items())]
            more = f" and {len(shown) - _MOST_SHOWN:,} more" if len(shown) > _MOST_SHOWN else ""
            told = f"{one.table} by {name}, rows: {', '.join(shown[:_MOST_SHOWN])}{more}"
            out.print(escape(printable(told)))
    for what, rows in (("only before", one.gone), ("only rebuilt", one.new)):
        for row in rows:
            told = ", ".join(f"{name}={value}" for name, value in row.items() if value not in ("", 0, None))
            out.print(escape(printable(f"{one.table}, {what}: {told}")), style="dim")

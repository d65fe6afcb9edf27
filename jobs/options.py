"""Options that several commands share."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.settings import Settings
from jobs.console import fail

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
DataDirOption = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Data directory of the embedded services; ./.setten by default.", file_okay=False),
]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file instead of ./setten.toml.")]


def past_day(as_of: datetime | None, settings: Settings) -> date:
    """The business day of --as-of, today without one. A day that has not come, or of before 1990, ends the command."""
    today = datetime.now(settings.zone).date()
    day = as_of.date() if as_of else today
    if day.year < 1990:
        raise fail(f"--as-of {day}: give a year from 1990 on", 2)
    if day > today:
        raise fail(f"--as-of {day}: nobody knows that day yet, give one up to today, {today}", 2)
    return day

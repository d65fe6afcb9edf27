"""How the command line speaks: results on standard output, everything else on standard error, one line an error."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infra.clickhouse import ClickHouseUnavailable, QueryFailed
from infra.kafka import IngestStandsStill, KafkaUnavailable
from infra.settings import SettingsError
from jobs.files import FileUnreadable
from jobs.import_ import ImportFailed
from jobs.migrate import MigrationError

# Not on a terminal there is no width to fit into; 100 columns keep tables readable in a log.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
err = Console(stderr=True, highlight=False, soft_wrap=True)

EXPECTED_ERRORS = (
    SettingsError,
    KafkaUnavailable,
    ClickHouseUnavailable,
    QueryFailed,
    MigrationError,
    ImportFailed,
    IngestStandsStill,
    FileUnreadable,
)


def fail(message: str, code: int = 1) -> typer.Exit:
    """Print one clear error; raise what this returns."""
    err.print(f"setten: {message}", markup=False, style="red")
    return typer.Exit(code)


def confirm(question: str, yes: bool, otherwise: str = "nothing was sent") -> None:
    """Ask before something is done, unless `yes`. Raises typer.Exit when the answer is no or nobody can answer.

    otherwise: what is so after a no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise fail(f"{question} Add --yes: there is nobody to ask", 2)
    if not typer.confirm(question, err=True):
        raise fail(otherwise)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn the errors that a user can do something about into one line and exit code 1; anything else is a bug."""
    try:
        yield
    except EXPECTED_ERRORS as error:
        raise fail(str(error)) from None


def printable(text: str) -> str:
    """Text of others for a terminal: what is not printable, as an escape sequence, is shown as a dot."""
    return "".join(c if c.isprintable() else "·" for c in text)


def print_json(value: Any) -> None:
    """One JSON document on standard output, for machines."""
    json.dump(value, sys.stdout, ensure_ascii=False, default=_plain, indent=2)
    sys.stdout.write("\n")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress display on standard error; nothing where that is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as display:
        yield display

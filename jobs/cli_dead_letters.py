"""`setten dead-letters`: count, list and show what was refused."""

import sys
from typing import Annotated, Literal

import typer

from infra.clickhouse import ClickHouse
from infra.dead_letters import DeadLetters
from infra.settings import Settings, load_settings
from jobs.cli_requeue import repair, requeue
from jobs.console import clear_errors, fail, print_json
from jobs.dead_letter_options import Id, Reasons, Since, Sources, StateOption, letter_of, still_open, which_of
from jobs.dead_letter_tables import letter_json, print_letter, print_letters, print_stats
from jobs.options import AsJson, Config, DataDirOption
from models.dead_letters import remedy

dead_letters_app = typer.Typer(
    no_args_is_help=True,
    help="Events that were refused: why, their bytes, and how to get them in after all.",
)


@dead_letters_app.command("stats")
def stats(
    reason: Reasons = None,
    source: Sources = None,
    since: Since = None,
    state: StateOption = "open",
    by: Annotated[Literal["reason", "source", "day"], typer.Option("--by", help="What to count by.")] = "reason",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Count dead letters by reason, source or day of receipt, with what to do about each reason."""
    with clear_errors():
        settings = load_settings(config, data_dir)
        counts = _letters(settings).counts(which_of(settings, reason, source, since, state))
    if as_json:
        told = [{**one._asdict(), "remedy": remedy(one.reason)} for one in counts]
        print_json({"state": state, "total": sum(one.events for one in counts), "counts": told})
    else:
        print_stats(counts, state, by)


@dead_letters_app.command("list")
def list_letters(
    reason: Reasons = None,
    source: Sources = None,
    since: Since = None,
    state: StateOption = "open",
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many a page.")] = 20,
    offset: Annotated[int, typer.Option("--offset", min=0, help="Leave out so many: those of the pages before.")] = 0,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """List dead letters, the latest received first."""
    with clear_errors():
        settings = load_settings(config, data_dir)
        letters, which = _letters(settings), which_of(settings, reason, source, since, state)
        found = letters.select(which, most=limit, skip=offset)
        total = sum(one.events for one in letters.counts(which))
    if as_json:
        print_json({"total": total, "offset": offset, "dead_letters": [letter_json(one) for one in found]})
    else:
        print_letters(found, total, offset, settings.zone)


@dead_letters_app.command("show")
def show(
    letter_id: Id,
    raw: Annotated[bool, typer.Option("--raw", help="Write the bytes as received, and nothing else.")] = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Show one dead letter: what is wrong with it, what to do, where it came from and its bytes."""
    if raw and as_json:
        raise fail("--raw or --json, not both", 2)
    if raw and sys.stdout.isatty():
        raise fail("--raw writes bytes that a terminal may take for commands: send them to a file or a program", 2)
    with clear_errors():
        settings = load_settings(config, data_dir)
        letters = _letters(settings)
        letter = letter_of(letters, letter_id)
        [(_, content)] = letters.raws([letter])
        is_open = bool(still_open(letters, [letter]))
        successors = letters.successors_of(letter)
    if raw:
        sys.stdout.buffer.write(content)
    elif as_json:
        print_json({**letter_json(letter, content), "open": is_open, "sent_again": successors})
    else:
        print_letter(letter, content, is_open, successors, settings.zone)


def _letters(settings: Settings) -> DeadLetters:
    return DeadLetters(ClickHouse(settings), settings.business_timezone)


dead_letters_app.command("requeue")(requeue)
dead_letters_app.command("repair")(repair)

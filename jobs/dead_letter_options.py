"""Which dead letters a command means: its options and arguments, and the letters they name."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, NamedTuple

import typer

from infra.dead_letters import DeadLetters, State, Which
from infra.settings import Settings
from jobs.console import fail
from models.dead_letters import Letter, by_receipt, parse_id
from models.outcomes import Reason

Id = Annotated[str, typer.Argument(metavar="ID", help="An id as `list` shows it: RECORD:POSITION.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Ids as `list` shows them: RECORD:POSITION.")]
Reasons = Annotated[list[Reason] | None, typer.Option("--reason", help="Only this reason; repeatable.")]
Sources = Annotated[list[str] | None, typer.Option("--source", help="Only this source; repeatable.")]
Since = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help="Only received then or later, in the business time zone.",
    ),
]
StateOption = Annotated[State, typer.Option("--state", help="open, closed (stored since) or all.")]
All = Annotated[bool, typer.Option("--all", help="All that are open.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many, the latest received.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Send without asking.")]


class Chosen(NamedTuple):
    """What a command that acts was given to choose by."""

    ids: list[str] | None
    reasons: list[Reason] | None
    sources: list[str] | None
    since: datetime | None
    everything: bool
    limit: int | None


def which_of(
    settings: Settings,
    reasons: list[Reason] | None,
    sources: list[str] | None,
    since: datetime | None,
    state: State = "open",
) -> Which:
    """The filters as the store takes them."""
    named = tuple(reason.value for reason in reasons or ())
    if since is None:
        return Which(state, named, tuple(sources or ()))
    if not 1971 <= since.year <= 2100:
        raise fail("--since: give a year from 1971 to 2100", 2)
    return Which(state, named, tuple(sources or ()), since.replace(tzinfo=settings.zone))


def letter_of(letters: DeadLetters, text: str) -> Letter:
    """The one dead letter of this id. Raises typer.Exit with a clear error where there is none, or several."""
    try:
        found = letters.find(*parse_id(text))
    except ValueError as error:
        raise fail(str(error), 2) from None
    if not found:
        raise fail(f"no dead letter has the id {text!r}: see `setten dead-letters list --state all`")
    if len(found) > 1:
        some = ", ".join(one.id for one in found[:3])
        raise fail(f"{len(found)} dead letters have an id that starts {text!r}: {some}{' …' if found[3:] else ''}")
    return found[0]


def letters_of(settings: Settings, letters: DeadLetters, chosen: Chosen) -> list[Letter]:
    """The open dead letters that are meant, the first received first. What is closed needs nothing and is left out."""
    filtered = bool(chosen.reasons or chosen.sources or chosen.since)
    if not (chosen.ids or filtered or chosen.everything):
        raise fail("say which: give ids, --reason, --source, --since, or --all", 2)
    if chosen.ids and (filtered or chosen.everything):
        raise fail("give ids or filters, not both", 2)
    if chosen.ids:
        named = list(dict.fromkeys(letter_of(letters, text) for text in chosen.ids))
        return sorted(still_open(letters, named), key=by_receipt)
    which = which_of(settings, chosen.reasons, chosen.sources, chosen.since)
    found = letters.select(which, most=chosen.limit) if chosen.limit else letters.select(which)
    return sorted(found, key=by_receipt)


def still_open(letters: DeadLetters, named: Iterable[Letter]) -> list[Letter]:
    """Those of them that no stored event has replaced."""
    named = list(named)
    now = {one.id for one in letters.open_of(one.record_id for one in named)}
    return [one for one in named if one.id in now]

"""`setten dead-letters requeue` and `repair`: get refused events in after all."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from infra.dead_letters import DeadLetters
from infra.jq import BadProgram, compiled
from infra.settings import load_settings
from jobs.console import clear_errors, confirm, err, fail, out, print_json, progress
from jobs.dead_letter_options import All, Chosen, Ids, Limit, Reasons, Since, Sources, Yes, letters_of
from jobs.dead_letter_tables import print_repair, print_repairs, print_requeue
from jobs.files import FileUnreadable
from jobs.options import AsJson, Config, DataDirOption
from jobs.requeue import Again, RepairReport, RequeueReport, Resend
from models.dead_letters import Letter
from models.repairs import Edit, Repair, json_edit, repair_json


def requeue(
    ids: Ids = None,
    reason: Reasons = None,
    source: Sources = None,
    since: Since = None,
    all_: All = False,
    limit: Limit = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many would be read now; send nothing.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Send dead letters into Kafka again as they were received, as after a mended adapter, and wait for the outcome.

    Their whole bodies are sent, under the headers they came with; what is stored already counts as duplicate.

    Exit code 1 if any of them is still refused.
    """
    with clear_errors():
        settings = load_settings(config, data_dir)
        again = Again(settings)
        named = letters_of(settings, again.letters, Chosen(ids, reason, source, since, all_, limit))
        # What shares a body with them is sent along.
        letters = _in_archive(again.letters, again.letters.open_of(one.record_id for one in named))
        bodies = len({one.record_id for one in letters})
        if dry_run:
            readable = sum(len(resend.successors) for resend in again.as_received(letters))
            told = {"records": bodies, "letters": len(letters), "readable": readable}
            if as_json:
                print_json(told)
            else:
                out.print(f"{readable:,} of {_number(len(letters), 'dead letter')} would be read now")
            return
        if letters:
            confirm(f"Send {_number(bodies, 'body', 'bodies')} with {_number(len(letters), 'dead letter')} again?", yes)
        report = _send(again, again.as_received(letters), len(letters)) if letters else RequeueReport()
    if as_json:
        print_json(report.as_json())
    else:
        print_requeue(report)
    raise typer.Exit(1 if report.dead else 0)


def repair(
    ids: Ids = None,
    program: Annotated[
        str | None, typer.Option("--set", help="jq program over the event: '.time = \"2026-05-01T09:00:00+09:00\"'.")
    ] = None,
    replace: Annotated[
        Path | None, typer.Option("--replace", help="File with the whole event, for one ID.", dir_okay=False)
    ] = None,
    reason: Reasons = None,
    source: Sources = None,
    since: Since = None,
    all_: All = False,
    limit: Limit = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Send what passes; without it changes are only shown.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Edit refused events. Shows the changes as diffs and sends nothing; with --apply, sends what now passes.

    A program that gives nothing leaves an event alone: 'select(.type == "page") | .type = "web.page_viewed"'.

    Exit code 1 if with --apply an event that was edited is still refused.
    """
    with clear_errors():
        edit = _edit(program, replace, ids)
        settings = load_settings(config, data_dir)
        again = Again(settings)
        named = letters_of(settings, again.letters, Chosen(ids, reason, source, since, all_, limit))
        letters = _in_archive(again.letters, named)
        shown: list[dict[str, str]] = []
        show = (lambda one: shown.append(repair_json(one))) if as_json else print_repair
        tried = _try_all(again, letters, edit, None if apply and not as_json else show)
        if not as_json:
            print_repairs(tried)
        sent: RequeueReport | None = None
        if apply and tried.passes:
            confirm(f"Send {_number(tried.passes, 'repaired event')}?", yes)
            sent = _send(again, _passing(again.repaired(letters, edit)), tried.passes)
    if as_json:
        print_json({**tried.as_json(), "repairs": shown, "sent": sent.as_json() if sent else None})
    elif sent:
        print_requeue(sent)
    elif tried.passes:
        err.print("Nothing was sent: add --apply to send what passes.")
    raise typer.Exit(1 if apply and (tried.refused or tried.failed or (sent and sent.dead)) else 0)


def _try_all(again: Again, letters: list[Letter], edit: Edit, show: Callable[[Repair], None] | None) -> RepairReport:
    """Edit them all and send nothing. show: told of each; without it, a bar tells how far it is."""
    tried = RepairReport(letters=len(letters))
    with progress() if show is None else nullcontext() as display:
        task = display.add_task("reading", total=len(letters), note="") if display else None
        for one, _ in again.repaired(letters, edit):
            tried.count(one)
            if show is not None:
                show(one)
            elif display and task is not None:
                display.advance(task)
    return tried


def _edit(program: str | None, replace: Path | None, ids: list[str] | None) -> Edit:
    if (program is None) == (replace is None):
        raise fail("give --set PROGRAM or --replace FILE", 2)
    if program is not None:
        try:
            return json_edit(compiled(program))
        except BadProgram as error:
            raise fail(f"--set: {error}", 2) from None
    assert replace is not None
    if not ids or len(ids) > 1:
        raise fail("--replace takes the place of one event: give one ID", 2)
    try:
        content = replace.read_bytes()
    except OSError as error:
        raise FileUnreadable(replace, (error.strerror or str(error)).lower()) from error
    return lambda letter, raw: content


def _in_archive(letters: DeadLetters, named: list[Letter]) -> list[Letter]:
    archived = letters.archived(one.record_id for one in named)
    found = [one for one in named if one.record_id in archived]
    if len(found) < len(named):
        left_out = _number(len(named) - len(found), "dead letter")
        err.print(f"{left_out} left out: the archive does not have the body")
    return found


def _number(count: int, singular: str, plural: str = "") -> str:
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def _passing(repairs: Iterable[tuple[Repair, Resend | None]]) -> Iterator[Resend]:
    return (resend for _, resend in repairs if resend is not None)


def _send(again: Again, resends: Iterable[Resend], total: int) -> RequeueReport:
    with progress() as display:
        task = display.add_task("sending", total=total, note="")
        drain = display.add_task("waiting for ingest", total=None, note="", visible=False)
        return again.send(
            resends,
            sent=lambda letters: display.update(task, completed=letters, note=f"{letters:,} dead letters"),
            waiting=lambda records: display.update(drain, visible=records > 0, note=f"{records:,} records to go"),
        )

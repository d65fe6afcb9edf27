"""`setten review`: company names that stand for no account, decided by a person."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.table import Table

from infra.settings import load_settings
from jobs.console import clear_errors, err, fail, out, print_json
from jobs.options import AsJson, Config, DataDirOption
from jobs.review import Decision, Entry, NoSuchAccount, Queue, decide, decided, queue
from models.facts import OrganizationMatched
from models.identity.company_likeness import Reason

review_app = typer.Typer(
    no_args_is_help=True,
    help="Company names in the signals that stand for no account so far: look at them, accept or reject.",
)
_WHY: Mapping[Reason, str] = {
    "several_accounts": "several accounts have this name",
    "same_letters": "the same letters",
    "same_words": "the same words in another order",
    "country_or_group": "the same but for a country or a group",
    "more_words": "one goes on where the other ends",
    "one_of_several": "one of several names in it",
    "initials": "initials",
    "reading": "reads the same",
    "spelling": "a slip of the pen away",
}
_MOST_SPELLINGS, _MOST_CANDIDATES = 4, 3

Name = Annotated[str, typer.Argument(metavar="NAME", help="The company name, as `setten review list` shows it.")]


@review_app.command("list")
def list_names(
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many at most.")] = 20,
    likely: Annotated[bool, typer.Option("--likely", help="Only those that may be an account.")] = False,
    old: Annotated[bool, typer.Option("--decided", help="What was decided so far, the latest first.")] = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Company names that stand for no account, those in most touches first, with the accounts they may stand for.

    What is for certain the same is one line: with or without legal form, in any width, kana or case.
    """
    with clear_errors():
        settings = load_settings(config, data_dir)
        if old:
            told = decided(settings)[:limit]
            _print_decided(told) if not as_json else print_json([one.model_dump(mode="json") for one in told])
            return
        found = queue(settings, limit, only_likely=likely)
    print_json(found.as_json()) if as_json else _print_queue(found, likely)


@review_app.command("accept")
def accept(
    name: Name,
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT_ID", help="The account that it stands for.")],
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """State that a company name stands for an account. Touches that carry it, past ones too, then count for it."""
    _decide(name, account_id, as_json, data_dir, config)


@review_app.command("reject")
def reject(
    name: Name,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """State that a company name stands for none of our accounts, so that it is not listed any more."""
    _decide(name, None, as_json, data_dir, config)


def _decide(name: str, account_id: str | None, as_json: bool, data_dir: Path | None, config: Path | None) -> None:
    with clear_errors():
        try:
            done = decide(load_settings(config, data_dir), name, account_id)
        except NoSuchAccount as error:
            raise fail(str(error), 2) from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            given = {"organization": ("NAME", name), "account_id": ("ACCOUNT_ID", account_id)}
            what, value = given[str(first["loc"][0])]
            raise fail(f"{what} {value!r}: {first['msg']}", 2) from None
    if as_json:
        print_json(done)
        return
    _print_decision(done)


def _print_decision(done: Decision) -> None:
    whose = f"stands for {done.account_id}" if done.account_id else "stands for none of our accounts"
    part = f", which is part of {done.counts_for}" if done.counts_for != done.account_id else ""
    before = ", as was decided before" if done.news == "unchanged" else ""
    out.print(f"{done.organization} {whose}{part}{before}", markup=False)
    if not done.spellings:
        err.print("No signal names it so far; it holds once one does.", style="dim")
    elif others := [one for one in done.spellings if one != done.organization]:
        err.print(f"So do, unless decided otherwise: {', '.join(others)}", style="dim", markup=False)


def _print_queue(found: Queue, likely: bool) -> None:
    if not found.entries:
        out.print("No name waits." if not likely else "No name waits that may be an account.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("name", overflow="fold", min_width=16)
    table.add_column("touches", justify="right")
    table.add_column("contacts", justify="right")
    table.add_column("last", no_wrap=True)
    table.add_column("perhaps", overflow="fold", min_width=24)
    for entry in found.entries:
        table.add_row(
            _names(entry),
            f"{entry.touches:,}",
            f"{entry.contacts:,}",
            str(entry.last_day),
            "\n".join(
                f"{escape(one.account_id)} [dim]{escape(one.name)}: {_WHY[one.reason]}[/]"
                for one in entry.candidates[:_MOST_CANDIDATES]
            ),
        )
    out.print(table)
    out.print(
        f"{found.organizations:,} names wait, in {found.touches:,} touches. "
        "`setten review accept NAME ACCOUNT_ID` or `setten review reject NAME`."
    )


def _names(entry: Entry) -> str:
    others = [_shown(one) for one in entry.spellings[1:_MOST_SPELLINGS]]
    more = len(entry.spellings) - 1 - len(others)
    also = ", ".join([*others, *([f"{more} more"] if more > 0 else [])])
    return _shown(entry.organization) + (f"\n[dim]{also}[/]" if also else "")


def _shown(text: str) -> str:
    return escape("".join(char if char.isprintable() else "·" for char in text)[:60])


def _print_decided(told: Sequence[OrganizationMatched]) -> None:
    if not told:
        out.print("Nothing was decided so far.")
        return
    table = Table("name", "account", "decided", box=None, padding=(0, 2, 0, 0))
    for one in told:
        table.add_row(_shown(one.organization), one.account_id or "[dim]none of ours[/]", f"{one.recorded_at:%Y-%m-%d}")
    out.print(table)

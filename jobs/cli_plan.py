"""`setten plan`: account plans as files: start one, check it, import it, show it as of any day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.clickhouse import ClickHouse
from infra.plans import PlannedAccount, Plans
from infra.settings import Settings, load_settings
from jobs.console import clear_errors, confirm, err, fail, out, print_json, printable
from jobs.options import AsJson, Config, DataDirOption
from jobs.plan import Files, Imported, PlanNotWanted, Sent, compare, read_files, same_changes, send
from jobs.plan_output import (
    changes_table,
    history_table,
    plan_view,
    print_history_csv,
    problem_json,
    step_json,
)
from jobs.plan_template import template
from models.days import day_ends_at
from models.plan.document import PLACES, as_document
from models.plan.fold import fold_plan, history
from models.plan.references import without_dangling
from models.plan.schema import plan_schema
from models.plan.words import Language
from models.plan.yaml_text import write_yaml

plan_app = typer.Typer(
    no_args_is_help=True,
    help="Account plans (アカウントプラン) as YAML files: start one, check it, import it, show it as of any day.",
)

FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Plan files, one for each account.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account_id.")]
Lang = Annotated[str, typer.Option(help="en or ja.")]
_CANDIDATES = 20


@plan_app.command("init")
def init(
    account: Account,
    lang: Lang = "en",
    to: Annotated[
        str, typer.Option("--to", metavar="FILE", help="Where to write it; ACCOUNT.plan.yaml by default, - prints it.")
    ] = "",
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Write a plan file to start from, with comments, and with the account's executives and managers that are known."""
    spoken = _language(lang)
    path = Path(to or f"{account}.plan.yaml")
    if to != "-" and path.exists():
        raise fail(f"{path} is there already: name another file with --to", 2)
    with clear_errors():
        settings = load_settings(config, data_dir)
        clickhouse = ClickHouse(settings)
        plans = Plans(clickhouse)
        known = _known(plans, account, _today(settings))
        if fold_plan(plans.statements(account)):
            raise fail(f"{account} has a plan: `setten plan show {account} --yaml` writes it as a file", 1)
        text = template(account, known, plans.candidates(account, _CANDIDATES), spoken)
        clickhouse.close()
    if to == "-":
        typer.echo(text, nl=False)
        return
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise fail(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None
    err.print(f"wrote {path}; then: setten plan validate {path}", markup=False)


@plan_app.command("validate")
def validate(
    files: FilesArgument, as_json: AsJson = False, data_dir: DataDirOption = None, config: Config = None
) -> None:
    """Check plan files; needs no store. Each error has line, column, field, value and remedy.

    Exit code 1: there are errors. Warnings change nothing: give all plans at once to see who owns too many accounts.
    """
    with clear_errors():
        settings = load_settings(config, data_dir)
        read = read_files(files, settings.strategic_accounts_per_owner, _today(settings))
    if as_json:
        print_json(problem_json(read.found))
    else:
        for found in read.found:
            out.print(printable(found.problem.line(str(found.file))), markup=False, soft_wrap=True)
        err.print(_summary(read), style="dim")
    raise typer.Exit(1 if read.errors else 0)


@plan_app.command("import")
def import_plans(
    files: FilesArgument,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; state nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, even where most of a plan is dropped.")] = False,
    lang: Lang = "en",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """State what plan files change. A file is the whole plan: what is not in it any more is dropped.

    Nothing is overwritten: every change is a fact with its time. Importing the same file again states nothing.
    """
    spoken = _language(lang)
    with clear_errors(), _wanted():
        settings = load_settings(config, data_dir)
        clickhouse = ClickHouse(settings)
        read = read_files(files, settings.strategic_accounts_per_owner, _today(settings), Plans(clickhouse).selections)
        for found in read.found:
            err.print(printable(found.problem.line(str(found.file))), markup=False)
        if read.errors:
            raise fail(f"{_summary(read)}; nothing was imported")
        imports = compare(clickhouse, read, datetime.now(UTC), settings.zone)
        if not as_json:
            out.print(changes_table(imports, spoken))
        sent = Sent(0, [])
        if not dry_run:
            _ask(imports, yes)
            # Somebody may have taken a while to answer.
            seen, imports = imports, compare(clickhouse, read, datetime.now(UTC), settings.zone)
            if not same_changes(seen, imports):
                raise fail("the plan changed meanwhile: look at the dry run again; nothing was imported")
            sent = send(settings, read, imports)
        clickhouse.close()
    if as_json:
        print_json([_import_json(one, dry_run) for one in imports])
    else:
        _tell(imports, dry_run)
    if sent.missing:
        raise fail(f"{sent.missing} of the facts are not stored though ingest has passed them: please report it")
    if sent.otherwise:
        told = "somebody else stated something at the same time; look at `setten plan history`, and import again"
        raise fail(f"what stands of {', '.join(sent.otherwise)} is not what the file says: {told}")


@plan_app.command("show")
def show(
    account: Account,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="As it stood at the end of this day; today by default."),
    ] = None,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print a file that imports to the same plan.")] = False,
    lang: Lang = "en",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Show an account's plan as it stood at the end of a business day."""
    spoken = _language(lang)
    if as_yaml and as_json:
        raise fail("--json and --yaml: use one of them", 2)
    with clear_errors():
        settings = load_settings(config, data_dir)
        day = _day(as_of, settings)
        clickhouse = ClickHouse(settings)
        plans = Plans(clickhouse)
        known = _known(plans, account, day)
        items = fold_plan(plans.statements(account, day_ends_at(day, settings.zone)))
        clickhouse.close()
    told = as_document(account, items) if items else None
    if as_json:
        print_json({"account": account, "name": known.name, "as_of": day, "plan": told})
        return
    if told is None:
        raise fail(f"no plan of {account} stood on {day}: `setten plan history {account}` tells when one was stated")
    if as_yaml:
        typer.echo(write_yaml(told), nl=False)
        if without_dangling(items) != items:
            err.print("references to what does not stand in the plan any more are left out", style="dim")
    else:
        out.print(plan_view(account, known.name, items, day, spoken))


@plan_app.command("history")
def show_history(
    account: Account,
    part: Annotated[
        list[str] | None, typer.Option("--part", help=f"Only this part; repeatable: {', '.join(PLACES)}.")
    ] = None,
    lang: Lang = "en",
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")] = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """What was stated, changed and dropped in an account's plan, and when."""
    spoken = _language(lang)
    if as_csv and as_json:
        raise fail("--json and --csv: use one of them", 2)
    if wrong := [one for one in part or [] if one not in PLACES]:
        raise fail(f"--part {wrong[0]!r}: use one of {', '.join(PLACES)}", 2)
    with clear_errors():
        settings = load_settings(config, data_dir)
        clickhouse = ClickHouse(settings)
        plans = Plans(clickhouse)
        _known(plans, account, _today(settings))
        steps = [step for step in history(plans.statements(account)) if not part or step.about[0] in part]
        clickhouse.close()
    if as_json:
        print_json([step_json(step) for step in steps])
    elif as_csv:
        print_history_csv(steps)
    else:
        out.print(history_table(steps, settings.zone, spoken))
    if not steps:
        err.print(f"nothing was stated of it; `setten plan init {account}` starts a plan", style="dim", markup=False)


@plan_app.command("schema")
def schema() -> None:
    """Print the JSON Schema of plan files, for editors; also in docs/plan.schema.json."""
    print_json(plan_schema())


def _language(lang: str) -> Language:
    if lang not in ("en", "ja"):
        raise fail(f"--lang {lang!r}: use en or ja", 2)
    return "ja" if lang == "ja" else "en"


def _day(as_of: datetime | None, settings: Settings) -> date:
    day = as_of.date() if as_of else _today(settings)
    if not 1990 <= day.year <= 2100:
        raise fail(f"--as-of {day}: give a year from 1990 to 2100", 2)
    return day


def _today(settings: Settings) -> date:
    return datetime.now(settings.zone).date()


@contextmanager
def _wanted() -> Iterator[None]:
    try:
        yield
    except PlanNotWanted as error:
        raise fail(str(error), 2) from None


def _known(plans: Plans, account: str, day: date) -> PlannedAccount:
    found = plans.account(account, day)
    if found is None:
        raise fail(f"ACCOUNT {account!r} is no account: use an account_id, as `setten import` was given it", 2)
    return found


def _ask(imports: list[Imported], yes: bool) -> None:
    for one in imports:
        if one.drops_much:
            dropped = sum(step.after is None for step in one.steps)
            question = f"{one.file} drops {dropped} of the {len(one.standing)} items of {one.account_id}. Import it?"
            confirm(question, yes, "nothing was imported")


def _tell(imports: list[Imported], dry_run: bool) -> None:
    count = sum(len(one.steps) for one in imports)
    if dry_run:
        err.print(f"{count} changes; nothing was stated (--dry-run)", style="dim")
    else:
        err.print(f"{count} changes stated", style="dim")


def _import_json(one: Imported, dry_run: bool) -> dict[str, object]:
    told = {"account": one.account_id, "file": str(one.file), "dry_run": dry_run, "forgotten": one.forgotten}
    return {**told, "changes": [step_json(step) for step in one.steps]}


def _summary(read: Files) -> str:
    warnings = len(read.found) - read.errors
    counts = ((len(read.texts), "file"), (read.errors, "error"), (warnings, "warning"))
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts)

"""`setten coverage`: whom we know at an account, are in touch with, want and lack; or a line of each account."""

from datetime import date, datetime
from typing import Annotated, Literal

import typer

from infra.clickhouse import ClickHouse
from infra.coverage import Coverage, NoSuchAccount
from infra.settings import load_settings
from jobs.console import clear_errors, err, fail, out, print_json
from jobs.coverage_output import (
    account_json,
    accounts_table,
    lines_json,
    management_table,
    matrix_rows,
    matrix_table,
    people_rows,
    people_table,
    print_csv,
    quarter_rows,
    summary_lines,
)
from jobs.options import AsJson, Config, DataDirOption, past_day

Language = Literal["en", "ja"]
_LINE = ("account_id", "name", "tier", "known", "engaged", "management", "wanted", "missing", "share_of_strongest")
_MATRIX = ("account_id", "function", "seniority", "known", "engaged", "wanted", "missing")
_PEOPLE = (
    *("account_id", "contact_key", "name", "title", "department", "function", "seniority", "status", "last_engaged"),
    *("last_two_way", "engaged_days", "channels", "stakeholder", "relationship", "decision_role", "approval_step"),
    "owner",
)
_QUARTERS = (
    *("account_id", "quarter", "first", "last", "complete", "executives", "managers", "management", "staff"),
    *("unknown", "revenue", "currency"),
)


def coverage(
    account: Annotated[
        str, typer.Argument(metavar="[ACCOUNT]", help="An account_id; without one a line of each account is printed.")
    ] = "",
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            formats=["%Y-%m-%d"],
            help="Last day that counts; of a plan what was recorded by its end. By default today.",
        ),
    ] = None,
    with_people: Annotated[bool, typer.Option("--people", help="A line a person, with what the plan says.")] = False,
    with_management: Annotated[
        bool, typer.Option("--management", help="Executives and managers engaged by fiscal quarter, beside revenue.")
    ] = False,
    years: Annotated[int, typer.Option("--years", min=1, max=30, help="Years of --management.")] = 3,
    lang: Annotated[str, typer.Option(help="en or ja.")] = "en",
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")] = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Whom we know at an account, are in touch with, want by its plan and lack (接点カバレッジ, 要接点).

    By function and seniority; what each number means is in docs/coverage.md. Exit code 2: asked wrongly.
    """
    if lang not in ("en", "ja"):
        raise fail(f"--lang {lang!r}: use en or ja", 2)
    if as_json and as_csv:
        raise fail("--json and --csv: use one of them", 2)
    if as_csv and with_people and with_management:
        raise fail("--people and --management are two tables: use one of them with --csv", 2)
    if not account and (with_people or with_management):
        raise fail("--people and --management are of one account: name it, `setten coverage ACCOUNT …`", 2)
    spoken: Language = "ja" if lang == "ja" else "en"
    with clear_errors():
        settings = load_settings(config, data_dir)
        day = past_day(as_of, settings)
        asked = Coverage(ClickHouse(settings), settings.zone, settings.fiscal_year_start_month)
        if not account:
            _print_lines(asked, day, spoken, as_json=as_json, as_csv=as_csv)
            return
        try:
            found = asked.account(account, day)
            told = asked.management(account, day, years) if with_management else None
        except NoSuchAccount as error:
            raise fail(str(error), 2) from None
    if as_json:
        print_json(account_json(found, told, with_people=with_people))
    elif as_csv and told is not None:
        print_csv(_QUARTERS, quarter_rows(found, told))
    elif as_csv and with_people:
        print_csv(_PEOPLE, people_rows(found))
    elif as_csv:
        print_csv(_MATRIX, matrix_rows(found))
    else:
        if with_people:
            out.print(people_table(found, spoken))
        if told is not None:
            out.print(management_table(found, told, spoken))
        if not with_people and told is None:
            out.print(matrix_table(found, spoken))
        for line in summary_lines(found, spoken):
            out.print(line)
    if found.counts.engaged is None:
        err.print(f"the store knows of no touches as early as {day}: who was engaged is not known", style="dim")
    elif found.counts.wanted is None:
        err.print(f"no plan of {account} recorded by {day} wants contacts: what is missing is not known", style="dim")


def _print_lines(asked: Coverage, day: date, lang: Language, *, as_json: bool, as_csv: bool) -> None:
    lines = asked.by_account(day)
    if as_json:
        print_json(lines_json(lines))
    elif as_csv:
        print_csv(_LINE, lines_json(lines))
    elif lines:
        out.print(accounts_table(lines, day, lang))
    else:
        err.print("no account is declared yet: `setten import … --accounts FILE`", style="dim")

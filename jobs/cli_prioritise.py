"""`setten prioritise`: which accounts come first, and why."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from infra.clickhouse import ClickHouse
from infra.priority import rank_accounts
from infra.priority_model import default_model, load_model
from infra.priority_record import record_ranking
from infra.settings import load_settings
from jobs.console import clear_errors, err, fail, out, print_json
from jobs.options import AsJson, Config, DataDirOption, past_day
from jobs.priority_output import as_json_ranking, print_csv, ranking_table
from jobs.priority_why import why_json, why_lines
from models.priority.model import FACTORS
from models.priority.ranking import Priority, Ranking


def _print_model(asked: bool) -> None:
    if asked:
        sys.stdout.write(default_model())
        raise typer.Exit


def prioritise(
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            formats=["%Y-%m-%d"],
            help="What CRM and plans had recorded by the end of this day; accounts as of now. By default today.",
        ),
    ] = None,
    tier: Annotated[list[str] | None, typer.Option("--tier", help="Only accounts of this tier; repeatable.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first so many of the ranked.")] = None,
    why: Annotated[
        str | None, typer.Option("--why", metavar="ACCOUNT", help="What the factors of this account come from.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Store the ranking of the day too, for BI tools and to look back.")
    ] = False,
    print_model: Annotated[
        bool,
        typer.Option(
            "--print-model", help="Print the model, to start one's own.", callback=_print_model, is_eager=True
        ),
    ] = False,
    lang: Annotated[Literal["en", "ja"], typer.Option(help="en or ja.")] = "en",
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")] = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Rank accounts by fit, expected revenue, purchase history and relationship with those who decide, each 0 to 10.

    A factor that nobody knows is left out and is not 0; accounts of which too little is known are listed apart. The
    model is a file, see docs/priority.md. The worker records the ranking once a day. Exit code 2: asked wrongly.
    """
    if as_json and as_csv:
        raise fail("--json and --csv: use one of them", 2)
    if why is not None and (as_csv or tier or limit or record):
        raise fail("--why takes one account: leave --tier, --limit, --record and --csv out", 2)
    with clear_errors():
        settings = load_settings(config, data_dir)
        model = load_model(settings)
        day = past_day(as_of, settings)
        clickhouse = ClickHouse(settings)
        if record:
            ranking, is_news = record_ranking(clickhouse, settings, model, day, datetime.now(UTC))
        else:
            ranking = rank_accounts(clickhouse, settings, model, day)
    if why is not None:
        found = _found(ranking, why)
        if as_json:
            print_json(why_json(found, ranking))
        else:
            for line in why_lines(found, ranking, lang):
                out.print(line, markup=False, soft_wrap=True)
        return
    shown = _of_tiers(ranking, tier or [])
    shown = replace(shown, ranked=shown.ranked[:limit])
    if as_json:
        print_json(as_json_ranking(shown))
    elif as_csv:
        print_csv(shown)
    else:
        for table in ranking_table(shown, lang):
            out.print(table)
    if record:
        stored = "is recorded" if is_news else "was recorded already, and no more is known"
        err.print(f"the ranking as of {day} by {model.version} {stored}", style="dim", markup=False)
    if not any(one.score(key) is not None for one in (*shown.ranked, *shown.unranked) for key in FACTORS):
        err.print(f"nothing is known of any account as of {day}: what was recorded later does not count", style="dim")


def _found(ranking: Ranking, account_id: str) -> Priority:
    everyone = {one.account.account_id: one for one in (*ranking.ranked, *ranking.unranked)}
    if account_id not in everyone:
        kinds = ", ".join(ranking.model.kinds)
        raise fail(f"--why {account_id!r} is no account of kind {kinds}: use an account_id, as in the list", 2)
    return everyone[account_id]


def _of_tiers(ranking: Ranking, tiers: list[str]) -> Ranking:
    """The accounts of some tiers, with their ranks among all."""
    there = {one.account.tier for one in (*ranking.ranked, *ranking.unranked)}
    if unknown := [one for one in tiers if one not in there]:
        raise fail(f"--tier {unknown[0]!r}: no account has it; there are {', '.join(sorted(there)) or 'none'}", 2)
    if not tiers:
        return ranking
    return replace(
        ranking,
        ranked=tuple(one for one in ranking.ranked if one.account.tier in tiers),
        unranked=tuple(one for one in ranking.unranked if one.account.tier in tiers),
    )

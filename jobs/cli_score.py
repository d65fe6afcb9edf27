"""`setten score`: engagement scores and stages of accounts, why they are so, and the profile behind them."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from infra.clickhouse import ClickHouse
from infra.kpis import phases as phases_of
from infra.score_profile import default_text, load_profile
from infra.scores import Scores
from infra.settings import Settings, load_settings
from jobs.console import clear_errors, fail, out, print_json
from jobs.options import AsJson, Config, DataDirOption, past_day
from jobs.score_output import (
    Why,
    phases_table,
    print_phases_csv,
    print_scores_csv,
    print_why_csv,
    profile_lines,
    scores_json,
    scores_table,
    why_json,
    why_table,
)
from jobs.stages import update_all
from models.score.ledger import contributions, engaged, score


class _ShowByDefault(TyperGroup):
    """`setten score ACCOUNT` is `setten score show ACCOUNT`."""

    default_command = "show"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = [self.default_command, *args]
        return super().parse_args(ctx, args)


score_app = typer.Typer(
    cls=_ShowByDefault,
    help="Engagement scores and stages of accounts; without a command `show`: the ranked list, or one ACCOUNT.",
)
Lang = Annotated[Literal["en", "ja"], typer.Option(help="en or ja.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")]
AsOf = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Last day that counts; today by default.")
]
MaybeAccount = Annotated[str, typer.Argument(metavar="[ACCOUNT]", help="Only this account_id.", show_default=False)]


@score_app.command()
def show(
    account: MaybeAccount = "",
    as_of: AsOf = None,
    lang: Lang = "en",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Accounts by their engagement score, with stage, change against 28 days before, and people who engaged lately.

    The formula is in docs/score.md. Exit code 2: asked wrongly.
    """
    _one_form(as_json, as_csv)
    with clear_errors():
        settings, clickhouse, day = _asked(data_dir, config, as_of)
        scores = Scores(clickhouse, load_profile(settings))
        _known(clickhouse, account, day)
        ranked = scores.ranked(day, [account] if account else [])
    if as_json:
        print_json(scores_json(ranked, scores.profile, day))
    elif as_csv:
        print_scores_csv(ranked, scores.profile, day)
    else:
        out.print(scores_table(ranked, scores.profile, day, lang))


@score_app.command()
def why(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its account_id.")],
    as_of: AsOf = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many lines at most; the rest is summed up.")] = 20,
    lang: Lang = "en",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """The ledger behind a score: what each contact contributed by each action, the largest first.

    The lines add up to the score. --json and --csv have all of them.
    """
    _one_form(as_json, as_csv)
    with clear_errors():
        settings, clickhouse, day = _asked(data_dir, config, as_of)
        scores = Scores(clickhouse, load_profile(settings))
        _known(clickhouse, account, day)
        rows, names = scores.ledger(account, day)
        since = scores.touched_since()
    known = since is not None and day >= since
    told = Why(
        account,
        day,
        scores.profile,
        score(scores.profile, rows, day) if known else None,
        engaged(scores.profile, rows, day) if known else None,
        contributions(scores.profile, rows, day),
        names,
    )
    if as_json:
        print_json(why_json(told))
    elif as_csv:
        print_why_csv(told)
    else:
        out.print(why_table(told, limit, lang))


@score_app.command()
def phases(
    account: MaybeAccount = "",
    as_of: AsOf = None,
    lang: Lang = "en",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """When accounts entered the phases of the funnel: Prospect, MQL, SQL, Win, Live, MRR, Profit.

    A phase that was not entered, or of which nobody knows, is empty. Counts by period: `setten kpi funnel`.
    """
    _one_form(as_json, as_csv)
    with clear_errors():
        settings, clickhouse, day = _asked(data_dir, config, as_of)
        _known(clickhouse, account, day)
        version = load_profile(settings).version
        found = phases_of(clickhouse, settings.zone, day, version, [account] if account else [])
    if as_json:
        print_json(found)
    elif as_csv:
        print_phases_csv(found)
    else:
        out.print(phases_table(found, day, lang))


@score_app.command()
def update(as_json: AsJson = False, data_dir: DataDirOption = None, config: Config = None) -> None:
    """Compute the stages of all accounts over all of history, and store where they change.

    The worker keeps the last 30 days up to date by itself. Run this after an import of history, and after a change of
    the profile. Running it again changes nothing; killed, it is simply run again.
    """
    with clear_errors():
        settings, clickhouse, day = _asked(data_dir, config, None)
        scores = Scores(clickhouse, load_profile(settings))
        total = update_all(scores, day)
    if as_json:
        print_json({"profile": scores.profile.version, "as_of": day, **total})
        return
    out.print(
        f"{total['accounts']:,} accounts by {scores.profile.version} as of {day}: {total['written']:,} transitions "
        f"written, {total['removed']:,} taken back",
        markup=False,
    )


@score_app.command()
def profile(
    print_default: Annotated[
        bool, typer.Option("--print-default", help="Print the shipped file, to make an own one of.")
    ] = False,
    lang: Lang = "en",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """The score profile that holds, and its version. An own file: the setting score_profile (SETTEN_SCORE_PROFILE)."""
    if print_default:
        print(default_text(), end="")
        return
    with clear_errors():
        settings = load_settings(config, data_dir)
        found = load_profile(settings)
    if as_json:
        print_json({"version": found.version, "file": _shown_file(settings), **found.model_dump()})
        return
    for line in profile_lines(found, _shown_file(settings), lang):
        out.print(line)


def _shown_file(settings: Settings) -> str | None:
    return str(settings.score_profile) if settings.score_profile else None


def _one_form(as_json: bool, as_csv: bool) -> None:
    if as_json and as_csv:
        raise fail("--json and --csv: use one of them", 2)


def _asked(data_dir: Path | None, config: Path | None, as_of: datetime | None) -> tuple[Settings, ClickHouse, date]:
    settings = load_settings(config, data_dir)
    day = past_day(as_of, settings)
    return settings, ClickHouse(settings), day


def _known(clickhouse: ClickHouse, account: str, day: date) -> None:
    if account and not clickhouse.rows("accounts", {"accounts": [account], "as_of": day}):
        raise fail(
            f"{account!r} is no account: use an account_id as `setten score` lists it, or a command of "
            "`setten score --help`",
            2,
        )

"""`setten kpi`: the list of KPIs, and one KPI by period with the period before."""

from datetime import date, datetime
from typing import Annotated, Literal

import typer

from infra.clickhouse import ClickHouse
from infra.kpis import Question, ask_kpi
from infra.score_profile import load_profile
from infra.settings import Settings, load_settings
from jobs.console import clear_errors, err, fail, out, print_json
from jobs.kpi_output import as_json_rows, kpi_list, kpi_table, print_csv
from jobs.options import AsJson, Config, DataDirOption
from models.kpis import KPIS, Kpi
from models.periods import KINDS, Period, PeriodKind, called, latest, periods, stretch

_LATEST = 4  # periods, where no days are asked for
_MOST = 400  # periods: a year of days would be a mistake, 33 years of months are not


def kpi(
    name: Annotated[str, typer.Argument(help="Name of the KPI, or `list` for all of them.")],
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by", help="Split by account, group, channel, segment, campaign, product, seniority; repeatable."
        ),
    ] = None,
    account: Annotated[list[str] | None, typer.Option("--account", "-a", help="Only this account; repeatable.")] = None,
    period: Annotated[
        str,
        typer.Option(
            "--period", help="month, quarter or year (fiscal), or one by its name: 2026-04, 'FY2026 Q1', FY2026."
        ),
    ] = "",
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; all periods from its own on.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; by default that of --as-of.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            formats=["%Y-%m-%d"],
            help="What a CRM had recorded by the end of this day; accounts as of now. By default today.",
        ),
    ] = None,
    lang: Annotated[str, typer.Option(help="en or ja.")] = "en",
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")] = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Ask a KPI by period, each with the period before: engagement, win rate, revenue, NPS, the funnel and others.

    `setten kpi list` names them all; what each means is in docs/metrics.md. Exit code 2: asked wrongly.
    """
    if lang not in ("en", "ja"):
        raise fail(f"--lang {lang!r}: use en or ja", 2)
    spoken: Literal["en", "ja"] = "ja" if lang == "ja" else "en"
    if as_json and as_csv:
        raise fail("--json and --csv: use one of them", 2)
    if name == "list":
        if as_json:
            print_json([{"name": k.name, "en": k.en, "ja": k.ja, "by": k.by} for k in KPIS.values()])
        else:
            out.print(kpi_list(spoken))
        return
    if name not in KPIS:
        raise fail(f"{name!r} is no KPI: use one of {', '.join(KPIS)}; see `setten kpi list`", 2)
    chosen = KPIS[name]
    split = _split(chosen, by or [])
    with clear_errors():
        settings = load_settings(config, data_dir)
        day = as_of.date() if as_of else datetime.now(settings.zone).date()
        asked = _periods(settings, period, since and since.date(), until and until.date(), day)
        clickhouse = ClickHouse(settings)
        _known_accounts(clickhouse, account or [])
        profile = load_profile(settings).version
        question = Question(chosen, asked, day, split, tuple(account or ()), settings.reply_sla_hours, profile)
        rows = ask_kpi(clickhouse, settings.zone, question)
    if as_json:
        print_json(as_json_rows(chosen, split, rows))
    elif as_csv:
        print_csv(chosen, split, rows)
    else:
        out.print(kpi_table(chosen, split, rows, spoken, day))
    if all(value is None for row in rows for value in row.values.values()):
        hint = f"nothing is known of {name} in these periods as of {day}"
        err.print(f"{hint}: statements recorded later do not count; try a later --as-of, or other days", style="dim")


def _split(chosen: Kpi, by: list[str]) -> tuple[str, ...]:
    wrong = [one for one in by if one not in chosen.by]
    if wrong:
        raise fail(f"--by {wrong[0]!r}: {chosen.name} can be split by {', '.join(chosen.by)}", 2)
    return tuple(dict.fromkeys(by))


def _periods(settings: Settings, kind: str, first: date | None, last: date | None, day: date) -> list[Period]:
    if kind and kind not in KINDS:
        return _called(settings, kind, first or last, day)
    told: list[tuple[str, date | None]] = [("--from", first), ("--to", last), ("--as-of", day)]
    for option, one in told:
        if one is not None and not 1990 <= one.year <= 2100:
            raise fail(f"{option} {one}: give a year from 1990 to 2100", 2)
    if last is not None and first is None:
        raise fail("--to needs --from: give the first day too", 2)
    ends = min(last or day, day)
    if first is not None and first > ends:
        raise fail(f"--from {first} is later than {ends}, the last day that counts: give an earlier one", 2)
    chosen: PeriodKind = next((one for one in KINDS if one == kind), "quarter")
    start_month = settings.fiscal_year_start_month
    if first is None:
        return latest(chosen, day, _LATEST, start_month)
    if not kind:
        return [stretch(first, last or day, day)]
    found = periods(chosen, first, ends, day, start_month)
    if len(found) > _MOST:
        raise fail(f"--from {first} --to {ends} has {len(found)} periods, more than {_MOST}: use a longer --period", 2)
    return found


def _called(settings: Settings, label: str, days: date | None, as_of: date) -> list[Period]:
    try:
        found = called(label, as_of, settings.fiscal_year_start_month)
    except ValueError as error:
        raise fail(f"--period {label!r}: use {', '.join(KINDS)}, or a name: {error}", 2) from None
    if days is not None:
        raise fail(f"--period {label!r} says which days: leave out --from and --to", 2)
    if not found:
        raise fail(f"--period {label!r} begins after {as_of}: give an earlier one", 2)
    return found


def _known_accounts(clickhouse: ClickHouse, accounts: list[str]) -> None:
    if not accounts:
        return
    # One that was merged from some day on has numbers of the days before.
    chosen = {"accounts": accounts, "as_of": date(1970, 1, 1)}
    known = {row["account_id"] for row in clickhouse.rows("accounts", chosen)}
    if unknown := [one for one in accounts if one not in known]:
        raise fail(f"--account {unknown[0]!r} is no account: use an account_id, as `setten import` was given it", 2)

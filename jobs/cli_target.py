"""`setten target`: what a KPI is to come to."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.table import Table

from infra.clickhouse import ClickHouse
from infra.kpis import targets_of
from infra.settings import Settings, load_settings
from jobs.console import clear_errors, fail, out, print_json, printable
from jobs.import_ import Importer
from jobs.kpi_output import shown
from jobs.options import AsJson, Config, DataDirOption
from models.kpi_targets import KpiTargetSet
from models.kpis import KPIS, Kpi
from models.periods import named

_OPTIONS = {"first": "--period", "last": "--period", "of": "--of", "currency": "--currency"}

target_app = typer.Typer(no_args_is_help=True, help="Targets of KPIs: `setten kpi` shows them beside what was reached.")

Name = Annotated[str, typer.Argument(metavar="KPI", help="Name of the KPI: see `setten kpi list`.")]
Period = Annotated[
    str, typer.Option("--period", help="2026-04, 'FY2026 Q1', FY2026 (fiscal), or 2026-04-01/2026-09-30.")
]
Of = Annotated[
    list[str] | None,
    typer.Option("--of", metavar="DIMENSION=VALUE", help="For one group, as account=kita; repeatable. Else for all."),
]
Money = Annotated[str, typer.Option("--currency", help="Of an amount: ISO 4217, as JPY.")]


@target_app.command("set")
def set_target(
    kpi: Name,
    value: Annotated[float, typer.Argument(help="What it is to come to, in its unit; a rate of 40 % is 0.4.")],
    period: Period,
    of: Of = None,
    currency: Money = "",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """State a target for a period. It replaces the one set before for the same; past ones can be asked as of a day."""
    with clear_errors():
        settings = load_settings(config, data_dir)
        _state(settings, _target(settings, kpi, value, period, of or [], currency), as_json)


@target_app.command("drop")
def drop_target(
    kpi: Name,
    period: Period,
    of: Of = None,
    currency: Money = "",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """State that there is no target any more. What was set stays known as of the days before."""
    with clear_errors():
        settings = load_settings(config, data_dir)
        _state(settings, _target(settings, kpi, None, period, of or [], currency), as_json)


@target_app.command("list")
def list_targets(
    kpi: Annotated[str, typer.Argument(metavar="[KPI]", help="Only those of this KPI.")] = "",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """The targets that hold today, by KPI and period."""
    chosen = [_known(kpi)] if kpi else list(KPIS.values())
    with clear_errors():
        settings = load_settings(config, data_dir)
        clickhouse = ClickHouse(settings)
        today = datetime.now(settings.zone).date()
        found = [(one, row) for one in chosen for row in targets_of(clickhouse, settings.zone, one, today)]
    if as_json:
        print_json([{"kpi": one.name, **row, "currency": row["currency"] or None} for one, row in found])
        return
    table = Table()
    for column in ("KPI", "For", "First", "Last", "Target", "Set at"):
        table.add_column(column, overflow="fold", justify="right" if column == "Target" else "left")
    for one, row in found:
        of = ", ".join(f"{name} {value}" for name, value in row["of"].items()) or "all"
        target = " ".join(filter(None, (shown(one.measures[0], row["value"]), row["currency"])))
        days = str(row["first"]), str(row["last"])
        set_at = row["recorded_at"].replace(tzinfo=row["recorded_at"].tzinfo or UTC).astimezone(settings.zone)
        table.add_row(one.name, escape(printable(of)), *days, escape(target), f"{set_at:%Y-%m-%d %H:%M}")
    out.print(table if found else "no targets are set: `setten target set KPI VALUE --period 'FY2026 Q1'`")


def _known(name: str) -> Kpi:
    if name not in KPIS:
        raise fail(f"{name!r} is no KPI: use one of {', '.join(KPIS)}; see `setten kpi list`", 2)
    return KPIS[name]


def _target(
    settings: Settings, name: str, value: float | None, period: str, of: list[str], currency: str
) -> KpiTargetSet:
    """The target as it is asked for. Raises typer.Exit, with what is wrong and what to give instead."""
    kpi = _known(name)
    groups: dict[str, str] = {}
    for one in of:
        dimension, group = _group(one)
        if dimension in groups:
            raise fail(f"--of {one!r}: {dimension} is told twice; a target is for one of them", 2)
        groups[dimension] = group
    if kpi.measures[0].unit == "money" and not currency:
        raise fail(f"{name} is an amount: say in what with --currency, as --currency JPY", 2)
    try:
        first, last = named(period, settings.fiscal_year_start_month)
    except ValueError as error:
        raise fail(f"--period: {error}", 2) from None
    told = {"kpi": name, "of": groups, "first": first, "last": last, "value": value, "currency": currency}
    try:
        return KpiTargetSet.model_validate({"recorded_at": datetime.now(UTC), **told})
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        option = _OPTIONS.get(str(wrong["loc"][0]), "VALUE") if wrong["loc"] else ""
        given = {"--period": period, "--of": ", ".join(of), "--currency": currency, "VALUE": value}.get(option)
        said = f"{option} {given!r}: " if option else ""
        remedy = "; use ISO 4217, as JPY" if option == "--currency" else ""
        raise fail(f"{said}{wrong['msg'].removeprefix('Value error, ')}{remedy}", 2) from None


def _group(told: str) -> tuple[str, str]:
    dimension, equals, value = told.partition("=")
    if not equals or not value.strip():
        raise fail(f"--of {told!r}: write DIMENSION=VALUE, as account=kita", 2)
    return dimension.strip(), value.strip()


def _state(settings: Settings, target: KpiTargetSet, as_json: bool) -> None:
    """State it, and wait until it is stored."""
    clickhouse = ClickHouse(settings)
    _there(clickhouse, target)
    if target.value is None and not _holds(clickhouse, settings, target):
        raise fail(f"no target of {target.kpi} is set for that: see `setten target list {target.kpi}`", 2)
    importer = Importer(settings)
    try:
        sent = importer.send_facts([target])
        importer.wait()
    finally:
        importer.close()
    if as_json:
        print_json({**target.model_dump(mode="json"), "stated": bool(sent)})
        return
    whose = ", ".join(f"{name} {value}" for name, value in target.of.items()) or "all"
    what = "no target" if target.value is None else f"target {target.value:,g} {target.currency}".rstrip()
    before = "" if sent else ", as it was before"
    out.print(f"{target.kpi}, {printable(whose)}, {target.first} to {target.last}: {what}{before}", markup=False)


def _there(clickhouse: ClickHouse, target: KpiTargetSet) -> None:
    """Raises typer.Exit where a group names no account, or a segment that no account has."""
    if not {"account", "group", "segment"} & set(target.of):
        return
    accounts = clickhouse.rows("accounts", {"accounts": [], "as_of": target.first})
    for dimension in ("account", "group"):
        one = target.of.get(dimension)
        if one is not None and one not in {row["account_id"] for row in accounts}:
            raise fail(f"--of {dimension}={one}: there is no such account; use an account_id", 2)
    segments = sorted({f"{row['tier']} {row['kind']}" for row in accounts})
    segment = target.of.get("segment")
    if segment is not None and segment not in segments:
        raise fail(f"--of segment={segment}: no account is of it; use one of {', '.join(segments)}", 2)


def _holds(clickhouse: ClickHouse, settings: Settings, target: KpiTargetSet) -> bool:
    today = datetime.now(settings.zone).date()
    days = target.first, target.last, target.currency
    return any(
        row["of"] == target.of and (row["first"], row["last"], row["currency"]) == days
        for row in targets_of(clickhouse, settings.zone, KPIS[target.kpi], today)
    )

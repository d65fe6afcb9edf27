"""`setten import crm`: accounts, contacts, opportunities and the rest from the exports of a CRM."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from infra.clickhouse import ClickHouse, ClickHouseUnavailable
from infra.settings import Settings, load_settings
from infra.store import Store
from infra.suppressions import Suppressions
from jobs.console import clear_errors, err, fail, out, print_json, progress
from jobs.crm import CrmImport, CrmReport, Known, refused_rows
from jobs.crm_files import PRESETS, CrmFile, CrmUnreadable, load_map, open_files, preset
from jobs.import_ import Importer
from jobs.options import AsJson, Config, DataDirOption
from models.crm.mapping import CrmMap
from models.folding import fold
from models.novelty import what_holds

_MOST_SHOWN = 20


def _print_map(name: str | None) -> None:
    if name is not None:
        try:
            sys.stdout.write(preset(name))
        except CrmUnreadable as error:
            raise fail(str(error), 2) from None
        raise typer.Exit


def _print_schema(asked: bool) -> None:
    if asked:
        sys.stdout.write(schema())
        raise typer.Exit


def schema() -> str:
    """The JSON Schema of maps, as docs/sources/crm-map.schema.json has it."""
    return json.dumps(CrmMap.model_json_schema(), ensure_ascii=False, indent=2) + "\n"


def crm(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Exported CSV files and workbooks, or folders of them; gzip is understood.", metavar="FILE..."
        ),
    ],
    map_: Annotated[
        Path | None, typer.Option("--map", help="How the files are to be read: docs/sources/crm.md.")
    ] = None,
    preset_: Annotated[
        str | None, typer.Option("--preset", help=f"A map that comes with Setten: {', '.join(PRESETS)}.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; send nothing.")] = False,
    refused: Annotated[
        Path | None, typer.Option("--refused", help="Write every row with something wrong with it to this CSV file.")
    ] = None,
    print_map: Annotated[
        str | None,
        typer.Option("--print-map", help="Print a map, to start one's own.", callback=_print_map, is_eager=True),
    ] = None,
    print_schema: Annotated[
        bool, typer.Option("--print-schema", help="Print the schema of maps.", callback=_print_schema, is_eager=True)
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Accounts, contacts, opportunities, revenue, cases, NPS and products from a CRM's exports, as a map says."""
    if (map_ is None) == (preset_ is None):
        raise fail(f"name a map: either --map FILE or --preset with one of {', '.join(PRESETS)}", 2)
    with clear_errors():
        settings = load_settings(config, data_dir)
        try:
            whole = load_map(map_, preset_)
            files, others = open_files(paths, whole)
        except CrmUnreadable as error:
            for wrong in error.told:
                err.print(wrong, markup=False)
            count = len(error.told)
            raise fail(f"{count} {'error' if count == 1 else 'errors'}; nothing was imported") from None
        read = {one.path.resolve() for one in files} | ({map_.resolve()} if map_ else set())
        if refused is not None and refused.resolve() in read:
            raise fail(f"--refused {refused}: that file is read; name another one", 2)
        report = _run(settings, whole, files, refused, dry_run=dry_run)
        report.not_read = [str(one) for one in others]
    print_json(report.as_json()) if as_json else print_report(report)
    raise typer.Exit(1 if report.unaccounted else 0)


def _run(settings: Settings, whole: CrmMap, files: list[CrmFile], refused: Path | None, *, dry_run: bool) -> CrmReport:
    known = _known(settings, needed=not dry_run)
    with progress() as display, refused_rows(refused) as wrong:
        task = display.add_task("reading", total=sum(one.size for one in files), note="")
        drain = display.add_task("waiting for ingest", total=None, note="", visible=False)
        importer: Importer | None = None
        if not dry_run:
            importer = Importer(
                settings, waiting=lambda left: display.update(drain, visible=left > 0, note=f"{left:,} records to go")
            )

        def told(rows: int) -> None:
            if rows % 500 == 0:
                display.update(task, completed=sum(one.bytes_read for one in files), note=f"{rows:,} rows")

        try:
            return CrmImport(whole, known, importer, datetime.now(UTC)).run(files, wrong, told)
        finally:
            if importer is not None:
                importer.close()


def _known(settings: Settings, *, needed: bool) -> Known | None:
    """What the store has; None where it cannot be asked, and need not."""
    try:
        clickhouse = ClickHouse(settings)
    except ClickHouseUnavailable:
        if needed:
            raise
        return None
    store = Store(clickhouse, settings.business_timezone)
    try:
        return Known(fold(store.facts()), what_holds(store.side_facts()), Suppressions(clickhouse).load())
    finally:
        clickhouse.close()


def print_report(report: CrmReport) -> None:
    """What became of the rows, adding up to all of them, and what is wrong with them."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    table.add_row("[bold]rows[/]", f"[bold]{report.rows:,}[/]")
    table.add_row("  would be imported" if report.dry_run else "  imported", f"{report.imported:,}")
    table.add_row("    with something to look at", f"{report.reported:,}")
    table.add_row("  repeated", f"{report.repeated:,}")
    table.add_row("  refused", f"{report.refused:,}")
    if report.erased:
        table.add_row("facts of forgotten people", f"{report.erased:,}")
    if report.unaccounted:
        table.add_row("[bold red]facts unaccounted for[/]", f"[bold red]{report.unaccounted:,}[/]")
    out.print(table)
    facts = Table("facts", "new", "changed", "unchanged", box=None, padding=(0, 2, 0, 0))
    for type_, counts in sorted(report.facts.items()):
        facts.add_row(type_, *(f"{counts[news]:,}" for news in ("new", "changed", "unchanged")))
    out.print(facts)
    _print_problems(report)
    for way, count in sorted(report.matched.items()):
        out.print(f"{count:,} accounts are known ones by their {way}", markup=False)
    for file in report.files:
        if file["fields_without_column"]:
            out.print(f"{file['file']} has no column for {', '.join(file['fields_without_column'])}", markup=False)
    if report.not_read:
        out.print(f"not read: {', '.join(report.not_read)}", markup=False)
    if not report.compared:
        out.print("ClickHouse does not answer, so nothing was compared with: everything counts as new")


def _print_problems(report: CrmReport) -> None:
    if not report.problems:
        return
    shown = sorted(report.problems.items(), key=lambda item: (-item[1], item[0]))
    table = Table("rows", "", "what", "value", "perhaps", box=None, padding=(0, 2, 0, 0))
    table.add_column("first", overflow="fold")
    for group, rows in shown[:_MOST_SHOWN]:
        outcome = "refused" if group.refused else "kept"
        what = f"{group.reason} {group.field}".strip()
        table.add_row(f"{rows:,}", outcome, what, _shown(group.value), _shown(group.suggestion), report.lines[group][0])
    out.print(table)
    if len(shown) > _MOST_SHOWN:
        out.print(f"and {len(shown) - _MOST_SHOWN:,} more kinds: --json and --refused FILE have all of them")


def _shown(text: str) -> str:
    return escape("".join(char if char.isprintable() else "·" for char in text)[:60])

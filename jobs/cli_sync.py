"""`setten sync`: meetings that were held, from calendars."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.table import Table

from infra.clickhouse import ClickHouse
from infra.google_calendar import google_changes, google_credentials
from infra.ics_feed import feed_of
from infra.microsoft_graph import graph_changes, graph_credentials
from infra.provider_http import ProviderApi, ProviderError
from infra.settings import Settings, load_settings
from infra.store import Store
from jobs.cli_import import Accounts, OwnDomains, print_report, stated_facts
from jobs.console import clear_errors, err, fail, out, print_json, progress
from jobs.import_ import Importer
from jobs.options import AsJson, Config, DataDirOption
from jobs.sync import Asked, Calendar, CalendarReport, Span, sync
from jobs.sync_ics import feed_calendar, file_calendar
from jobs.sync_state import StateFile
from models.calendar_sync import CalendarState, Changes
from models.domains import domain_error, normalise_domain
from models.ics_entries import NotACalendar
from models.sources import google_calendar, microsoft_graph
from models.sources.local_times import zone_named

sync_app = typer.Typer(
    no_args_is_help=True,
    help="Meetings from calendars, once they are over. Run it every quarter of an hour: it goes on where it stopped.",
)

Source = Annotated[
    str, typer.Option("--source", help="Name of the source: the same for all calendars that hold the same meetings.")
]
PastDays = Annotated[int, typer.Option("--past-days", min=1, max=3650, help="How far back the first look goes.")]
SettleMinutes = Annotated[
    int, typer.Option("--settle-minutes", min=0, max=10080, help="How long after its end a meeting is told.")
]
Full = Annotated[bool, typer.Option("--full", help="Forget where it stopped: look at everything and tell it again.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be told; send and note nothing.")]


class How(NamedTuple):
    """What the options say that all calendars have."""

    source: str
    past_days: int
    settle_minutes: int
    full: bool
    dry_run: bool
    as_json: bool


@sync_app.command("ics")
def ics(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Addresses (https, webcal) and files; - reads addresses from standard input.", metavar="URL|FILE..."
        ),
    ],
    accounts: Accounts = None,
    own_domain: OwnDomains = None,
    source: Source = "calendar",
    past_days: PastDays = 90,
    settle_minutes: SettleMinutes = 60,
    timezone: Annotated[
        str, typer.Option("--timezone", help="Zone of times that tell none; by default the business time zone.")
    ] = "",
    allow_http: Annotated[bool, typer.Option("--allow-http", help="Fetch from http:// too.")] = False,
    full: Full = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Meetings from published calendars and .ics files; files are taken together: invitations, answers and all."""
    with clear_errors():
        settings = load_settings(config, data_dir)
        zone = zone_named(timezone) if timezone else settings.zone
        if zone is None:
            raise fail(f"--timezone {timezone!r}: not a time zone; give one like Asia/Tokyo", 2)
        try:
            told = [one for one in sources if one != "-"]
            if "-" in sources:
                # A secret address on the command line could be read by everybody on the machine.
                told += [line.strip() for line in sys.stdin if line.strip()]
            calendars = [
                feed_calendar(feed_of(one, allow_http), settings.data_dir, source, zone) for one in told if "://" in one
            ]
            if files := [Path(one) for one in told if "://" not in one]:
                calendars.append(file_calendar(files, settings.data_dir, source, zone))
        except (ProviderError, NotACalendar) as error:
            raise fail(str(error)) from None
        how = How(source, past_days, settle_minutes, full, dry_run, as_json)
        _sync(settings, calendars, accounts, own_domain, how)


@sync_app.command("google-calendar")
def google(
    calendar: Annotated[
        list[str] | None, typer.Option("--calendar", help="A calendar's id, mostly its owner's address; repeatable.")
    ] = None,
    accounts: Accounts = None,
    own_domain: OwnDomains = None,
    source: Source = "calendar",
    past_days: PastDays = 90,
    settle_minutes: SettleMinutes = 60,
    full: Full = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Meetings from Google Calendar, by its API. Without --calendar the calendar of whom the token belongs to."""
    with clear_errors():
        settings = load_settings(config, data_dir)
        api = ProviderApi(settings.google_api_url, google_credentials(settings))
        calendars = [_google(settings, api, one, source) for one in dict.fromkeys(calendar or ["primary"])]
        how = How(source, past_days, settle_minutes, full, dry_run, as_json)
        _sync(settings, calendars, accounts, own_domain, how)


@sync_app.command("microsoft-graph")
def graph(
    user: Annotated[list[str] | None, typer.Option("--user", help="A user's principal name or id; repeatable.")] = None,
    accounts: Accounts = None,
    own_domain: OwnDomains = None,
    source: Source = "calendar",
    past_days: PastDays = 90,
    settle_minutes: SettleMinutes = 60,
    full: Full = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Meetings from Outlook calendars, by Microsoft Graph. Without --user the calendar of whom the token belongs to."""
    with clear_errors():
        settings = load_settings(config, data_dir)
        api = ProviderApi(settings.graph_api_url, graph_credentials(settings))
        calendars = [_graph(settings, api, one, source) for one in dict.fromkeys(user or ["me"])]
        how = How(source, past_days, settle_minutes, full, dry_run, as_json)
        _sync(settings, calendars, accounts, own_domain, how)


def _google(settings: Settings, api: ProviderApi, calendar: str, source: str) -> Calendar:
    async def look(state: CalendarState, span: Span) -> Changes:
        async with api:
            return await google_changes(api, calendar, state, span.window)

    file = StateFile(settings.data_dir, "google-calendar", f"{source} {api.base_url} {calendar}")
    return Calendar(calendar, "google-calendar", google_calendar.read, look, file)


def _graph(settings: Settings, api: ProviderApi, user: str, source: str) -> Calendar:
    async def look(state: CalendarState, span: Span) -> Changes:
        async with api:
            return await graph_changes(api, user, state, span.window)

    file = StateFile(settings.data_dir, "microsoft-graph", f"{source} {api.base_url} {user}")
    return Calendar(user, "microsoft-graph", microsoft_graph.read, look, file)


def _sync(
    settings: Settings,
    calendars: list[Calendar],
    accounts: Path | None,
    own_domains: list[str] | None,
    how: How,
) -> None:
    domains = [normalise_domain(domain) for domain in own_domains or []]
    for domain in domains:
        if error := domain_error(domain):
            raise fail(f"--own-domain: {error}", 2)
    facts = stated_facts(accounts, domains)
    # What was declared once need not be said at every run.
    own = tuple(sorted({*domains, *_declared(settings)}))
    asked = Asked(how.source, own, timedelta(days=how.past_days), timedelta(minutes=how.settle_minutes), how.full)
    importer = None if how.dry_run else Importer(settings)
    reports = []
    try:
        if importer and facts:
            importer.send_facts(facts)
            importer.wait()
        with progress() as display:
            task = display.add_task("calendars", total=len(calendars), note="")
            for calendar in calendars:
                display.update(task, note=calendar.name)
                reports.append(sync(calendar, asked, importer))
                display.advance(task)
    finally:
        if importer:
            importer.close()
    _show(reports, importer, how.as_json)
    failed = any(report.error for report in reports) or bool(importer and importer.report.unaccounted)
    raise typer.Exit(1 if failed else 0)


def _declared(settings: Settings) -> set[str]:
    clickhouse = ClickHouse(settings)
    try:
        return Store(clickhouse, settings.business_timezone).own_domains()
    finally:
        clickhouse.close()


def _show(reports: list[CalendarReport], importer: Importer | None, as_json: bool) -> None:
    if as_json:
        shown: dict[str, Any] = {"calendars": [{**vars(one), "skipped": dict(one.skipped)} for one in reports]}
        if importer:
            # Who was met is for who asks; what runs every quarter of an hour writes no addresses into a log.
            for one in shown["calendars"]:
                del one["meetings"]
            shown |= {**vars(importer.report), "dead": dict(importer.report.dead)}
        print_json(shown)
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("calendar", "meetings told", "told before", "to come", "no meetings with anybody outside"):
        table.add_column(name, justify="left" if name == "calendar" else "right")
    for report in reports:
        skipped = ", ".join(f"{reason} {count:,}" for reason, count in sorted(report.skipped.items()))
        row = (f"{report.told:,}", f"{report.unchanged:,}", f"{report.waiting:,}", skipped or "0")
        table.add_row(report.calendar, *row)
    out.print(table)
    if importer:
        print_report(importer.report)
    else:
        for report in reports:
            for meeting in report.meetings:
                people = ", ".join(meeting["people"])
                out.print(f"{meeting['start']:%Y-%m-%d %H:%M} UTC  {people}  {meeting['subject']}", markup=False)
    for report in reports:
        for fault in report.faults:
            err.print(f"{report.calendar}: {fault}", markup=False)
        if report.changed_after:
            err.print(
                f"{report.calendar}: {report.changed_after:,} meetings that were told are called off, or not in the"
                " calendar any more; what was told stays",
                markup=False,
            )
        if report.error:
            err.print(f"setten: {report.calendar}: {report.error}", markup=False, style="red")

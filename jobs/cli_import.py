"""`setten import`: signals from files, through Kafka."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from infra.settings import load_settings
from jobs.cli_crm import crm
from jobs.cli_facts import facts
from jobs.console import clear_errors, err, fail, out, print_json, progress
from jobs.files import FileRecords, FileUnreadable
from jobs.import_ import Body, Importer, ImportReport, origin_of
from jobs.maildir import MaildirRecords
from jobs.options import AsJson, Config, DataDirOption
from models.accounts_csv import parse
from models.domains import domain_error, normalise_domain
from models.facts import AnyFact, OwnDomainDeclared
from models.records import Origin
from models.sources.attendee_lists import zone_missing
from models.sources.local_times import zone_named

import_app = typer.Typer(
    no_args_is_help=True,
    help="Import files as signals. Every event is accounted for; importing a file again changes nothing.",
)
import_app.command("crm")(crm)
import_app.command("facts")(facts)

Files = Annotated[list[Path], typer.Argument(help="Files to import; gzip is understood.", metavar="FILE...")]
Accounts = Annotated[
    Path | None,
    typer.Option(
        "--accounts",
        help="CSV of target accounts: account_id,name,domains(|),tier,kind,parent_account_id,corporate_number,"
        "merged_into,merged_since.",
    ),
]
OwnDomains = Annotated[
    list[str] | None, typer.Option("--own-domain", help="A mail domain of your own side; repeatable.")
]
Source = Annotated[str, typer.Option("--source", help="Name of the source; event ids are unique within it.")]


@import_app.command("mbox")
def mbox(
    files: Files,
    accounts: Accounts = None,
    own_domain: OwnDomains = None,
    source: Source = "mbox",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """E-mail from an mbox archive: senders and recipients become touches; texts are not read."""
    _import("mbox", "signals.email", files, accounts, own_domain, source, as_json, data_dir, config)


@import_app.command("maildir")
def maildir(
    folders: Annotated[
        list[Path], typer.Argument(help="Maildirs to import, with all folders in them.", metavar="DIR...")
    ],
    accounts: Accounts = None,
    own_domain: OwnDomains = None,
    source: Source = "mbox",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """E-mail from Maildirs, as `mbox` reads it: what came by either is the same mail. Run it again for what is new."""
    _import("maildir", "signals.email", folders, accounts, own_domain, source, as_json, data_dir, config)


@import_app.command("attendance")
def attendance(
    files: Files,
    accounts: Accounts = None,
    own_domain: OwnDomains = None,
    source: Source = "attendance",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Meeting attendance from CSV: meeting,date,start_utc,attendee_id,organization,mode; a touch an attendee."""
    _import("attendance", "signals.meeting", files, accounts, own_domain, source, as_json, data_dir, config)


@import_app.command("attendees")
def attendees(
    files: Files,
    accounts: Accounts = None,
    own_domain: OwnDomains = None,
    source: Source = "attendees",
    timezone: Annotated[
        str, typer.Option("--timezone", help="Zone of the times in the lists, such as Asia/Tokyo.")
    ] = "",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Badge scans, business cards and webinar attendance from CSV, in Japanese or English, UTF-8 or CP932."""
    with clear_errors():
        if timezone and zone_named(timezone) is None:
            raise fail(f"--timezone {timezone!r}: not a time zone; give one like Asia/Tokyo", 2)
        for path in files:
            # Asked before anything is sent: the archive keeps a body under the zone that it first came with.
            if not timezone and zone_missing(next(FileRecords(path, "attendees"))):
                raise fail(f"{path}: its times tell no zone; add --timezone, such as --timezone Asia/Tokyo", 2)
    _import("attendees", "signals.event", files, accounts, own_domain, source, as_json, data_dir, config, timezone)


@import_app.command("access-log")
def access_log(
    files: Files,
    accounts: Accounts = None,
    own_domain: OwnDomains = None,
    source: Source = "access-log",
    format_: Annotated[
        str, typer.Option("--format", help="combined (Apache, nginx) or host (tab-separated with host names).")
    ] = "combined",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Web visits from a server's log. Crawlers are kept, marked as machines, and count for nothing."""
    adapters = {"combined": "access-log", "host": "host-log"}
    if format_ not in adapters:
        raise fail(f"--format {format_!r}: use combined or host", 2)
    _import(adapters[format_], "signals.web", files, accounts, own_domain, source, as_json, data_dir, config)


@import_app.command("snowplow")
def snowplow(
    files: Files,
    accounts: Accounts = None,
    own_domain: OwnDomains = None,
    source: Source = "snowplow",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Web events from Snowplow's table of events, exported as CSV with a header line."""
    _import("snowplow-enriched", "signals.web", files, accounts, own_domain, source, as_json, data_dir, config)


@import_app.command("signals")
def signals(
    files: Files,
    accounts: Accounts = None,
    own_domain: OwnDomains = None,
    source: Source = "file",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Canonical signals, one JSON object a line; `setten schema` prints their schema."""
    _import("canonical", "signals.web", files, accounts, own_domain, source, as_json, data_dir, config)


def _import(
    adapter: str,
    topic: str,
    files: list[Path],
    accounts: Path | None,
    own_domains: list[str] | None,
    source: str,
    as_json: bool,
    data_dir: Path | None,
    config: Path | None,
    timezone: str = "",
) -> None:
    with clear_errors():
        settings = load_settings(config, data_dir)
        domains = [normalise_domain(domain) for domain in own_domains or []]
        for domain in domains:
            if error := domain_error(domain):
                raise fail(f"--own-domain: {error}", 2)
        facts = stated_facts(accounts, domains)
        opened = [_opened(path, adapter) for path in files]  # every file must be there before anything is sent
        adapter = "mbox" if adapter == "maildir" else adapter  # one mail is read alike wherever it lay
        with progress() as display:
            task = display.add_task("sending", total=sum(one.size for one in opened), note="")
            drain = display.add_task("waiting for ingest", total=None, note="", visible=False)
            importer = Importer(
                settings,
                sent=lambda events: display.update(
                    task, completed=sum(one.bytes_read for one in opened), note=f"{events:,} events"
                ),
                waiting=lambda records: display.update(drain, visible=records > 0, note=f"{records:,} records to go"),
            )
            try:
                if facts:
                    importer.send_facts(facts)
                report = importer.send(_bodies(opened, topic, origin_of(source, adapter, domains, timezone)))
            finally:
                importer.close()
    if as_json:
        print_json({**vars(report), "dead": dict(report.dead)})
    else:
        print_report(report)
    raise typer.Exit(1 if report.unaccounted else 0)


def _opened(path: Path, adapter: str) -> FileRecords | MaildirRecords:
    return MaildirRecords(path) if adapter == "maildir" else FileRecords(path, adapter)


def _bodies(opened: Sequence[FileRecords | MaildirRecords], topic: str, origin: Origin) -> Iterator[Body]:
    """The bodies in their order, each received a microsecond after the one before: of two contents of one id in the
    files the first is to stand, and the first received does."""
    for number, body in enumerate(chain.from_iterable(opened)):
        received_at = origin.received_at + timedelta(microseconds=number)
        yield Body(topic, origin._replace(received_at=received_at), body)


def stated_facts(accounts: Path | None, domains: list[str]) -> list[AnyFact]:
    """What --accounts and --own-domain declare. Raises FileUnreadable, typer.Exit."""
    now = datetime.now(UTC)
    facts: list[AnyFact] = [OwnDomainDeclared(recorded_at=now, domain=domain) for domain in domains]
    if accounts is not None:
        try:
            text = accounts.read_text("utf-8-sig")
        except OSError as error:
            raise FileUnreadable(accounts, (error.strerror or str(error)).lower()) from error
        except UnicodeDecodeError as error:
            raise FileUnreadable(accounts, f"byte {error.start} is not UTF-8") from error
        declared, errors = parse(text, now)
        if errors:
            for wrong in errors:
                err.print(f"{accounts}:{wrong.line}: {wrong.message}", markup=False)
            count = f"{len(errors)} {'error' if len(errors) == 1 else 'errors'}"
            raise fail(f"{accounts} has {count}; nothing was imported")
        facts += declared
    return facts


def print_report(report: ImportReport) -> None:
    """What became of the events, adding up to all of them."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    table.add_row("records sent", f"{report.records:,}")
    table.add_row("[bold]events[/]", f"[bold]{report.events:,}[/]")
    table.add_row("  stored", f"{report.stored:,}")
    table.add_row("  duplicates", f"{report.duplicates:,}")
    table.add_row("  dead letters", f"{report.dead_total:,}")
    for reason, count in sorted(report.dead.items()):
        table.add_row(f"    {reason}", f"{count:,}")
    if report.erased:
        table.add_row("  of forgotten people", f"{report.erased:,}")
    if report.facts:
        table.add_row("facts", f"{report.facts:,}")
    if report.unaccounted:
        table.add_row("[bold red]  unaccounted[/]", f"[bold red]{report.unaccounted:,}[/]")
    out.print(table)

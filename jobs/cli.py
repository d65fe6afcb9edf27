"""The `setten` command: one function a command, each of them thin."""

import os
import sys
from datetime import datetime
from typing import Annotated

import typer

from infra.embedded.broker import Kind
from infra.embedded.processes import python
from infra.settings import Settings, load_settings
from jobs.cli_alerts import alerts_app, print_judgement
from jobs.cli_coverage import coverage
from jobs.cli_dead_letters import dead_letters_app
from jobs.cli_forget import forget
from jobs.cli_import import import_app
from jobs.cli_keys import keys_app
from jobs.cli_kpi import kpi
from jobs.cli_match_ips import match_ips
from jobs.cli_plan import plan_app
from jobs.cli_prioritise import prioritise
from jobs.cli_replay import replay
from jobs.cli_review import review_app
from jobs.cli_rollups import rollups_app
from jobs.cli_score import score_app
from jobs.cli_sync import sync_app
from jobs.cli_target import target_app
from jobs.cli_why import why
from jobs.console import clear_errors, err, fail, out, print_json
from jobs.options import AsJson, Config, DataDirOption

app = typer.Typer(
    name="setten",
    help=(
        "Setten (接点): who at your strategic accounts is in touch with you, and which of them are going quiet.\n\n"
        "Start with [bold]setten up --demo[/bold]: it runs everything on this machine with a demo world in it."
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(import_app, name="import")
app.add_typer(sync_app, name="sync")
app.add_typer(alerts_app, name="alerts")
app.add_typer(dead_letters_app, name="dead-letters")
app.add_typer(keys_app, name="keys")
app.add_typer(review_app, name="review")
app.add_typer(target_app, name="target")
app.add_typer(plan_app, name="plan")
app.add_typer(score_app, name="score")
app.add_typer(rollups_app, name="rollups")
app.command("replay")(replay)
app.command("forget")(forget)
app.command("why")(why)
app.command("kpi")(kpi)
app.command("coverage")(coverage)
app.command("prioritise")(prioritise)
app.command("match-ips")(match_ips)


def _version(asked: bool) -> None:
    if asked:
        from jobs.up import setten_version

        out.print(f"setten {setten_version()}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options before the command."""


@app.command()
def up(
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo world once everything runs.")] = False,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return once everything is ready.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the demo world: one seed, one world.")] = 1,
    broker: Annotated[
        Kind | None,
        typer.Option(help="tansu: in memory, nothing to install. kafka: Apache Kafka, durable; see `make kafka`."),
    ] = None,
    broker_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the Kafka broker; 0: a free one.")] = 0,
    clickhouse_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of ClickHouse; 0: a free one.")] = 0,
    collector_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the collector; 0: a free one.")
    ] = None,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Run everything on this machine: a Kafka broker, ClickHouse, the worker and the collector.

    The data stays in the data directory; `setten down` stops what runs. For production, see docs/operations.md.
    """
    from jobs.data_dir import UpError
    from jobs.demo_run import load_demo, show_demo
    from jobs.up import up as run

    with clear_errors():
        settings = load_settings(config, data_dir)
        if broker is not None:
            settings = settings.model_copy(update={"embedded_broker": broker})
        try:
            # With a demo world to load, somebody must be there to load it: start detached, then stay if asked to.
            code = run(
                settings,
                detach=detach or demo,
                broker_port=broker_port,
                clickhouse_port=clickhouse_port,
                collector_port=collector_port,
                console=err,
            )
        except UpError as error:
            raise fail(str(error)) from None
        if code == 0 and demo:
            running = load_settings(config, settings.data_dir)
            load_demo(running, seed)
            show_demo(running)
            if not detach:
                err.print("It goes on running in the background; `setten down` stops it.")
    raise typer.Exit(code)


@app.command()
def down(data_dir: DataDirOption = None, config: Config = None) -> None:
    """Stop what `setten up` runs on the data directory. Nothing running is no error."""
    from jobs.data_dir import UpError
    from jobs.up import down as stop

    with clear_errors():
        try:
            raise typer.Exit(stop(load_settings(config, data_dir), console=err))
        except UpError as error:
            raise fail(str(error)) from None


@app.command()
def status(as_json: AsJson = False, data_dir: DataDirOption = None, config: Config = None) -> None:
    """What runs, where, and how far ingest is. Exit code 0: running, 1: degraded, 3: stopped."""
    from jobs.status import print_status, status_of

    with clear_errors():
        found = status_of(load_settings(config, data_dir))
    if as_json:
        print_json(found.as_json())
    else:
        print_status(found, out)
    raise typer.Exit(found.exit_code)


@app.command()
def doctor(
    as_json: AsJson = False,
    settings_only: Annotated[bool, typer.Option("--settings", help="List every setting with its value.")] = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """What is reachable, in which version, how far behind, and what to do about it. Exit code 1 if something fails."""
    from jobs.doctor import doctor as examine
    from jobs.doctor import print_checks

    with clear_errors():
        settings = load_settings(config, data_dir)
        if settings_only:
            _print_settings(settings, as_json)
            return
        checks = examine(settings)
    if as_json:
        print_json([check.as_json() for check in checks])
    else:
        print_checks(checks, out)
    raise typer.Exit(1 if any(check.outcome == "fail" for check in checks) else 0)


def _print_settings(settings: Settings, as_json: bool) -> None:
    shown = {name: str(getattr(settings, name)) for name in Settings.model_fields}
    if as_json:
        print_json(shown)
        return
    for name, field in Settings.model_fields.items():
        out.print(f"SETTEN_{name.upper()}={shown[name]}", markup=False)
        if field.description:
            out.print(f"    {field.description}", markup=False, style="dim")


@app.command()
def migrate(data_dir: DataDirOption = None, config: Config = None) -> None:
    """Create the topics and tables this version needs. Running it again changes nothing."""
    from jobs.migrate import migrate as bring_up_to_date

    with clear_errors():
        done = bring_up_to_date(load_settings(config, data_dir))
    for line in done or ["nothing to do"]:
        out.print(line, markup=False)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def worker(context: typer.Context) -> None:
    """Run one worker: ingest, assessment, delivery. Run more of them to share the partitions."""
    _become("streams.worker", context.args)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def collector(context: typer.Context) -> None:
    """Run the collector: signals, the Segment and Snowplow protocols, CloudEvents and webhooks over HTTP."""
    _become("streams.collector", context.args)


def _become(module: str, arguments: list[str]) -> None:
    """Replace this process: jobs and streams share nothing but the tables and topics."""
    sys.stdout.flush()
    command = python(module, *arguments)
    os.execv(command[0], command)  # noqa: S606


@app.command()
def assess(
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Last day that counts; today by default.")
    ] = None,
    account: Annotated[list[str] | None, typer.Option("--account", "-a", help="Only this account; repeatable.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option("--since", formats=["%Y-%m-%d"], help="Record alerts as of every week from here to --as-of."),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Judge all accounts as of a date and print what the rules find. Records nothing, unless --since is given."""
    from jobs.assess import judge_all, record_history

    with clear_errors():
        settings = load_settings(config, data_dir)
        day = as_of.date() if as_of else datetime.now(settings.zone).date()
        if not all(1990 <= told.year <= 2100 for told in (as_of, since) if told):
            raise fail("--as-of and --since: give a year from 1990 to 2100", 2)
        if since is not None:
            if since.date() > day:
                raise fail(f"--since {since.date()} is later than --as-of {day}", 2)
            for done in record_history(settings, since.date(), day):
                err.print(f"assessed as of {done}", style="dim")
        judgement = judge_all(settings, day, account or [])
    if account and judgement.accounts < len(set(account)):
        raise fail(f"--account: {judgement.accounts} of {', '.join(sorted(set(account)))} are accounts", 2)
    if as_json:
        print_json(judgement)
    else:
        print_judgement(judgement)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the canonical signal, as POST /v1/signals and `import signals` take it."""
    from models.events import Signal

    print_json(Signal.model_json_schema())


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="setten")


if __name__ == "__main__":
    main()

"""`setten alerts`: list them, show one with its evidence; and the table of an assessment."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from infra.clickhouse import ClickHouse
from infra.settings import load_settings
from jobs.assess import Judgement
from jobs.console import clear_errors, fail, out, print_json, printable
from jobs.options import AsJson, Config, DataDirOption
from models.assessment import RULES

alerts_app = typer.Typer(no_args_is_help=True, help="Alerts: which accounts are at risk, and why.")
_STYLES = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


@alerts_app.command("list")
def list_alerts(
    state: Annotated[str, typer.Option(help="open, resolved or all.")] = "open",
    account: Annotated[str, typer.Option("--account", "-a", help="Only this account.")] = "",
    rule: Annotated[str, typer.Option(help="Only this rule.")] = "",
    lang: Annotated[str, typer.Option(help="en or ja.")] = "en",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """List alerts, the gravest first."""
    if state not in ("open", "resolved", "all"):
        raise fail(f"--state {state!r}: use open, resolved or all", 2)
    if lang not in ("en", "ja"):
        raise fail(f"--lang {lang!r}: use en or ja", 2)
    names = [one.name for one in RULES]
    if rule and rule not in names:
        raise fail(f"--rule {rule!r}: use one of {', '.join(names)}", 2)
    with clear_errors():
        settings = load_settings(config, data_dir)
        rows = read_alerts(ClickHouse(settings), state="" if state == "all" else state, account=account, rule=rule)
    if as_json:
        print_json(rows)
    else:
        print_alerts(rows, lang)


@alerts_app.command("show")
def show_alert(
    alert_id: Annotated[str, typer.Argument(help="The alert's id, or its first characters.")],
    lang: Annotated[str, typer.Option(help="en or ja.")] = "en",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Show one alert: what was observed, what was expected, by which thresholds, and the query behind it."""
    if len(alert_id) < 4:
        raise fail(f"{alert_id!r} is too short: give at least four characters of the alert's id", 2)
    with clear_errors():
        settings = load_settings(config, data_dir)
        found = [a for a in read_alerts(ClickHouse(settings)) if str(a["alert_id"]).startswith(alert_id.lower())]
    if len(found) != 1:
        what = "no alert" if not found else f"{len(found)} alerts"
        raise fail(f"{what} with an id starting {alert_id!r}: see `setten alerts list --state all`")
    if as_json:
        print_json(found[0])
    else:
        _print_alert(found[0], lang)


def read_alerts(clickhouse: ClickHouse, *, state: str = "", account: str = "", rule: str = "") -> list[dict[str, Any]]:
    """Alerts with their account's name and tier, evidence parsed; the gravest first."""
    rows = clickhouse.rows("alerts", {"state": state, "account": account, "rule": rule})
    return [{**row, "evidence": json.loads(row["evidence"])} for row in rows]


def print_alerts(rows: Sequence[dict[str, Any]], lang: str = "en") -> None:
    """The alerts as a table, a sentence of evidence each."""
    if not rows:
        out.print("No alerts.")
        return
    table = Table(title=f"{len(rows)} alert{'s' if len(rows) != 1 else ''}", title_justify="left", show_lines=True)
    table.add_column("Alert", no_wrap=True)
    table.add_column("Severity", no_wrap=True)
    table.add_column("Account", overflow="fold", min_width=12)
    table.add_column("Evidence", overflow="fold", min_width=24)
    for row in rows:
        account = f"{row['account_id']}, {row['tier']}"
        style = _STYLES.get(row["severity"], "") if row["state"] == "open" else "dim"
        state = row["severity"] if row["state"] == "open" else "resolved"
        last = f"\nuntil {row['resolved_on']}" if row["resolved_on"] else ""
        table.add_row(
            f"{str(row['alert_id'])[:8]}\n[dim]{row['rule']}[/]",
            f"[{style}]{state}[/]\n[dim]since {row['opened_on']}{last}[/]",
            f"{_text(row['account_name'] or row['account_id'])}\n[dim]{_text(account)}[/]",
            _text(row[f"sentence_{lang}"]),
        )
    out.print(table)


def _print_alert(row: dict[str, Any], lang: str) -> None:
    evidence = row["evidence"]
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Alert", f"{row['alert_id']} ({row['state']}, {row['severity']})")
    table.add_row("Account", _text(f"{row['account_name']} ({row['account_id']}, {row['tier']})"))
    table.add_row("Rule", f"{row['rule']} version {row['rule_version']}")
    table.add_row("Found", _text(row[f"sentence_{lang}"]))
    table.add_row("Open since", f"{row['opened_on']}, last seen {row['seen_on']}")
    if row["resolved_on"]:
        table.add_row("Resolved", str(row["resolved_on"]))
    for part in ("observed", "expected", "window", "thresholds"):
        told = ", ".join(f"{key} {_readable(value)}" for key, value in evidence[part].items())
        table.add_row(part.capitalize(), _text(told))
    bound = ", ".join(f"{key} = {value}" for key, value in evidence["parameters"].items())
    table.add_row("Touches", _text(f"infra/sql/queries/{evidence['query']}.sql with {bound}"))
    out.print(table)


def _text(told: str) -> str:
    return escape(printable(told))


def _readable(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(_readable(one) for one in value)
    if isinstance(value, float | int):
        return f"{value:,.0f}" if value == int(value) else f"{value:,}"
    return "unknown" if value is None else str(value)


def print_judgement(judgement: Judgement) -> None:
    """Findings first, then what could not be judged."""
    findings = [v for v in judgement.verdicts if v.status == "finding"]
    unknown = [v for v in judgement.verdicts if v.status == "insufficient_data"]
    number = f"{len(findings)} finding{'s' if len(findings) != 1 else ''}"
    accounts = f"{judgement.accounts} account{'s' if judgement.accounts != 1 else ''}"
    title = f"{number} in {accounts} as of {judgement.as_of}"
    table = Table(title=title, title_justify="left", show_lines=True)
    for name in ("Account", "Rule", "Severity"):
        table.add_column(name, no_wrap=True)
    table.add_column("Evidence", overflow="fold", min_width=30)
    for verdict in sorted(findings, key=lambda v: (v.severity != "critical", v.account_id, v.rule)):
        severity = f"[{_STYLES[verdict.severity]}]{verdict.severity}[/]"
        sentences = f"{_text(verdict.sentence_en)}\n{_text(verdict.sentence_ja)}"
        table.add_row(_text(verdict.account_id), verdict.rule, severity, sentences)
    out.print(table if findings else title)
    if unknown:
        out.print(f"\nNot judged for want of data ({len(unknown)}):")
        for verdict in unknown:
            text = verdict.sentence_en.removeprefix("Insufficient data: ")
            out.print(printable(f"  {verdict.account_id} {verdict.rule}: {text}"), markup=False)

"""Names that others chose, on a terminal: an escape sequence in one is shown and does nothing."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from rich.console import Console

from jobs import cli_alerts
from jobs.coverage_output import accounts_table
from jobs.kpi_output import kpi_table
from models.coverage.account import AccountLine
from models.coverage.matrix import Counts
from models.kpis import KPIS, KpiRow
from models.periods import stretch

HOSTILE = "\x1b[2J\x1b]8;;http://x.example\x07[red]Aozora"
DAY = date(2026, 6, 14)


def coverage() -> Any:
    counts = Counts(known=1, engaged=1, management=0, wanted=None, missing=None)
    return accounts_table([AccountLine(HOSTILE, HOSTILE, "target", counts, None)], DAY, "en")


def kpi() -> Any:
    one = KPIS["win_rate"]
    values = dict.fromkeys((measure.key for measure in one.measures), None)
    row = KpiRow((HOSTILE,), stretch(DAY, DAY, DAY), "", values, values, None)
    return kpi_table(one, ("account",), [row], "en", DAY)


def alert_row() -> dict[str, Any]:
    parts = {"observed": {"who": HOSTILE}, "expected": {}, "window": {}, "thresholds": {}}
    return {
        "alert_id": "0123456789", "state": "open", "severity": "warning", "rule": "gone_quiet", "rule_version": 1,
        "account_id": HOSTILE, "account_name": HOSTILE, "tier": HOSTILE, "sentence_en": HOSTILE, "opened_on": DAY,
        "seen_on": DAY, "resolved_on": None,
        "evidence": {**parts, "parameters": {"account": HOSTILE}, "query": "touches_of_account"},
    }  # fmt: skip


@pytest.mark.parametrize("made", [coverage, kpi])
def test_a_table_shows_an_escape_sequence_in_a_name_as_text(made: Callable[[], Any]) -> None:
    printed = io.StringIO()
    Console(file=printed, width=400, color_system=None).print(made())
    assert r"\x1b[2J\x1b]8;;http://x.example\x07[red]Aozora" in printed.getvalue()
    assert not {"\x1b", "\x07"} & {*printed.getvalue()}


@pytest.mark.parametrize(
    "shown", [lambda row: cli_alerts.print_alerts([row]), lambda row: cli_alerts._print_alert(row, "en")]
)
def test_an_alert_shows_an_escape_sequence_in_a_name_as_text(
    shown: Callable[[dict[str, Any]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    shown(alert_row())
    printed = "".join(capsys.readouterr().out.split())
    assert r"\x1b[2J\x1b]8;;" in printed
    assert not {"\x1b", "\x07"} & {*printed}

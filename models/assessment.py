"""Assess accounts as of a date: histories in, verdicts and alert changes out. Pure; live and history use it alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from models.account_history import AccountHistory
from models.alerts import Alert, Change, advance
from models.findings import Verdict
from models.rules import gone_quiet, replacement_risk
from models.rules.book import RuleBook
from models.rules.rule import AsOf, Rule

# Every rule there is, in the order in which they are told.
RULES: tuple[Rule[Any], ...] = (gone_quiet.RULE, replacement_risk.RULE)


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert in its new state. change: None where only its evidence is newer, which is no news to anybody."""

    alert: Alert
    change: Change | None


@dataclass(frozen=True, slots=True)
class Assessment:
    verdicts: tuple[Verdict, ...]
    changes: tuple[AlertChange, ...]


def judge(history: AccountHistory, as_of: AsOf, book: RuleBook) -> dict[str, Verdict | None]:
    """What every rule says of one account; None where all is well, and where the book has switched the rule off."""
    found: dict[str, Verdict | None] = {}
    for rule in RULES:
        thresholds = book.thresholds(rule.name, history.tier, history.account_id)
        one = rule.judge(history, as_of, thresholds) if thresholds.enabled else None
        found[rule.name] = (
            None
            if one is None
            else Verdict(
                history.account_id,
                rule.name,
                book.version_of(rule),
                one.status,
                one.severity,
                one.sentence_en,
                one.sentence_ja,
                replace(one.evidence, parameters={"account_id": history.account_id, **one.evidence.parameters}),
            )
        )
    return found


def assess(
    accounts: Iterable[AccountHistory],
    open_alerts: Mapping[tuple[str, str], Alert],
    as_of: AsOf,
    now: datetime,
    book: RuleBook,
) -> Assessment:
    """Judge accounts and advance their alerts.

    open_alerts: by (account_id, rule). now: when this is judged.
    """
    day: date = as_of.date
    verdicts: list[Verdict] = []
    changes: list[AlertChange] = []
    for history in accounts:
        for rule, verdict in judge(history, as_of, book).items():
            if verdict is not None:
                verdicts.append(verdict)
            current = open_alerts.get((history.account_id, rule))
            alert, change = advance(current, verdict, day, now)
            if alert is not None and alert is not current:
                changes.append(AlertChange(alert, change))
    return Assessment(tuple(verdicts), tuple(changes))

"""Assess accounts as of a date: features in, verdicts and alert changes out. Pure; live and history use it alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from models.alerts import Alert, Change, advance
from models.findings import Verdict
from models.rules import gone_quiet as quiet
from models.rules import replacement_risk as replacement

RULES = (quiet.RULE, replacement.RULE)


@dataclass(frozen=True, slots=True)
class Features:
    """What the rules look at, of one account as of a date.

    days_in_touch: distinct business-zone days with an inbound or mutual touch by a person.
    relationship: contacts and revenue of two years; None for accounts that are no strategic customers.
    """

    account_id: str
    days_in_touch: tuple[date, ...]
    relationship: replacement.Relationship | None


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert in its new state. change: None where only its evidence is newer, which is no news to anybody."""

    alert: Alert
    change: Change | None


@dataclass(frozen=True, slots=True)
class Assessment:
    verdicts: tuple[Verdict, ...]
    changes: tuple[AlertChange, ...]


def judge(features: Features, as_of: date, fiscal_start_month: int) -> dict[str, Verdict | None]:
    """What every rule says of one account."""
    risk = features.relationship
    return {
        quiet.RULE: quiet.gone_quiet(features.account_id, as_of, features.days_in_touch),
        replacement.RULE: (
            replacement.replacement_risk(features.account_id, risk, fiscal_start_month) if risk is not None else None
        ),
    }


def assess(
    accounts: Iterable[Features],
    open_alerts: Mapping[tuple[str, str], Alert],
    as_of: date,
    now: datetime,
    fiscal_start_month: int,
) -> Assessment:
    """Judge accounts and advance their alerts.

    open_alerts: by (account_id, rule). as_of: the last day that counts. now: when this is judged.
    """
    verdicts: list[Verdict] = []
    changes: list[AlertChange] = []
    for features in accounts:
        for rule, verdict in judge(features, as_of, fiscal_start_month).items():
            if verdict is not None:
                verdicts.append(verdict)
            current = open_alerts.get((features.account_id, rule))
            alert, change = advance(current, verdict, as_of, now)
            if alert is not None and alert is not current:
                changes.append(AlertChange(alert, change))
    return Assessment(tuple(verdicts), tuple(changes))

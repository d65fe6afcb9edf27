"""The life of an alert: a pure fold over assessments. An alert is what findings with the same fingerprint become."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from models.findings import Evidence, Severity, Verdict

State = Literal["open", "resolved", "withdrawn"]
Change = Literal["opened", "updated", "resolved", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert in its present state. updated_at: when it was last judged; of two states the later holds."""

    alert_id: UUID
    account_id: str
    rule: str
    rule_version: str
    state: State
    severity: Severity
    opened_on: date
    seen_on: date
    resolved_on: date | None
    sentence_en: str
    sentence_ja: str
    evidence: Evidence
    updated_at: datetime


def alert_id(account_id: str, rule: str, opened_on: date) -> UUID:
    """Deterministic, so that whoever assesses again after a crash opens the same alert and not another."""
    name = f"{account_id}\x1f{rule}\x1f{opened_on.isoformat()}".encode()
    return UUID(bytes=hashlib.blake2b(name, digest_size=16, person=b"setten-alert").digest())


def advance(
    current: Alert | None, verdict: Verdict | None, as_of: date, now: datetime
) -> tuple[Alert | None, Change | None]:
    """The next state of the alert of one account and rule, and what changed, if anything.

    current: the alert that is open, if one is. verdict: what the rule says as of the day; insufficient data neither
    opens nor resolves: not being able to judge is no news of the account.
    """
    if verdict is not None and verdict.status == "insufficient_data":
        return current, None
    if verdict is None:
        if current is None:
            return None, None
        return replace(current, state="resolved", resolved_on=as_of, updated_at=now), "resolved"
    if current is None:
        opened = Alert(
            alert_id(verdict.account_id, verdict.rule, as_of),
            verdict.account_id,
            verdict.rule,
            verdict.rule_version,
            "open",
            verdict.severity,
            as_of,
            as_of,
            None,
            verdict.sentence_en,
            verdict.sentence_ja,
            verdict.evidence,
            now,
        )
        return opened, "opened"
    updated = replace(
        current,
        rule_version=verdict.rule_version,
        severity=verdict.severity,
        seen_on=as_of,
        sentence_en=verdict.sentence_en,
        sentence_ja=verdict.sentence_ja,
        evidence=verdict.evidence,
        updated_at=now,
    )
    # Severity is what a person must hear of; a number that moves with the calendar is not news.
    return updated, "updated" if updated.severity != current.severity else None


def withdraw(alert: Alert, now: datetime) -> Alert:
    """The alert taken back: another one tells the same from an earlier day, or history no longer finds it."""
    return replace(alert, state="withdrawn", updated_at=max(now, alert.updated_at))


def one_per_question(alerts: Iterable[Alert], now: datetime) -> tuple[dict[tuple[str, str], Alert], list[Alert]]:
    """Of open alerts, the earliest of each account and rule; the others withdrawn.

    Two can only be open where two assessments crossed, one of history and one of today.
    """
    kept: dict[tuple[str, str], Alert] = {}
    withdrawn = []
    for alert in sorted(alerts, key=lambda a: (a.opened_on, a.alert_id.int)):
        question = (alert.account_id, alert.rule)
        if question in kept:
            withdrawn.append(withdraw(alert, now))
        else:
            kept[question] = alert
    return kept, withdrawn


def alert_message(alert: Alert, change: Change) -> dict[str, Any]:
    """An alert change as it goes to Kafka and to channels: plain JSON values."""
    values: dict[str, Any] = {"change": change, **asdict(alert), "alert_id": str(alert.alert_id)}
    for name in ("opened_on", "seen_on", "resolved_on", "updated_at"):
        values[name] = values[name].isoformat() if values[name] is not None else None
    return values

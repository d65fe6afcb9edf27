"""Features out of ClickHouse, assessments and alerts into it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from infra.clickhouse import ClickHouse
from infra.histories import Histories
from infra.rule_book import business_calendar, load_rules
from infra.settings import Settings
from models.account_history import AccountHistory
from models.alerts import Alert, alert_message, one_per_question, withdraw
from models.assessment import AlertChange, Assessment, assess
from models.findings import Evidence, Verdict
from models.rules.rule import AsOf

Publish = Callable[[list[tuple[str, dict[str, Any]]]], None]

_ALERT_COLUMNS = (
    "alert_id",
    "account_id",
    "rule",
    "rule_version",
    "state",
    "severity",
    "opened_on",
    "seen_on",
    "resolved_on",
    "sentence_en",
    "sentence_ja",
    "evidence",
    "updated_at",
)


class Assessments:
    """What assessment does with ClickHouse."""

    def __init__(self, clickhouse: ClickHouse, settings: Settings) -> None:
        """Raises SettingsError where the rules cannot be read."""
        self._clickhouse = clickhouse
        self._histories = Histories(clickhouse, settings)
        self._fiscal_start_month = settings.fiscal_year_start_month
        self.book = load_rules(settings)
        self._calendar = business_calendar(self.book)

    def run(self, as_of: date, now: datetime, accounts: Sequence[str], publish: Publish) -> Assessment:
        """Judge the accounts (all, if none is named) as of the end of a business day and record what follows.

        publish: sends alert changes to Kafka and returns when Kafka has them. It goes before the saving: after a crash
        in between, the same change with the same id is published again, and none is missed.
        """
        open_alerts, withdrawn = one_per_question(self.alerts(state="open", accounts=accounts), now)
        merged = self.merged(as_of, accounts)
        # Its people are another account's now, and that one is judged by them.
        withdrawn += [withdraw(alert, now) for alert in open_alerts.values() if alert.account_id in merged]
        result = assess(self.histories(as_of, accounts), open_alerts, self.as_of(as_of), now, self.book)
        changes = [*(AlertChange(alert, "withdrawn") for alert in withdrawn), *result.changes]
        publish([(c.alert.account_id, alert_message(c.alert, c.change)) for c in changes if c.change])
        self.save_alerts([change.alert for change in changes])
        self.save_verdicts(result.verdicts, as_of, now, accounts)
        return result

    def merged(self, as_of: date, accounts: Sequence[str] = ()) -> set[str]:
        """Which of the accounts (all, if none is named) have become part of others by a day."""
        rows = self._clickhouse.rows("merged_accounts", {"as_of": as_of, "accounts": list(accounts)})
        return {row["account_id"] for row in rows}

    def histories(self, as_of: date, accounts: Sequence[str] = ()) -> Iterator[AccountHistory]:
        """What there is to be judged of the accounts (all, if none is named) as of the end of a business day."""
        for piece in self._histories.load(as_of, as_of, accounts):
            yield from piece

    def as_of(self, day: date) -> AsOf:
        """The day of the question, as the rules ask it."""
        return AsOf(day.toordinal(), self._calendar, self._fiscal_start_month)

    def alerts(self, *, state: str = "", accounts: Sequence[str] = ()) -> list[Alert]:
        """Alerts in their last state; withdrawn ones are not among them. state '' for all."""
        return [_alert(row) for row in self._clickhouse.rows("alerts_of", {"state": state, "accounts": list(accounts)})]

    def save_alerts(self, alerts: Sequence[Alert]) -> None:
        rows = [
            (
                *(getattr(alert, name) for name in _ALERT_COLUMNS[:-2]),
                evidence_json(alert.evidence),
                alert.updated_at,
                int(alert.state == "withdrawn"),
            )
            for alert in alerts
        ]
        self._clickhouse.insert_rows("alerts", (*_ALERT_COLUMNS, "is_deleted"), rows)

    def save_verdicts(
        self, verdicts: Sequence[Verdict], as_of: date, now: datetime, accounts: Sequence[str] = ()
    ) -> None:
        """Save what was found of these accounts (all, if none is named) for a day; what no longer holds goes."""
        found = {(v.account_id, v.rule) for v in verdicts}
        before = self._clickhouse.rows("assessments_of", {"as_of": as_of, "accounts": list(accounts)})
        gone = [(row["account_id"], row["rule"]) for row in before if (row["account_id"], row["rule"]) not in found]
        self._clickhouse.insert_rows(
            "assessments",
            ("account_id", "rule", "as_of", "status", "rule_version", "evidence", "assessed_at", "is_deleted"),
            [
                *(
                    (v.account_id, v.rule, as_of, v.status, v.rule_version, evidence_json(v.evidence), now, 0)
                    for v in verdicts
                ),
                *((account_id, rule, as_of, "", "", "", now, 1) for account_id, rule in gone),
            ],
        )


def evidence_json(evidence: Evidence) -> str:
    return json.dumps(asdict(evidence), ensure_ascii=False, sort_keys=True)


def _alert(row: dict[str, Any]) -> Alert:
    values = {name: row[name] for name in _ALERT_COLUMNS}
    values["alert_id"] = UUID(str(row["alert_id"]))
    values["evidence"] = Evidence(**json.loads(row["evidence"]))
    values["updated_at"] = row["updated_at"].replace(tzinfo=row["updated_at"].tzinfo or UTC)
    return Alert(**values)

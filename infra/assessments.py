"""Features out of ClickHouse, assessments and alerts into it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from infra.clickhouse import ClickHouse
from infra.revenue import revenue_by_quarter
from models.alerts import Alert, alert_message, one_per_question, withdraw
from models.assessment import AlertChange, Assessment, Features, assess
from models.days import fiscal_quarter, quarter_start
from models.findings import Evidence, Verdict
from models.rules import gone_quiet as quiet
from models.rules.replacement_risk import QUARTERS, Relationship, YearOfContacts

Publish = Callable[[list[tuple[str, dict[str, Any]]]], None]

_NOBODY = YearOfContacts(0, 0, 0)
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
    """What assessment does with ClickHouse. fiscal_start_month: first month of the fiscal year."""

    def __init__(self, clickhouse: ClickHouse, fiscal_start_month: int) -> None:
        self._clickhouse = clickhouse
        self._fiscal_start_month = fiscal_start_month

    def run(self, as_of: date, now: datetime, accounts: Sequence[str], publish: Publish) -> Assessment:
        """Judge the accounts (all, if none is named) as of the end of a business day and record what follows.

        publish: sends alert changes to Kafka and returns when Kafka has them. It goes before the saving: after a crash
        in between, the same change with the same id is published again, and none is missed.
        """
        features = self.features(as_of, accounts)
        open_alerts, withdrawn = one_per_question(self.alerts(state="open", accounts=accounts), now)
        merged = self.merged(as_of, accounts)
        # Its people are another account's now, and that one is judged by them.
        withdrawn += [withdraw(alert, now) for alert in open_alerts.values() if alert.account_id in merged]
        result = assess(features, open_alerts, as_of, now, self._fiscal_start_month)
        changes = [*(AlertChange(alert, "withdrawn") for alert in withdrawn), *result.changes]
        publish([(c.alert.account_id, alert_message(c.alert, c.change)) for c in changes if c.change])
        self.save_alerts([change.alert for change in changes])
        self.save_verdicts(result.verdicts, as_of, now, accounts)
        return result

    def merged(self, as_of: date, accounts: Sequence[str] = ()) -> set[str]:
        """Which of the accounts (all, if none is named) have become part of others by a day."""
        rows = self._clickhouse.rows("merged_accounts", {"as_of": as_of, "accounts": list(accounts)})
        return {row["account_id"] for row in rows}

    def features(self, as_of: date, accounts: Sequence[str] = ()) -> list[Features]:
        """Features of the accounts (all, if none is named) as of the end of a business day."""
        chosen = {"accounts": list(accounts)}
        declared = self._clickhouse.rows("accounts", {**chosen, "as_of": as_of})
        days = self._days_in_touch(as_of, chosen)
        strategic = {a["account_id"] for a in declared if a["tier"] == "strategic" and a["kind"] == "customer"}
        relationships = self._relationships(as_of, chosen, strategic)
        return [
            Features(a["account_id"], days.get(a["account_id"], ()), relationships.get(a["account_id"]))
            for a in declared
        ]

    def _days_in_touch(self, as_of: date, chosen: dict[str, Any]) -> dict[str, tuple[date, ...]]:
        first = as_of - timedelta(days=quiet.HISTORY_DAYS - 1)
        rows = self._clickhouse.rows("days_in_touch", {**chosen, "first": first, "last": as_of})
        return {row["account_id"]: tuple(row["days"]) for row in rows}

    def _relationships(self, as_of: date, chosen: dict[str, Any], strategic: set[str]) -> dict[str, Relationship]:
        if not strategic:
            return {}
        start = self._fiscal_start_month
        # Only complete quarters count; the one that holds as_of is complete on its last day.
        end = fiscal_quarter(as_of + timedelta(days=1), start)
        first = end - 2 * QUARTERS
        before_from, now_from = quarter_start(first, start), quarter_start(end - QUARTERS, start)
        last = quarter_start(end, start) - timedelta(days=1)
        years: dict[tuple[str, int], YearOfContacts] = {}
        parameters = {**chosen, "before_from": before_from, "now_from": now_from, "last": last}
        for row in self._clickhouse.rows("contacts_by_year", parameters):
            years[row["account_id"], int(row["is_now"])] = YearOfContacts(
                int(row["management"]), int(row["staff"]), int(row["unknown"])
            )
        revenue = revenue_by_quarter(self._clickhouse, chosen["accounts"], first, 2 * QUARTERS, start)
        result = {}
        for account_id in strategic:
            currency, quarters = revenue.get(account_id, ("", (None,) * (2 * QUARTERS)))
            result[account_id] = Relationship(
                years.get((account_id, 0), _NOBODY),
                years.get((account_id, 1), _NOBODY),
                quarters[:QUARTERS],
                quarters[QUARTERS:],
                currency,
                first,
                (before_from, last),
            )
        return result

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

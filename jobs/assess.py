"""`setten assess`: judge accounts as of a date, and record the alerts of a stretch of history."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as midnight
from uuid import UUID

from infra.assessments import Assessments
from infra.clickhouse import ClickHouse
from infra.kafka import ALERTS, Publisher, producer
from infra.settings import Settings
from models.alerts import Alert, Change, alert_message, withdraw
from models.assessment import assess, judge
from models.findings import Verdict


@dataclass(frozen=True)
class Judgement:
    """What all rules say as of a day, and how many accounts were judged."""

    as_of: date
    accounts: int
    verdicts: tuple[Verdict, ...]


def judge_all(settings: Settings, as_of: date, accounts: list[str]) -> Judgement:
    """Judge without recording anything. Raises ClickHouseUnavailable."""
    store = Assessments(ClickHouse(settings), settings.fiscal_year_start_month)
    features = store.features(as_of, accounts)
    verdicts = tuple(
        verdict
        for one in features
        for verdict in judge(one, as_of, settings.fiscal_year_start_month).values()
        if verdict is not None
    )
    return Judgement(as_of, len(features), verdicts)


def record_history(settings: Settings, first: date, last: date, step_days: int = 7) -> Iterator[date]:
    """Replay the assessment of every step from first to last, last included; yields each day when it is judged.

    Each day is judged as at its end, so that alerts carry the dates they would have had. In the end the alerts that
    opened since `first` are those of the replay and no others; the open ones that are new are told to Kafka.
    """
    store = Assessments(ClickHouse(settings), settings.fiscal_year_start_month)
    open_alerts: dict[tuple[str, str], Alert] = {}
    replayed: dict[UUID, Alert] = {}
    for as_of in _steps(first, last, step_days):
        now = datetime.combine(as_of + timedelta(days=1), midnight(), settings.zone)
        result = assess(store.features(as_of), open_alerts, as_of, now, settings.fiscal_year_start_month)
        for change in result.changes:
            alert = change.alert
            replayed[alert.alert_id] = alert
            if alert.state == "open":
                open_alerts[alert.account_id, alert.rule] = alert
            else:
                open_alerts.pop((alert.account_id, alert.rule), None)
        store.save_verdicts(result.verdicts, as_of, now)
        yield as_of
    _replace_alerts(settings, store, first, replayed)


def _replace_alerts(settings: Settings, store: Assessments, first: date, replayed: dict[UUID, Alert]) -> None:
    now = datetime.now(settings.zone)
    before = {alert.alert_id: alert for alert in store.alerts() if alert.opened_on >= first}
    withdrawn = [withdraw(alert, now) for key, alert in before.items() if key not in replayed]
    told: list[tuple[Alert, Change]] = [
        (alert, "withdrawn") for alert in withdrawn if before[alert.alert_id].state == "open"
    ]
    told += [(a, "opened") for key, a in replayed.items() if a.state == "open" and key not in before]
    kafka = producer(settings)
    try:
        Publisher(kafka).send(ALERTS, [(alert.account_id, alert_message(alert, change)) for alert, change in told])
    finally:
        kafka.close()
    # What was judged later than the replay's last day stands as it is.
    newer = {key for key, alert in before.items() if key in replayed and alert.updated_at > replayed[key].updated_at}
    store.save_alerts([*withdrawn, *(alert for key, alert in replayed.items() if key not in newer)])


def _steps(first: date, last: date, step_days: int) -> list[date]:
    """Every step_days days, counted back from the last, oldest first."""
    return [last - timedelta(days=back) for back in range(0, (last - first).days + 1, step_days)][::-1]

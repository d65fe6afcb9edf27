"""`setten assess`: judge accounts as of a date, and record the alerts of a stretch of history."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from infra.assessments import Assessments
from infra.clickhouse import ClickHouse
from infra.kafka import ALERTS, Publisher, producer
from infra.settings import Settings
from models.alerts import Alert, Change, alert_message, one_per_question, withdraw
from models.assessment import assess, judge
from models.days import day_ends_at
from models.findings import Verdict


@dataclass(frozen=True)
class Judgement:
    """What all rules say as of a day, and how many accounts were judged."""

    as_of: date
    accounts: int
    verdicts: tuple[Verdict, ...]


def judge_all(settings: Settings, as_of: date, accounts: list[str]) -> Judgement:
    """Judge without recording anything. Raises ClickHouseUnavailable."""
    store = Assessments(ClickHouse(settings), settings)
    verdicts: list[Verdict] = []
    count = 0
    for history in store.histories(as_of, accounts):
        count += 1
        found = judge(history, store.as_of(as_of), store.book).values()
        verdicts += [verdict for verdict in found if verdict is not None]
    return Judgement(as_of, count, tuple(verdicts))


def record_history(settings: Settings, first: date, last: date) -> Iterator[date]:
    """Replay the assessment of every week from first to last, last included; yields each day when it is judged.

    Each day is judged as at its end, so that alerts carry the dates they would have had. In the end the alerts that
    opened in that time are those of the replay and no others; a replay up to yesterday or later replaces today's too.
    What is news of the present, and only that, is told to Kafka.
    """
    store = Assessments(ClickHouse(settings), settings)
    today = datetime.now(settings.zone)
    # An alert from before goes on; without it the same silence would open a second one.
    earlier = [alert for alert in store.alerts(state="open") if alert.opened_on < first]
    open_alerts, _ = one_per_question(earlier, today)
    replayed: dict[UUID, Alert] = {}
    for as_of in _steps(first, last):
        # Never judged in the future: what a sweep sees later today must count as later.
        now = min(day_ends_at(as_of, settings.zone), today)
        merged = store.merged(as_of)
        for key in [key for key in open_alerts if key[0] in merged]:  # as an assessment of that day withdraws it
            replayed.pop(open_alerts.pop(key).alert_id, None)
        result = assess(store.histories(as_of), open_alerts, store.as_of(as_of), now, store.book)
        for change in result.changes:
            alert = change.alert
            replayed[alert.alert_id] = alert
            if alert.state == "open":
                open_alerts[alert.account_id, alert.rule] = alert
            else:
                open_alerts.pop((alert.account_id, alert.rule), None)
        store.save_verdicts(result.verdicts, as_of, now)
        yield as_of
    present = last >= today.date() - timedelta(days=1)
    # Read again: a sweep may have opened alerts of today while history was judged.
    before = {a.alert_id: a for a in store.alerts() if first <= a.opened_on and (present or a.opened_on <= last)}
    _replace_alerts(settings, store, before, replayed, tell=present)


def _replace_alerts(
    settings: Settings, store: Assessments, before: dict[UUID, Alert], replayed: dict[UUID, Alert], *, tell: bool
) -> None:
    """Put the replayed alerts in the place of those that stood for the same time."""
    now = datetime.now(settings.zone)
    withdrawn = [withdraw(alert, now) for key, alert in before.items() if key not in replayed]
    if tell:
        told: list[tuple[Alert, Change]] = [(a, "withdrawn") for a in withdrawn if before[a.alert_id].state == "open"]
        for key, alert in replayed.items():
            was = before[key].state if key in before else ""
            if alert.state == "open" and was != "open":
                told.append((alert, "opened"))
            elif alert.state == "resolved" and was == "open":
                told.append((alert, "resolved"))
        kafka = producer(settings)
        try:
            Publisher(kafka).send(ALERTS, [(alert.account_id, alert_message(alert, change)) for alert, change in told])
        finally:
            kafka.close()
    # What was judged later than the replay's last day stands as it is.
    newer = {key for key, alert in before.items() if key in replayed and alert.updated_at > replayed[key].updated_at}
    store.save_alerts([*withdrawn, *(alert for key, alert in replayed.items() if key not in newer)])


def _steps(first: date, last: date) -> list[date]:
    """Every Sunday from first to last, and the last day; fixed days, so that a later replay opens the same alerts."""
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    return [day for day in days if day.weekday() == 6] + [last]

"""`setten assess`: judge accounts as of a date, and record the alerts of a stretch of history."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as midnight

from infra.assessments import Assessments
from infra.clickhouse import ClickHouse
from infra.kafka import ALERTS, Publisher, producer
from infra.settings import Settings
from models.assessment import judge
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
    """Assess and record alerts as of every step from first to last, last included; yields each day when it is done.

    Each day is judged as at its end, so that the alerts carry the dates they would have had.
    """
    store = Assessments(ClickHouse(settings), settings.fiscal_year_start_month)
    kafka = producer(settings)
    publisher = Publisher(kafka)
    try:
        for as_of in _steps(first, last, step_days):
            now = datetime.combine(as_of + timedelta(days=1), midnight(), settings.zone)
            store.run(as_of, now, (), lambda changes: publisher.send(ALERTS, changes))
            yield as_of
    finally:
        kafka.close()


def _steps(first: date, last: date, step_days: int) -> list[date]:
    """Every step_days days, counted back from the last, oldest first."""
    return [last - timedelta(days=back) for back in range(0, (last - first).days + 1, step_days)][::-1]

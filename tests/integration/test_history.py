"""`setten assess --since`: what a replay of past weeks leaves of the alerts."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from infra.assessments import Assessments
from infra.clickhouse import ClickHouse
from infra.settings import Settings
from infra.store import Store
from jobs.assess import record_history
from models.alerts import Alert
from streams.ingest.cycle import Cycle
from tests.integration.test_features import ACCOUNT, fact, record, signal

# In touch every third day until the end of November, and never again.
HABIT = [date(2024, 1, 1) + timedelta(days=n) for n in range(0, 335, 3)]
FIRST, LAST = date(2024, 6, 1), date(2025, 3, 15)


class History:
    """The alerts of one account in a database of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clickhouse = ClickHouse(settings)
        self._cycle = Cycle(Store(self._clickhouse, settings.business_timezone), "facts", lambda touched: None)
        self._cycle.run([record([ACCOUNT], "facts")])
        self.met(HABIT)

    def met(self, days: list[date]) -> None:
        self._cycle.run([record([signal(day.toordinal(), f"{day}T01:00:00Z") for day in days])])

    def merged(self, since: date | None) -> None:
        """The account has become part of another, always or from a day on."""
        other = fact("account_declared", account_id="kita", name="Kita")
        told = {"account_id": ACCOUNT["account_id"], "into": "kita", **({"since": str(since)} if since else {})}
        self._cycle.run([record([other, fact("account_merged", **told)], "facts")])

    def replay(self, first: date = FIRST, last: date = LAST) -> list[date]:
        return list(record_history(self._settings, first, last))

    def alerts(self, state: str = "") -> list[Alert]:
        return Assessments(self._clickhouse, self._settings).alerts(state=state)


@pytest.fixture
def history(new_database: Callable[[], Settings]) -> History:
    return History(new_database())


def test_an_alert_of_the_past_carries_the_day_it_would_have_had(history: History) -> None:
    days = history.replay()
    assert {day.isoweekday() for day in days[:-1]} == {7}
    assert days[-1] == LAST
    [alert] = history.alerts()
    assert (alert.state, alert.rule, alert.opened_on, alert.seen_on) == ("open", "gone_quiet", date(2024, 12, 22), LAST)


def test_a_second_replay_finds_the_same_alerts(history: History) -> None:
    history.replay()
    before = history.alerts()
    history.replay()
    assert history.alerts() == before


def test_an_alert_from_before_the_replay_goes_on(history: History) -> None:
    history.replay()
    [alert] = history.alerts()
    history.replay(date(2025, 2, 1), date(2025, 4, 1))
    [now] = history.alerts()
    assert (now.alert_id, now.state, now.opened_on) == (alert.alert_id, "open", alert.opened_on)
    assert now.seen_on == date(2025, 4, 1)


def test_what_corrected_history_no_longer_finds_is_withdrawn(history: History) -> None:
    history.replay()
    assert len(history.alerts()) == 1
    history.met([HABIT[-1] + timedelta(days=n) for n in range(3, 120, 3)])
    history.replay()
    assert history.alerts() == []


def test_a_replay_of_a_stretch_leaves_the_alerts_of_other_times_alone(history: History) -> None:
    history.replay()
    before = history.alerts()
    history.met([HABIT[-1] + timedelta(days=n) for n in range(3, 120, 3)])
    history.replay(FIRST, date(2024, 10, 1))
    assert history.alerts() == before


def test_what_was_judged_later_than_the_replay_stands(history: History) -> None:
    history.replay(FIRST, date(2025, 4, 1))
    before = history.alerts()
    history.replay(FIRST, date(2025, 1, 31))
    assert history.alerts() == before


# Quiet until the middle of January: the alert of 22 December is resolved on 19 January.
BACK = [date(2025, 1, 16) + timedelta(days=n) for n in range(0, 60, 3)]


@pytest.mark.parametrize(
    ("since", "left"),
    [
        (None, []),
        (date(2025, 1, 1), []),  # open on that day, and withdrawn
        (date(2025, 2, 1), ["resolved"]),
    ],
)
def test_a_merger_takes_the_alerts_that_its_first_day_finds_open_and_no_earlier_ones(
    history: History, since: date | None, left: list[str]
) -> None:
    history.met(BACK)
    history.replay()
    before = history.alerts()
    assert [alert.state for alert in before] == ["resolved"]
    history.merged(since)
    history.replay()
    now = [alert for alert in history.alerts() if alert.account_id == ACCOUNT["account_id"]]
    assert [alert.state for alert in now] == left
    assert now == before[: len(left)]


def test_an_account_is_judged_until_the_day_before_it_becomes_part_of_another(history: History) -> None:
    history.merged(LAST + timedelta(days=1))
    history.replay()
    [alert] = history.alerts()
    assert (alert.account_id, alert.state, alert.seen_on) == (ACCOUNT["account_id"], "open", LAST)
    history.replay(FIRST, LAST + timedelta(days=1))
    assert history.alerts() == []

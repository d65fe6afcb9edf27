"""The life of an alert."""

from datetime import UTC, date, datetime

from models.alerts import Alert, advance, alert_id
from models.findings import Evidence, Severity, Status, Verdict

DAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def verdict(severity: Severity = "warning", status: Status = "finding") -> Verdict:
    return Verdict("a", "gone_quiet", "1", status, severity, "quiet", "静か", Evidence({}, {}, {}, {}, "q"))


def opened(severity: Severity = "warning") -> Alert:
    alert, change = advance(None, verdict(severity), DAY, NOW)
    assert alert is not None
    assert change == "opened"
    return alert


def test_a_finding_opens_an_alert_whose_id_says_account_rule_and_day() -> None:
    assert opened().alert_id == alert_id("a", "gone_quiet", DAY)
    assert opened().alert_id == opened().alert_id
    assert alert_id("a", "gone_quiet", DAY) != alert_id("a", "gone_quiet", date(2026, 6, 2))


def test_the_same_finding_on_a_later_day_is_no_news_but_is_seen() -> None:
    alert, change = advance(opened(), verdict(), date(2026, 6, 8), NOW)
    assert change is None
    assert alert is not None
    assert (alert.opened_on, alert.seen_on, alert.state) == (DAY, date(2026, 6, 8), "open")


def test_a_changed_severity_is_news() -> None:
    _, change = advance(opened("warning"), verdict("critical"), date(2026, 6, 8), NOW)
    assert change == "updated"


def test_no_finding_resolves_the_alert_on_that_day() -> None:
    alert, change = advance(opened(), None, date(2026, 6, 15), NOW)
    assert change == "resolved"
    assert alert is not None
    assert (alert.state, alert.resolved_on) == ("resolved", date(2026, 6, 15))


def test_insufficient_data_neither_opens_nor_resolves() -> None:
    unknown = verdict(status="insufficient_data")
    assert advance(None, unknown, DAY, NOW) == (None, None)
    alert = opened()
    assert advance(alert, unknown, date(2026, 6, 8), NOW) == (alert, None)


def test_no_finding_and_no_alert_is_nothing() -> None:
    assert advance(None, None, DAY, NOW) == (None, None)

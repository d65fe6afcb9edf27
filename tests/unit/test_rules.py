"""Rules held to timelines in YAML: what they say, and where they must keep silent."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.rules.gone_quiet import GoneQuiet, gone_quiet
from models.rules.replacement_risk import Relationship, ReplacementRisk, YearOfContacts, replacement_risk

TIMELINES = Path(__file__).parent.parent / "timelines"
AS_OF = date(2026, 6, 30)


def cases(name: str) -> list[Any]:
    loaded = yaml.safe_load((TIMELINES / f"{name}.yaml").read_text("utf-8"))
    return [pytest.param(case, id=case["story"]) for case in loaded]


def days_of(windows: list[int]) -> list[int]:
    """Days in touch (ordinals, sorted) from their number in each 30-day window, the latest window first."""
    return sorted(AS_OF.toordinal() - 30 * i - day for i, count in enumerate(windows) for day in range(count))


@pytest.mark.parametrize("case", cases("gone_quiet"))
def test_gone_quiet_says_what_the_timeline_expects(case: dict[str, Any]) -> None:
    verdict = gone_quiet(days_of(case["days_in_touch_by_window_latest_first"]), AS_OF.toordinal(), GoneQuiet())
    if case["expect"] == "silence":
        assert verdict is None
        return
    assert verdict is not None
    assert verdict.severity == case["expect"]["severity"]
    assert verdict.evidence.expected["days_in_touch_per_window"] == case["expect"]["habit"]
    silence_days = case["expect"].get("window_days", 30) * case["expect"]["windows"]
    assert verdict.evidence.window["from"] == (AS_OF - timedelta(days=silence_days - 1)).isoformat()


@pytest.mark.parametrize("case", cases("replacement_risk"))
def test_replacement_risk_says_what_the_timeline_expects(case: dict[str, Any]) -> None:
    relationship = Relationship(
        YearOfContacts(*case["contacts_before"]),
        YearOfContacts(*case["contacts_now"]),
        tuple(case["revenue_before"]),
        tuple(case["revenue_now"]),
        "JPY",
        8096,
        (date(2024, 4, 1), date(2026, 3, 31)),
    )
    verdict = replacement_risk(relationship, 4, ReplacementRisk())
    if case["expect"] == "silence":
        assert verdict is None
        return
    assert verdict is not None
    assert verdict.status == case["expect"]
    for text in case.get("says", []):
        assert text in verdict.sentence_en


def test_a_touch_after_the_as_of_date_changes_nothing() -> None:
    days, day = days_of([0, 8, 8, 8, 8, 8, 8]), AS_OF.toordinal()
    later = [*days, day + 1]
    assert gone_quiet(days, day, GoneQuiet()) == gone_quiet(later, day, GoneQuiet()) != None  # noqa: E711

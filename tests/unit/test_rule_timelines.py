"""Every rule held to its timelines: what it says, and where it must keep silent."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from models.assessment import RULES
from models.rules import gone_quiet
from models.rules.book import read_rules
from models.rules.rule import Rule
from models.rules.timeline import Timeline, differences, tell

FOLDER = Path(__file__).parent.parent / "timelines"
# Told in formats of their own: tests/unit/test_rules.py.
OLDER = ("gone_quiet", "replacement_risk")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_what_its_stories_expect(rule: Rule[Any]) -> None:
    told = [] if rule.name in OLDER else yaml.safe_load((FOLDER / f"{rule.name}.yaml").read_text("utf-8"))
    for timeline in map(Timeline.model_validate, told):
        assert differences(tell(timeline, rule), timeline.expect) == [], timeline.story


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_its_page(rule: Rule[Any]) -> None:
    page = (FOLDER.parent.parent / "docs" / "rules" / f"{rule.name}.md").read_text("utf-8")
    assert page.startswith(f"# {rule.name}\n")
    for threshold in rule.thresholds().told():
        assert f"`{threshold}`" in page or f"`{threshold.upper()}`" in page, f"{threshold} is not on the page"


def test_the_timeline_of_the_documentation_holds() -> None:
    page = (FOLDER.parent.parent / "docs" / "rules.md").read_text("utf-8")
    [told] = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])
    timeline = Timeline.model_validate(told)
    assert differences(tell(timeline, gone_quiet.RULE), timeline.expect) == []


def test_the_rule_book_of_the_documentation_is_read() -> None:
    page = (FOLDER.parent.parent / "docs" / "rules.md").read_text("utf-8")
    assert not isinstance(read_rules(page.split("```toml\n")[1].split("```")[0], RULES), list)

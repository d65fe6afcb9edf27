"""The words a story is written in: its pace, growth and people, and the alerts it must raise."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from jobs.demo.cast import Person

NEW_NAME, NEW_DOMAIN = "レイメックス", "reimex.example"


@dataclass(frozen=True)
class ExpectedAlert:
    """An alert that a weekly or more frequent assessment must raise.

    It opens on open_from at the earliest and open_by at the latest, and stays open without a break; it is resolved by
    resolved_by, or still open on the last day where that is None.
    """

    rule: str
    open_from: date
    open_by: date
    resolved_by: date | None = None


@dataclass(frozen=True)
class Story:
    """What happens at one account, in a sentence or two, and the only alerts it may have in the last 52 weeks."""

    account_id: str
    name: str
    summary_en: str
    summary_ja: str
    expected: tuple[ExpectedAlert, ...] = ()


@dataclass(frozen=True)
class Pace:
    """From `since` on: low to high days in touch in every `every_weeks`-th week, up to `interactions` each day."""

    since: date
    low: int
    high: int
    every_weeks: int = 1
    interactions: int = 2


@dataclass(frozen=True)
class Growth:
    """Revenue: steady growth a year; months before `jump_on` are lower by the factor `before_jump`."""

    yearly: float
    jump_on: date = date.min
    before_jump: float = 1.0


Arrange = Callable[[list[Person]], list[Person]]


@dataclass(frozen=True)
class Script:
    """How to play a story. paces: oldest first. visitors: share of web visits by people who are not identified."""

    story: Story
    paces: tuple[Pace, ...]
    growth: Growth
    arrange: Arrange = list
    visitors: float = 0.25
    crawlers_from: date | None = None
    renamed_on: date | None = None

    def pace(self, day: date) -> Pace:
        """The pace of a day. Before the first pace nothing happens."""
        found = Pace(date.min, 0, 0)
        for pace in self.paces:
            if pace.since <= day:
                found = pace
        return found

"""The stages of an account: a fold of its engagement over days.

On a day an account is in the highest stage that it entered (score, people and managers all reached) at most keep_days
before and in which its score has not been below `leave_below` since. So keep_days and the span of a score decide, and
nothing before: a stage needs no memory that could be wrong.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from models.score.profile import ScoreProfile

# Scores are compared and told in millionths: below, sums of the same numbers in another order differ.
_DIGITS = 6
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayChange:
    """What a day changes at an account. points: its rows' on their own day, weighted.

    people, managers: how many more or fewer engaged lately from this day on. seen: touches read for the day's rows.
    """

    day: date
    points: float
    people: int
    managers: int
    seen: int


@dataclass(frozen=True)
class Standing:
    """An account at the end of a day. rank: of its stage, from 1; 0 for none."""

    day: date
    score: float
    people: int
    managers: int
    rank: int


@dataclass(frozen=True)
class Transition:
    """A day on which the stage is another than on the day before. qualified: it is an MQL now.

    why_en, why_ja: the numbers that decided; they name nobody. seen: touches that the days deciding it were read from.
    """

    day: date
    from_stage: str
    to_stage: str
    qualified: bool
    score: float
    people: int
    managers: int
    why_en: str
    why_ja: str
    seen: int


def memory_days(profile: ScoreProfile) -> int:
    """How many days back what happened decides over the transition of a day."""
    return profile.horizon_days + profile.keep_days + 1


def standings(profile: ScoreProfile, changes: Sequence[DayChange], last: date) -> Iterator[Standing]:
    """The account at the end of each day from the first change to `last`; days on which nothing holds are left out.

    changes: by day, one a day. Those of a stretch give right standings from its memory_days on.
    """
    decay, horizon = 0.5 ** (1 / profile.half_life_days), profile.horizon_days
    gone = decay ** (horizon + 1)
    rising, people, managers, coming, going = 0.0, 0, 0, 0, 0
    entered: list[date | None] = [None] * len(profile.stages)
    day = changes[0].day if changes else last + _DAY
    while day <= last:
        rising *= decay
        if coming < len(changes) and changes[coming].day == day:
            now = changes[coming]
            rising, people, managers = rising + now.points, people + now.people, managers + now.managers
            coming += 1
        while going < coming and (day - changes[going].day).days > horizon:
            rising -= changes[going].points * gone
            going += 1
        if going == coming:
            rising = 0.0  # nothing is left, nor of what sums have lost in their last digits
        score = round(max(rising, 0.0), _DIGITS)
        _enter_or_leave(profile, entered, Standing(day, score, people, managers, 0))
        rank = max((place for place, since in enumerate(entered, 1) if since is not None), default=0)
        yield Standing(day, score, people, managers, rank)
        if going == coming and not rank:  # nothing happens until the next change
            if coming == len(changes):
                return
            day = changes[coming].day
        else:
            day += _DAY


def _enter_or_leave(profile: ScoreProfile, entered: list[date | None], now: Standing) -> None:
    """Advance, by stage, the last day on which its entry was reached; None where it does not hold."""
    for place, stage in enumerate(profile.stages):
        since = entered[place]
        if now.score >= stage.score and now.people >= stage.people and now.managers >= stage.managers:
            entered[place] = now.day
        elif since is not None and (now.score < stage.leave_below or (now.day - since).days > profile.keep_days):
            entered[place] = None


def transitions(profile: ScoreProfile, changes: Iterable[DayChange], last: date) -> list[Transition]:
    """All changes of stage up to a day, in their order. The order of `changes` does not matter."""
    ordered = sorted(changes, key=lambda one: one.day)
    seen = Seen(profile, ordered)
    found, before = [], 0
    for now in standings(profile, ordered, last):
        if now.rank != before:
            en, ja = _why(profile, before, now)
            found.append(
                Transition(
                    day=now.day,
                    from_stage=profile.stage_name(before),
                    to_stage=profile.stage_name(now.rank),
                    qualified=now.rank >= profile.mql_rank,
                    score=now.score,
                    people=now.people,
                    managers=now.managers,
                    why_en=en,
                    why_ja=ja,
                    seen=seen.by(now.day),
                )
            )
            before = now.rank
    return found


class Seen:
    """How many touches decided over the days of an account: grows with whatever comes to be known of them."""

    def __init__(self, profile: ScoreProfile, changes: Sequence[DayChange]) -> None:
        """changes: by day."""
        self._memory = timedelta(days=memory_days(profile))
        self._days = [one.day for one in changes]
        self._sums = list(accumulate((one.seen for one in changes), initial=0))

    def by(self, day: date) -> int:
        """Touches of the days that decide over the stage of this day and of the one before."""
        before = day - self._memory - _DAY
        return self._sums[bisect_right(self._days, day)] - self._sums[bisect_right(self._days, before)]


def _why(profile: ScoreProfile, before: int, now: Standing) -> tuple[str, str]:
    """The numbers of a transition against the bounds that it passed."""
    if now.rank > before:
        stage = profile.stages[now.rank - 1]
        en, ja = [f"score {now.score:.1f} ≥ {stage.score:g}"], [f"スコア {now.score:.1f} ≥ {stage.score:g}"]
        for count, least, word, word_ja in (
            (now.people, stage.people, "people", "人数"),
            (now.managers, stage.managers, "managers", "管理職"),
        ):
            if least:
                en.append(f"{word} {count} ≥ {least}")
                ja.append(f"{word_ja} {count} ≥ {least}")
        return ", ".join(en), "、".join(ja)
    left = profile.stages[before - 1]
    if now.score < left.leave_below:
        told = f"{now.score:.1f} < {left.leave_below:g}"
        return f"score {told}", f"スコア {told}"
    return (
        f"entry to {left.name} not reached for {profile.keep_days} days",
        f"{left.ja}の条件を{profile.keep_days}日間満たしていない",
    )

"""gone_quiet: an account is in touch clearly less than is its habit. Formula and limits: docs/rules/gone_quiet.md."""

from dataclasses import dataclass
from statistics import median
from typing import Annotated

from pydantic import Field

from models.account_history import AccountHistory, Day, Days, count_within, last_until, shown_day
from models.findings import Evidence
from models.rules.rule import AsOf, Finding, Rule, Share, Thresholds

HABIT_WINDOWS = 6


@dataclass(frozen=True, slots=True)
class Scale:
    """Windows of `window_days`; a silence is followed back over at most `longest_silence` of them."""

    window_days: int
    longest_silence: int

    @property
    def windows(self) -> int:
        return HABIT_WINDOWS + self.longest_silence


# Months for accounts met every few weeks; quarters for those whose months hold too few days to judge by.
MONTHS = Scale(30, 9)
QUARTERS = Scale(90, 4)
HISTORY_DAYS = max(scale.window_days * scale.windows for scale in (MONTHS, QUARTERS))


class GoneQuiet(Thresholds):
    """ratio: silent is a window under this share of the habit. least_habit_days: a smaller habit is not judged by."""

    ratio: Share = 0.34
    least_habit_days: Annotated[float, Field(gt=0, le=30, allow_inf_nan=False)] = 2.0


@dataclass(frozen=True, slots=True)
class _Silence:
    scale: Scale
    run: int
    habit: float
    counts: list[int]


def gone_quiet(days: Days, as_of: Day, t: GoneQuiet) -> Finding | None:
    """Find an account whose recent days in touch are few by its own habit.

    days: with an inbound or mutual touch by a person, sorted; those after as_of and those HISTORY_DAYS or more before
    it are of no use here. Windows are counted back from as_of. Silence is the longest run of the latest windows that
    each stay under the ratio of the habit, the median of the HABIT_WINDOWS before the run; a median, so that one busy
    launch cannot raise the bar. Windows are months, unless the latest six months before the last hold under
    least_habit_days in the median: then quarters are tried as well. Under least_habit_days a window, small counts
    fall by chance: no judgement.
    """
    last = last_until(days, as_of)
    if last is None or as_of - last >= HISTORY_DAYS:
        return None
    months = _counts(days, as_of, MONTHS)
    silence = _silence(MONTHS, months, days, as_of, t)
    if silence is None and median(months[1 : 1 + HABIT_WINDOWS]) < t.least_habit_days:
        silence = _silence(QUARTERS, _counts(days, as_of, QUARTERS), days, as_of, t)
    return _finding(as_of, silence, last, t) if silence else None


def _judge(history: AccountHistory, as_of: AsOf, t: GoneQuiet) -> Finding | None:
    return gone_quiet(history.engaged, as_of.day, t)


RULE = Rule("gone_quiet", "1", GoneQuiet, _judge)


def _counts(days: Days, as_of: Day, scale: Scale) -> list[int]:
    width = scale.window_days
    return [count_within(days, as_of - (i + 1) * width + 1, as_of - i * width) for i in range(scale.windows)]


def _silence(scale: Scale, counts: list[int], days: Days, as_of: Day, t: GoneQuiet) -> _Silence | None:
    first = next(day for day in days if day > as_of - HISTORY_DAYS)
    known_windows = (as_of - first) // scale.window_days + 1
    for run in range(min(scale.longest_silence, known_windows - HABIT_WINDOWS), 0, -1):
        habit = float(median(counts[run : run + HABIT_WINDOWS]))
        if habit >= t.least_habit_days and all(count < t.ratio * habit for count in counts[:run]):
            return _Silence(scale, run, habit, counts)
    return None


def _finding(as_of: Day, silence: _Silence, last: Day, t: GoneQuiet) -> Finding:
    window, run, habit = silence.scale.window_days, silence.run, silence.habit
    since = as_of - run * window + 1
    per_window = round(sum(silence.counts[:run]) / run, 1)
    return Finding(
        severity="critical" if run >= 2 else "warning",
        sentence_en=(
            f"Quiet for {run * window} days: in touch on {per_window:g} of every {window} days "
            f"against a habit of {habit:g}; last touch {shown_day(last)}."
        ),
        sentence_ja=(
            f"直近{run * window}日間、接点が減少しています。{window}日あたりの接触日数は{per_window:g}日"
            f"(通常{habit:g}日)、最終接点は{shown_day(last)}です。"
        ),
        evidence=Evidence(
            observed={"days_in_touch": silence.counts[:run], "last_touch_on": shown_day(last)},
            expected={
                "days_in_touch_per_window": habit,
                "from_windows": silence.counts[run : run + HABIT_WINDOWS],
            },
            window={"from": shown_day(since), "to": shown_day(as_of)},
            thresholds={**t.told(), "window_days": window},
            query="touches_of_account",
            parameters={"from": shown_day(as_of - (run + HABIT_WINDOWS) * window + 1), "to": shown_day(as_of)},
        ),
    )

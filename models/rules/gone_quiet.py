"""gone_quiet: an account is in touch clearly less than is its habit. Formula and limits: docs/rules/gone_quiet.md."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from models.findings import Evidence, Verdict

RULE = "gone_quiet"
VERSION = "1"
HABIT_WINDOWS = 6
RATIO = 0.34
LEAST_HABIT_DAYS = 2.0


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


@dataclass(frozen=True, slots=True)
class _Silence:
    scale: Scale
    run: int
    habit: float
    counts: list[int]


def gone_quiet(account_id: str, as_of: date, days_in_touch: Collection[date]) -> Verdict | None:
    """Find an account whose recent days in touch are few by its own habit.

    days_in_touch: distinct business-zone days with an inbound or mutual touch by a person, any order; those after
    as_of and those HISTORY_DAYS or more before it are of no use here.
    Windows are counted back from as_of. Silence is the longest run of the latest windows that each stay under RATIO of
    the habit, the median of the HABIT_WINDOWS before the run; a median, so that one busy launch cannot raise the bar.
    Windows are months, unless the latest six months before the last hold under LEAST_HABIT_DAYS in the median: then
    quarters are tried as well. Under LEAST_HABIT_DAYS a window, small counts fall by chance: no judgement.
    """
    past = {day for day in days_in_touch if 0 <= (as_of - day).days < HISTORY_DAYS}
    if not past:
        return None
    months = _counts(past, as_of, MONTHS)
    silence = _silence(MONTHS, months, past, as_of)
    if silence is None and median(months[1 : 1 + HABIT_WINDOWS]) < LEAST_HABIT_DAYS:
        silence = _silence(QUARTERS, _counts(past, as_of, QUARTERS), past, as_of)
    return _verdict(account_id, as_of, silence, max(past)) if silence else None


def _counts(past: Collection[date], as_of: date, scale: Scale) -> list[int]:
    counts = [0] * scale.windows
    for day in past:
        window = (as_of - day).days // scale.window_days
        if window < len(counts):
            counts[window] += 1
    return counts


def _silence(scale: Scale, counts: list[int], past: Collection[date], as_of: date) -> _Silence | None:
    known_windows = (as_of - min(past)).days // scale.window_days + 1
    for run in range(min(scale.longest_silence, known_windows - HABIT_WINDOWS), 0, -1):
        habit = float(median(counts[run : run + HABIT_WINDOWS]))
        if habit >= LEAST_HABIT_DAYS and all(count < RATIO * habit for count in counts[:run]):
            return _Silence(scale, run, habit, counts)
    return None


def _verdict(account_id: str, as_of: date, silence: _Silence, last: date) -> Verdict:
    window, run, habit = silence.scale.window_days, silence.run, silence.habit
    since = as_of - timedelta(days=run * window - 1)
    per_window = round(sum(silence.counts[:run]) / run, 1)
    return Verdict(
        account_id=account_id,
        rule=RULE,
        rule_version=VERSION,
        status="finding",
        severity="critical" if run >= 2 else "warning",
        sentence_en=(
            f"Quiet for {run * window} days: in touch on {per_window:g} of every {window} days "
            f"against a habit of {habit:g}; last touch {last.isoformat()}."
        ),
        sentence_ja=(
            f"直近{run * window}日間、接点が減少しています。{window}日あたりの接触日数は{per_window:g}日"
            f"(通常{habit:g}日)、最終接点は{last.isoformat()}です。"
        ),
        evidence=Evidence(
            observed={"days_in_touch": silence.counts[:run], "last_touch_on": last.isoformat()},
            expected={
                "days_in_touch_per_window": habit,
                "from_windows": silence.counts[run : run + HABIT_WINDOWS],
            },
            window={"from": since.isoformat(), "to": as_of.isoformat()},
            thresholds={"ratio": RATIO, "window_days": window, "least_habit_days": LEAST_HABIT_DAYS},
            query="touches_of_account",
            parameters={
                "account_id": account_id,
                "from": (as_of - timedelta(days=(run + HABIT_WINDOWS) * window - 1)).isoformat(),
                "to": as_of.isoformat(),
            },
        ),
    )

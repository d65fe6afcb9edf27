"""gone_quiet: an account is in touch clearly less than is its own habit. Formula and limits: docs/rules/gone_quiet.md."""

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median

from models.findings import Evidence, Verdict

RULE = "gone_quiet"
VERSION = "1"
WINDOW_DAYS = 30
HABIT_WINDOWS = 6
LONGEST_SILENCE_WINDOWS = 9
RATIO = 0.34
LEAST_HABIT_DAYS = 2.0
HISTORY_DAYS = WINDOW_DAYS * (HABIT_WINDOWS + LONGEST_SILENCE_WINDOWS)


def gone_quiet(account_id: str, as_of: date, days_in_touch: Sequence[date]) -> Verdict | None:
    """Find an account whose recent days in touch are few by its own habit.

    days_in_touch: distinct business-zone days with an inbound or mutual touch by a person, any order; those after
    as_of and those more than HISTORY_DAYS before it are of no use here, save that the earliest tells since when the
    account is known.
    Windows of WINDOW_DAYS are counted back from as_of. Silence is the longest run of the latest windows that each stay
    under RATIO of the habit, the median of the HABIT_WINDOWS before the run; a median, so that one busy launch cannot
    raise the bar. Under LEAST_HABIT_DAYS a habit is too small to judge by: small counts fall by chance.
    """
    past = [day for day in days_in_touch if day <= as_of]
    if not past:
        return None
    counts = [0] * (HABIT_WINDOWS + LONGEST_SILENCE_WINDOWS)
    for day in set(past):
        window = (as_of - day).days // WINDOW_DAYS
        if window < len(counts):
            counts[window] += 1
    known_windows = (as_of - min(past)).days // WINDOW_DAYS + 1
    for run in range(LONGEST_SILENCE_WINDOWS, 0, -1):
        if known_windows < run + HABIT_WINDOWS:
            continue
        habit = float(median(counts[run : run + HABIT_WINDOWS]))
        if habit >= LEAST_HABIT_DAYS and all(count < RATIO * habit for count in counts[:run]):
            return _verdict(account_id, as_of, run, habit, counts, max(past))
    return None


def _verdict(account_id: str, as_of: date, run: int, habit: float, counts: list[int], last: date) -> Verdict:
    since = as_of - timedelta(days=run * WINDOW_DAYS - 1)
    seen = sum(counts[:run])
    per_window = seen / run
    return Verdict(
        account_id=account_id,
        rule=RULE,
        rule_version=VERSION,
        status="finding",
        severity="critical" if run >= 2 else "warning",
        sentence_en=(
            f"Quiet for {run * WINDOW_DAYS} days: {per_window:g} days in touch per {WINDOW_DAYS} days "
            f"against a habit of {habit:g}; last touch {last.isoformat()}."
        ),
        sentence_ja=(
            f"{run * WINDOW_DAYS}日間接点が減少: {WINDOW_DAYS}日あたりの接触日数は{per_window:g}日"
            f"(通常{habit:g}日)。最終接点は{last.isoformat()}。"
        ),
        evidence=Evidence(
            observed={"days_in_touch": counts[:run], "last_touch_on": last.isoformat()},
            expected={"days_in_touch_per_window": habit, "from_windows": counts[run : run + HABIT_WINDOWS]},
            window={"from": since.isoformat(), "to": as_of.isoformat()},
            thresholds={"ratio": RATIO, "window_days": WINDOW_DAYS, "least_habit_days": LEAST_HABIT_DAYS},
            query="touches_of_account",
            parameters={
                "account_id": account_id,
                "from": (as_of - timedelta(days=(run + HABIT_WINDOWS) * WINDOW_DAYS - 1)).isoformat(),
                "to": as_of.isoformat(),
            },
        ),
    )

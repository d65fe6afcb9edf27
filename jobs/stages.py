"""Stages of all accounts over all of history: for `setten score update`, and after a replay and the demo world."""

from datetime import date

from infra.scores import FIRST_DAY, Scores
from jobs.console import progress


def update_all(scores: Scores, day: date) -> dict[str, int]:
    """Update the stages of all accounts over all of history, with progress; answers the sums of what was done."""
    total = {"accounts": 0, "written": 0, "removed": 0}
    with progress() as display:
        task = display.add_task("computing stages", total=len(scores.accounts()), note="")
        for done in scores.update(day, FIRST_DAY):
            for name, value in done._asdict().items():
                total[name] += value
            display.update(task, completed=total["accounts"], note=f"{total['accounts']:,} accounts")
    return total

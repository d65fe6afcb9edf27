"""Stages of accounts in the worker: of all once a day, as points fade without an event, of touched ones soon."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from infra.scores import LATE_DAYS, Scores


class StageKeeper:
    """Computes the last LATE_DAYS days anew: what came late by less is put right, whoever wrote it before."""

    def __init__(self, open_scores: Callable[[], Scores]) -> None:
        self._open = open_scores
        self._scores: Scores | None = None
        self._all_done: date | None = None

    def run(self, as_of: date, accounts: Sequence[str]) -> int:
        """All accounts, if they were not done on this day yet; else these. Answers how many transitions changed."""
        everyone = self._all_done != as_of
        if not everyone and not accounts:
            return 0
        if self._scores is None:
            self._scores = self._open()
        since = as_of - timedelta(days=LATE_DAYS)
        done = list(self._scores.update(as_of, since, () if everyone else accounts))
        self._all_done = as_of
        return sum(one.written + one.removed for one in done)

"""Roll-ups for BI tools in the worker: brought up to date at a pace that leaves the machine to ingest."""

import time
from collections.abc import Callable
from datetime import datetime

from infra.rollups import Rollups
from models.rollups import next_refresh


class RollupKeeper:
    """Refreshes as often as models.rollups.next_refresh allows. clock_s: seconds that only grow."""

    def __init__(self, open_rollups: Callable[[], Rollups], clock_s: Callable[[], float] = time.monotonic) -> None:
        self._open = open_rollups
        self._clock_s = clock_s
        self._rollups: Rollups | None = None
        self._not_before_s = float("-inf")

    def run(self, now: datetime) -> int:
        """Refresh, if it is time to. Answers how many partitions were computed or dropped."""
        began_s = self._clock_s()
        if began_s < self._not_before_s:
            return 0
        if self._rollups is None:
            self._rollups = self._open()
        try:
            return sum(len(done.computed) + len(done.dropped) for done in self._rollups.refresh(now))
        finally:
            self._not_before_s = next_refresh(began_s, self._clock_s())

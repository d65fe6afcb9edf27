"""What a worker has to tell of its batches: of each as it is stored, and of several as they are settled."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from infra.telemetry import Step


@dataclass(slots=True)
class Timed:
    """seconds: what each step took."""

    seconds: dict[Step, float] = field(default_factory=dict, compare=False)

    @contextmanager
    def timing(self, step: Step) -> Iterator[None]:
        """Add the time that the block takes to a step's."""
        begun = time.perf_counter()
        yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - begun


@dataclass(slots=True)
class CycleReport(Timed):
    """What one batch was. events: that arrived and were valid, duplicates and conflicts among them.

    erased: events and facts left out for people who were erased. dead: by reason.
    median_day: of the business days it touched, None where it touched none.
    """

    records: int = 0
    events: int = 0
    touches: int = 0
    erased: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    facts: int = 0
    median_day: date | None = None


@dataclass(slots=True)
class Settlement(Timed):
    """What the events of some batches turned out to be. duplicates: that came before; conflicts: that lost their id.

    ages_s: from receipt to now, of the newest and of the oldest touch when they were rolled up; None without touches.
    """

    events: int = 0
    duplicates: int = 0
    conflicts: int = 0
    ages_s: tuple[float, float] | None = field(default=None, compare=False)

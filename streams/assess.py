"""Assess accounts in the worker: at once where something new happened, and on a timer where nothing did."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from threading import Lock

from infra.assessments import Assessments, Publish
from models.assessment import Assessment


class Assessor:
    """Runs one assessment at a time: the sweep and the agent must not both advance the same alert."""

    def __init__(self, open_assessments: Callable[[], Assessments], publish: Publish) -> None:
        self._open = open_assessments
        self._assessments: Assessments | None = None
        self._publish = publish
        self._one_at_a_time = Lock()

    def run(self, as_of: date, now: datetime, accounts: Sequence[str] = ()) -> Assessment:
        """Assess the accounts, all if none is named. as_of: the last day that counts."""
        with self._one_at_a_time:
            if self._assessments is None:
                self._assessments = self._open()
            return self._assessments.run(as_of, now, accounts, self._publish)

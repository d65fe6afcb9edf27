"""The ranking of accounts in the worker: once a day, as it was when yesterday ended and as it stands today."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from infra.clickhouse import ClickHouse
from infra.priority_record import record_ranking
from infra.settings import Settings
from models.priority.model import PriorityModel
from models.priority.ranking import Ranking


class PriorityKeeper:
    """Records rankings. Today's is of what is known so far; tomorrow it is computed anew, of what came later too."""

    def __init__(self, open_clickhouse: Callable[[], ClickHouse], settings: Settings, model: PriorityModel) -> None:
        self._open = open_clickhouse
        self._clickhouse: ClickHouse | None = None
        self._settings = settings
        self._model = model
        self._done: date | None = None

    def run(self, now: datetime) -> int:
        """Record, if it was not done on this day yet. Answers how many rankings were news.

        It is not done while there is nobody to rank: of a store that is being filled the first day is wanted too.
        """
        today = now.astimezone(self._settings.zone).date()
        if self._done == today:
            return 0
        if self._clickhouse is None:
            self._clickhouse = self._open()
        _, yesterday_is_news = self._record(self._clickhouse, today - timedelta(days=1), now)
        ranking, today_is_news = self._record(self._clickhouse, today, now)
        if ranking.ranked or ranking.unranked:
            self._done = today
        return yesterday_is_news + today_is_news

    def _record(self, clickhouse: ClickHouse, day: date, now: datetime) -> tuple[Ranking, bool]:
        return record_ranking(clickhouse, self._settings, self._model, day, now)

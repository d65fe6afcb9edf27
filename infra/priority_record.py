"""Rankings into ClickHouse: one a day and model, whole, by what it knew."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from infra.clickhouse import ClickHouse
from infra.priority import rank_accounts
from infra.settings import Settings
from models.priority.model import FACTORS, PriorityModel
from models.priority.ranking import Priority, Ranking

_COLUMNS = (
    *("model", "as_of", "account_id", "rank", "total", "known", *FACTORS),
    *(f"{key}_contribution" for key in FACTORS),
    *("version", "computed_at"),
)


class Taken(NamedTuple):
    """A ranking, and what it knew: of two of a day and model the one with the higher version stands."""

    ranking: Ranking
    version: int


def record_ranking(
    clickhouse: ClickHouse, settings: Settings, model: PriorityModel, as_of: date, now: datetime
) -> tuple[Ranking, bool]:
    """Rank all accounts as of the end of a business day and store it; answers also whether it was news."""
    taken = take(clickhouse, settings, model, as_of)
    return taken.ranking, store(clickhouse, taken, now)


def take(clickhouse: ClickHouse, settings: Settings, model: PriorityModel, as_of: date) -> Taken:
    """Rank all accounts. The version first: what is read afterwards knows as much or more."""
    version = _version(clickhouse, model, as_of)
    return Taken(rank_accounts(clickhouse, settings, model, as_of), version)


def store(clickhouse: ClickHouse, taken: Taken, now: datetime) -> bool:
    """Store a ranking whole, as a rank says something of all others, unless the stored one knows as much.

    Of two writers the one that knew more stands, whichever writes last; now decides nothing.
    """
    ranking = taken.ranking
    [stored] = clickhouse.rows("priorities_version", {"model": ranking.model.version, "as_of": ranking.as_of})
    rows = list(_rows(ranking, taken.version, now))
    if stored["version"] >= taken.version or not rows:
        return False
    clickhouse.insert_rows("priorities", _COLUMNS, rows)
    return True


def _version(clickhouse: ClickHouse, model: PriorityModel, as_of: date) -> int:
    touched = {"first": as_of - timedelta(days=model.touch_days - 1), "last": as_of}
    [seen] = clickhouse.rows("priority_seen", touched)
    return int(seen["epoch"]) << 32 | int(seen["touches"])


def _rows(ranking: Ranking, version: int, now: datetime) -> Iterator[tuple[Any, ...]]:
    for one in (*ranking.ranked, *ranking.unranked):
        yield (ranking.model.version, ranking.as_of, one.account.account_id, *_told(one), version, now)


def _told(one: Priority) -> tuple[Any, ...]:
    scores = (one.score(key) for key in FACTORS)
    return (one.rank, one.total, one.known, *scores, *(one.contributions[key] for key in FACTORS))

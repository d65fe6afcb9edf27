"""Roll-ups for BI tools brought up to date: for `setten rollups refresh`, and after a replay and the demo world."""

from datetime import UTC, datetime

from infra.clickhouse import ClickHouse
from infra.rollups import REFRESH_TIMEOUT_S, ROLLUPS, Refreshed, Rollups
from infra.settings import Settings
from jobs.console import progress
from models.score.profile import ScoreProfile


def refresh_all(settings: Settings, profile: ScoreProfile) -> list[Refreshed]:
    """Compute what has changed, with progress; answers what was done to each roll-up."""
    clickhouse = ClickHouse(settings, timeout_s=REFRESH_TIMEOUT_S)
    found = []
    with progress() as display:
        task = display.add_task("refreshing roll-ups", total=len(ROLLUPS), note="")
        for done in Rollups(clickhouse, settings, profile).refresh(datetime.now(UTC)):
            found.append(done)
            display.update(task, advance=1, note=done.rollup)
    clickhouse.close()
    return found

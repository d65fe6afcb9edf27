"""Retention: what `setten migrate` makes of the settings, and what of the tables is left by it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.clickhouse import ClickHouse
from infra.settings import Settings
from infra.store import Store
from jobs.migrate import migrate_tables
from models.records import Origin
from streams.ingest.batch import Record
from tests.integration.test_cycle import FACTS, cycle_of, event, record

NOW = datetime.now(UTC)


def at(number: int, days_ago: int, **changed: Any) -> Record:
    """One event that happened and was received so many days ago."""
    moment = NOW - timedelta(days=days_ago)
    told = record(event(number, time=moment.isoformat(), **changed))
    origin = Origin("test", "canonical", moment)
    return told._replace(headers=tuple(origin.to_headers()))


def days_in(clickhouse: ClickHouse, table: str) -> list[int]:
    """How many days ago the rows of a table are from, after a merge."""
    clickhouse.statement(f"OPTIMIZE TABLE {table} FINAL")
    column = "day" if table in ("touches", "contact_day") else "toDate(received_at)"
    found = clickhouse.statement(
        f"SELECT arrayStringConcat(arraySort(groupUniqArray(toString(today() - {column}))), ' ') FROM {table} FINAL"
    )
    return sorted(round(int(days), -1) for days in str(found).split())


def test_rows_go_when_their_days_are_over_and_contact_days_with_their_touches(
    new_database: Callable[[], Settings],
) -> None:
    settings = new_database()
    clickhouse = ClickHouse(settings)
    store = Store(clickhouse, settings.business_timezone)
    stream = [FACTS, at(1, 200), at(2, 100), at(3, 10), at(4, 200, type="fax.sent"), at(5, 10, type="fax.sent")]
    cycle_of(store).run(stream)
    keeps = settings.model_copy(
        update={"retention_touches_days": 150, "retention_archive_days": 50, "retention_dead_letters_days": 50}
    )
    assert migrate_tables(keeps) == [
        "retention archive: 50 days",
        "retention contact_day: 150 days",
        "retention dead_letter_successors: 50 days",
        "retention dead_letters: 50 days",
        "retention touches: 150 days",
    ]
    assert migrate_tables(keeps) == [], "a second time there is nothing to do"
    assert days_in(clickhouse, "touches") == [10, 100]
    assert days_in(clickhouse, "contact_day") == [10, 100]
    assert days_in(clickhouse, "archive") == [10]
    assert days_in(clickhouse, "dead_letters") == [10]
    longer = keeps.model_copy(update={"retention_touches_days": 400})
    assert migrate_tables(longer) == ["retention contact_day: 400 days", "retention touches: 400 days"]
    assert len(migrate_tables(settings)) == 5
    cycle_of(store).run(stream)
    assert days_in(clickhouse, "touches") == [10, 100, 200], "what Kafka still has comes back when it is read again"
    clickhouse.close()


def test_what_is_read_again_beyond_the_retention_does_not_stay(new_database: Callable[[], Settings]) -> None:
    settings = new_database().model_copy(update={"retention_touches_days": 150})
    migrate_tables(settings)
    clickhouse = ClickHouse(settings)
    cycle_of(Store(clickhouse, settings.business_timezone)).run([FACTS, at(1, 200), at(2, 100)])
    assert days_in(clickhouse, "touches") == [100]
    assert days_in(clickhouse, "contact_day") == [100]
    clickhouse.close()

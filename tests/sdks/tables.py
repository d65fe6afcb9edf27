"""What a running Setten has of a source, and of the people that it tells of."""

from typing import NamedTuple

from tests.sdks.story import Touch
from tests.stack import Stack


class Counted(NamedTuple):
    """A contact-day: what counts for which account."""

    account: str
    day: str
    contact: str
    action: str
    touches: int


def address(setten: Stack) -> str:
    """Of the collector."""
    return f"http://{setten.settings.collector_host}:{setten.settings.collector_port}"


def touches_of(setten: Stack, source: str) -> list[Touch]:
    """The touches of a source in the order of their times, without those of machines."""
    sql = (
        "SELECT contact_key, occurred_at, action, subject, campaign FROM touches FINAL"
        " WHERE source = {source:String} AND kind = 'web' AND machine = '' ORDER BY occurred_at, contact_key"
    )
    rows = setten.clickhouse.query_text(sql, {"source": source}).to_pylist()
    return [Touch(*row.values()) for row in rows]


def counted(setten: Stack, contact: str) -> set[Counted]:
    """What is in contact_day of a contact."""
    sql = (
        "SELECT account_id, toString(day) AS day, contact_key, action, touches"
        " FROM contact_day FINAL WHERE contact_key = {contact:String}"
    )
    return {Counted(*row.values()) for row in setten.clickhouse.query_text(sql, {"contact": contact}).to_pylist()}


def refused(setten: Stack, source: str) -> list[str]:
    """Reasons of the dead letters of a source."""
    sql = "SELECT concat(reason, ': ', detail) AS why FROM dead_letters FINAL WHERE source = {source:String}"
    return setten.clickhouse.query_text(sql, {"source": source}).column("why").to_pylist()
